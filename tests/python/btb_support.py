"""Runs scripts in a real Blender (the `bpy` module) for the tests of btb.

The Python that has `bpy` is `BLENDTORCH_BPY_PYTHON`, or the one that `make setup` made in the
user's cache folder.
"""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DATAGEN = ROOT / "examples" / "datagen"

# Against a hang only: the first EEVEE frame on a busy machine without a GPU takes a minute.
HANG_S = 600

# The last line of a script that calls `report(...)` starts with this.
MARK = "@@report "

PRELUDE = f"""\
import json, sys
import bpy
import numpy as np
from blendtorch import btb
sys.path.append({str(DATAGEN)!r})
import cubes

def report(**values):
    print({MARK!r} + json.dumps(values, default=lambda v: v.tolist()))

"""


def bpy_python() -> str:
    """The interpreter that has `bpy`."""
    if given := os.environ.get("BLENDTORCH_BPY_PYTHON"):
        return given
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "blendtorch"
    cache = Path(os.environ.get("BLENDTORCH_CACHE") or default)
    found = sorted(cache.glob("bpy-*/bin/python"))
    if not found:
        raise RuntimeError(f"no Blender in {cache}: run `make setup`, or set BLENDTORCH_BPY_PYTHON")
    return str(found[0])


def command(*args: str | Path) -> list[str]:
    """A command line of the managed runtime, with the package that is installed there."""
    return [bpy_python(), "-P", "-m", "blendtorch.bpy_main", "--background", *map(str, args)]


def bpy_main(*args: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the managed runtime to its end."""
    return subprocess.run(
        command(*args),
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )


def run_script(tmp_path: Path, code: str, *args: str) -> subprocess.CompletedProcess[str]:
    """Runs `code` after the prelude (`bpy`, `btb`, `np`, `cubes`, `report`)."""
    script = tmp_path / "script.py"
    script.write_text(PRELUDE + code)
    return bpy_main("--python", script, "--", *args)


def reported(tmp_path: Path, code: str, *args: str) -> dict[str, Any]:
    """What `code` reports; fails with its output if it does not end well."""
    done = run_script(tmp_path, code, *args)
    lines = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
    assert done.returncode == 0 and lines, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    values: dict[str, Any] = json.loads(lines[-1].removeprefix(MARK))
    return values
