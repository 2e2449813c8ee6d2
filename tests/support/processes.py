"""Processes: what they print, how they end, and whether they are there."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from support import HANG_S


def ends_well(command: Sequence[Any], **options: Any) -> str:
    """What a program prints; it must end well."""
    done = subprocess.run(
        list(map(str, command)),
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
        **options,
    )
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def run_python(code: str, *args: str, python: str = sys.executable) -> str:
    """What a script prints; it must end well."""
    return ends_well([python, "-P", "-c", code, *args])


def eventually(what: str, so: Callable[[], bool]) -> None:
    """Polls until it is so."""
    deadline = time.monotonic() + HANG_S
    while not so():
        assert time.monotonic() < deadline, f"it never came about that {what}"
        time.sleep(0.01)


def has_ended(pid: int) -> bool:
    """Whether a process is gone; one that nobody has waited for counts as gone."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return True
    return stat.rsplit(") ", 1)[1][0] in "ZX"
