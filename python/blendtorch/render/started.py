"""The Blenders of a program, and whether it has ended them."""

import json
import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from .. import _blendtorch
from .plain import absolute

ENDED = "its Blenders have been ended: the `with` block is over, or the pool was terminated"


class Started:
    """Blenders that have been started."""

    def __init__(self, described: dict[str, Any], timeout: float | None) -> None:
        """Starts what the keys of `render.json` say; waits for them where `timeout` is given."""
        self._fleet = _blendtorch.RenderFleet(json.dumps(described), timeout)
        self.stopped = False
        self._program: TemporaryDirectory[str] | None = None
        self.workers = self._fleet.workers
        self.blender = self._fleet.blender

    def pids(self) -> list[int]:
        """Their processes."""
        return self._fleet.pids()

    def session(self, *workers: int) -> "_blendtorch.RenderSession":
        """A scene on some of them, or on all."""
        return self._fleet.session(list(workers) or None)

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Something is asked of them within this.

        Raises:
            RuntimeError: they have been ended, before or meanwhile.
        """
        if self.stopped:
            raise RuntimeError(ENDED)
        try:
            yield
        except _blendtorch.LaunchError as error:
            if self.stopped:
                raise RuntimeError(ENDED) from error
            raise

    def stop(self) -> None:
        """Ends them. What they say of their end is nobody's worry."""
        self.stopped = True
        self._fleet.stop()
        if self._program is not None:
            self._program.cleanup()


def started(
    jobs: int, timeout: float, log: Any, executable: "str | PathLike[str] | None"
) -> Started:
    """So many Blenders, with the arguments of `spawn`."""
    described: dict[str, Any] = {"jobs": jobs}
    if log is not None and not (isinstance(log, int) and log < 0):  # subprocess.DEVNULL
        if not isinstance(log, str | PathLike):
            raise TypeError(
                f"log must be a folder, in which each Blender gets a file; not {type(log).__name__}"
            )
        described["log_dir"] = absolute(log)
    program = None
    if executable is not None:
        described["blender"], program = _program(fspath(executable))
    fleet = Started(described, timeout if timeout > 0 else None)
    fleet._program = program
    return fleet


def _program(executable: str) -> "tuple[str, TemporaryDirectory[str] | None]":
    """The Blender that is meant, and what goes with the fleet: a command line, as `flatpak run
    org.blender.Blender`, becomes a program of its own."""
    words = shlex.split(executable)
    if len(words) < 2 or os.path.exists(executable):
        return executable, None
    folder = TemporaryDirectory(prefix="blendtorch-blender-")
    path = Path(folder.name, "blender")
    path.write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
    path.chmod(0o755)
    return str(path), folder
