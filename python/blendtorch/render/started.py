"""The Blenders of a program, and whether it has ended them."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from os import PathLike, fspath
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
    if executable is not None:
        described["blender"] = fspath(executable)
    return Started(described, timeout if timeout > 0 else None)
