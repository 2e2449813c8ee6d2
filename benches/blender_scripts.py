"""Runs scripts in a Blender without a window, and hears what they have measured.

Owns how such a Blender is started: without drawing threads (`LP_NUM_THREADS=0`), as the launcher
does. What a script has to say is its last line that begins with `@@`, as JSON.
"""

import json
import os
import subprocess
import sys
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
