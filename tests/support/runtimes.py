"""The Blenders that tests run scripts in: the `bpy` module and a `blender` program.

The Python that has `bpy` is `BLENDTORCH_BPY_PYTHON`, or the one that `make setup` made in the
user's cache folder. The program is the one on `PATH`, if the launcher would take it.
"""

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blendtorch import btt

from support import DATAGEN, HANG_S
from support.shared import run_shared

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

def error_of(act):
    '''The kind and the text of the error that it raises; "nothing" where it raises none.'''
    try: act()
    except Exception as error: return " ".join([type(error).__name__, *map(str, error.args[:1])])
    return "nothing"

"""


@dataclass(frozen=True)
class Runtime:
    """A Blender, and how a scene script is run in it."""

    name: str
    """`bpy` or `blender`."""
    place: str
    """What the launcher's key `blender` says for it."""
    words: tuple[str, ...]
    """The command line, up to Blender's own options."""
    env: dict[str, str] = field(default_factory=dict)
    """What it needs in its environment."""

    def command(self, *args: str | Path) -> list[str]:
        """A command line, with the package that is installed for this Blender."""
        return [*self.words, *map(str, args)]

    def environment(self) -> dict[str, str]:
        """The environment to run it in."""
        return {**os.environ, **self.env}

    def run(self, *args: str | Path) -> subprocess.CompletedProcess[str]:
        """Runs it to its end."""
        return subprocess.run(
            self.command(*args),
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=False,
        )

    def run_script(self, tmp_path: Path, code: str, *args: str) -> subprocess.CompletedProcess[str]:
        """Runs `code` after the prelude (`bpy`, `btb`, `np`, `cubes`, `report`, `error_of`)."""
        return self.run(*_options(_written(tmp_path, code), args))

    def script_command(self, tmp_path: Path, code: str, *args: str) -> list[str]:
        """The command line of that."""
        return self.command(*_options(_written(tmp_path, code), args))

    def _run_shared(
        self, tmp_path: Path, code: str, *args: str
    ) -> subprocess.CompletedProcess[str]:
        script = _written(tmp_path, code)
        argv = self.command(*_options(script, args))
        return run_shared(self.command(), self.environment(), script, argv)

    def reported(
        self, tmp_path: Path, code: str, *args: str, alone: bool = False
    ) -> dict[str, Any]:
        """What `code` reports; fails with its output if it does not end well.

        It runs in a Blender that tests share, or `alone` in one of its own: where a test is about
        how a process begins or ends, its command line, environment or imports.
        """
        run = self.run_script if alone else self._run_shared
        done = run(tmp_path, code, *args)
        lines = [line for line in done.stdout.splitlines() if line.startswith(MARK)]
        said = f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        assert done.returncode == 0 and lines, said
        values: dict[str, Any] = json.loads(lines[-1].removeprefix(MARK))
        return values


def _written(tmp_path: Path, code: str) -> Path:
    script = tmp_path / "script.py"
    script.write_text(PRELUDE + code)
    return script


def _options(script: Path, args: Sequence[str]) -> list[str]:
    # What the launcher says too: without it a program ends with 0 after an error.
    return ["--python-exit-code", "1", "--python", str(script), "--", *args]


def cache_folder() -> Path:
    """Where `make setup` puts things."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "blendtorch"
    return Path(os.environ.get("BLENDTORCH_CACHE") or default)


def bpy_python() -> str:
    """The interpreter that has `bpy`."""
    if given := os.environ.get("BLENDTORCH_BPY_PYTHON"):
        return given
    found = sorted(cache_folder().glob("bpy-*/bin/python"))
    if not found:
        raise RuntimeError(
            f"no Blender in {cache_folder()}: run `make setup`, or set BLENDTORCH_BPY_PYTHON"
        )
    return str(found[0])


def bpy_module() -> Runtime:
    """The managed runtime."""
    python = bpy_python()
    words = (python, "-P", "-m", "blendtorch.bpy_main", "--background")
    return Runtime("bpy", str(Path(python).parents[1]), words)


class NoProgramError(Exception):
    """There is no `blender` program that scripts can be run in; its text says what to do."""


def blender_program() -> Runtime:
    """The `blender` program on `PATH`, run as the launcher runs it."""
    path = shutil.which("blender")
    if path is None:
        raise NoProgramError(
            "no blender executable; install one: apt-get install blender python3-numpy"
        )
    if btt.discover_blender(path) is None:
        raise NoProgramError(
            f"{path} is no Blender with Python 3.11 or later (`BLENDTORCH_BLENDER={path} "
            "blendtorch doctor` says why); install another"
        )
    packages = cache_folder() / "blender-packages"
    assert packages.is_dir(), f"{packages} is missing: run `make setup`"
    words = (path, "--background", "--python-use-system-env")
    return Runtime("blender", path, words, {"PYTHONPATH": str(packages)})
