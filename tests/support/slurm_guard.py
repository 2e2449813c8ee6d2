"""The process under which all of a test's Slurm runs, and that ends all of it (`slurm_cluster`).

    python slurm_guard.py FOLDER

Each line on its standard input is a JSON list, a command to start; it answers with a line that
holds the process id. When the input closes or its parent is gone, it kills every process below it,
removes the folder and ends. Slurm's job processes leave their session and their parent, so it is
the reaper of them all (`PR_SET_CHILD_SUBREAPER`): whatever a job starts stays below it. Needs
nothing but Python.
"""

import contextlib
import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
# The guard goes last: whoever ends a run with these ends it by way of its parent.
IGNORED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def below(root: int) -> list[int]:
    """The processes that descend from one, without itself."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                parent = (folder / "stat").read_text().rsplit(") ", 1)[1].split()[1]
                children.setdefault(int(parent), []).append(int(folder.name))
    found = list(children.get(root, []))
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def reap() -> None:
    """Takes the exit codes of those that have ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def end_all() -> None:
    """Kills what is below until nothing is: one may start another meanwhile."""
    while pids := below(os.getpid()):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        reap()


def default_signals() -> None:
    """What the guard ignores, those that it starts do not."""
    for number in IGNORED:
        signal.signal(number, signal.SIG_DFL)


def start(command: list[str]) -> int:
    """The process id of the command, in a session of its own."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=default_signals,
    )
    process.returncode = 0  # `reap` has it
    return process.pid


def serve(parent: int) -> None:
    """Starts what it is told to, until nobody is left who could tell."""
    heard = b""
    while os.getppid() == parent:
        reap()
        if not select.select([0], [], [], 0.2)[0]:
            continue
        said = os.read(0, 1 << 16)
        if not said:
            return
        heard += said
        *lines, heard = heard.split(b"\n")
        for line in lines:
            print(start(json.loads(line)), flush=True)


def main() -> None:
    """Begins before anything is started, and leaves nothing."""
    parent = os.getppid()
    assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    for number in IGNORED:
        signal.signal(number, signal.SIG_IGN)
    try:
        serve(parent)
    finally:
        end_all()
        shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
