"""Runs scripts in a Blender without a window, and hears what they have measured.

Owns how such a Blender is started: without drawing threads (`LP_NUM_THREADS=0`), as the launcher
does. What a script has to say is its last line that begins with `@@`, as JSON.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from blendtorch import btt

HERE = Path(__file__).resolve().parent
SAYS = "@@"


def managed() -> Path:
    """The Python of the Blender that `make setup` has made."""
    return Path(btt.discover_blender("bpy")["path"])


def command(blender: Path, script: str, *options: Any) -> list[str]:
    """Of one Blender: a Python that has `bpy`, or a `blender` program."""
    module = ["-P", "-m", "blendtorch.bpy_main"] * blender.name.startswith("python")
    start = [blender, *module, "--background", "--python-use-system-env", "--python"]
    return list(map(str, [*start, HERE / script, "--", *options]))


def environment(**more: str) -> dict[str, str]:
    """Ours, and what is measured with."""
    return {**os.environ, "LP_NUM_THREADS": "0", **more}


def said(of: list[str], out: str, complaint: str = "") -> Any:
    """What the script has said at last, from all that its Blender has printed."""
    lines = [line for line in out.splitlines() if line.startswith(SAYS)]
    if not lines:
        sys.exit(f"{' '.join(of)} said nothing:\n{(out + complaint)[-2000:]}")
    return json.loads(lines[-1].removeprefix(SAYS))


def run(blender: Path, script: str, *options: Any, **more: str) -> Any:
    """The same of a Blender that is started for it, and has ended; `more` is of its environment."""
    of = command(blender, script, *options)
    done = subprocess.run(of, capture_output=True, text=True, env=environment(**more))
    return said(of, done.stdout, f"{done.stderr}\nexit code {done.returncode}")


def together(blender: Path, instances: int, script: str, *options: Any) -> list[Any]:
    """What so many of them say, which begin together once all have said that they are ready: at the
    moment (of `time.monotonic`) that is in the file of their `--start`."""
    with tempfile.TemporaryDirectory() as folder:
        start = Path(folder) / "start"
        of = command(blender, script, *options, "--start", start)
        started = [
            subprocess.Popen(of, stdout=subprocess.PIPE, text=True, env=environment())
            for _ in range(instances)
        ]
        try:
            for one in started:
                assert one.stdout
                while f"{SAYS}ready" not in (line := one.stdout.readline()):
                    if not line:
                        sys.exit(f"{' '.join(of)} has ended")
            written = start.with_suffix(".new")
            written.write_text(str(time.monotonic() + 0.2))
            written.rename(start)
            return [said(of, one.communicate()[0]) for one in started]
        finally:
            for one in started:
                one.kill()
