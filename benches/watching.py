"""A program and all it starts, looked at from outside while it runs: what processor time and memory
its Blenders and the rest of it use. Linux's /proc; nothing is asked of the program.
"""

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile

# Seconds. What a process used since the last look before it ended is not known.
LOOK = 0.1
TICK = os.sysconf("SC_CLK_TCK")
# What is in the command line of a Blender.
BLENDERS = ("blendtorch.bpy_main", "as_blender.py")


@dataclass
class Watched:
    """What was seen of a run; times are those of files."""

    began: float
    ended: float = 0.0
    code: int = 0
    said: str = ""
    head: float = 0.0
    """Processor seconds of all that is no Blender."""
    peak: int = 0
    """Bytes: the most that one Blender had in memory."""
    blenders: list[tuple[float, float]] = field(default_factory=list)
    """Moments, and the processor seconds of all Blenders until then."""

    def blenders_at(self, moment: float) -> float:
        """Processor seconds of all Blenders until then."""
        before, used = self.began, 0.0
        for after, more in self.blenders:
            if after >= moment:
                return used + (more - used) * (moment - before) / max(after - before, 1e-9)
            before, used = after, more
        return used


def watch(command: list[str]) -> Watched:
    """Runs it to its end."""
    seen = Watched(began=time.time())
    used: dict[int, float] = {}
    kinds: dict[int, bool] = {}
    with TemporaryFile("w+") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            while process.poll() is None:
                look(process.pid, used, kinds)
                blenders = (pid for pid, blender in kinds.items() if blender)
                seen.blenders.append((time.time(), sum(used[pid] for pid in blenders)))
                seen.peak = max([seen.peak, *(peak(pid) for pid, is_it in kinds.items() if is_it)])
                time.sleep(LOOK)
        finally:
            process.kill()
            process.wait()
        seen.ended = time.time()
        seen.code = process.returncode
        output.seek(0)
        seen.said = output.read()
    seen.head = sum(seconds for pid, seconds in used.items() if not kinds[pid])
    return seen


def look(root: int, used: dict[int, float], kinds: dict[int, bool]) -> None:
    """Processor seconds of each process that lives, and which of them are Blenders."""
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        folder = Path("/proc", str(pid))
        try:
            numbers = (folder / "stat").read_text().rpartition(")")[2].split()
            if not kinds.get(pid):
                # Looked at until it is one: between fork and exec it is called as who started it.
                kinds[pid] = is_blender((folder / "cmdline").read_bytes().decode())
            for task in (folder / "task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:
            continue  # it has ended
        used[pid] = (int(numbers[11]) + int(numbers[12])) / TICK


def is_blender(line: str) -> bool:
    """By its command line."""
    program = os.path.basename(line.split("\0")[0])
    return program == "blender" or any(word in line for word in BLENDERS)


def peak(pid: int) -> int:
    """Bytes that it had in memory at most."""
    try:
        for line in Path("/proc", str(pid), "status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
