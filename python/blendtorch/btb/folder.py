"""A folder for the files of one process, in memory where there is such a place.

An instance that is killed cannot remove its folder. Its launcher does, which knows of it. Where
there is none, the next one does: each holds a lock on its own, which ends with the process however
that ends, and each removes those that nobody holds.
"""

import fcntl
import os
import shutil
import tempfile
import weakref
from pathlib import Path

from . import instance

_MEMORY = "/dev/shm"
_PREFIX = "blendtorch-composite-"


class RenderFolder:
    """A new, empty folder of this process."""

    def __init__(self, number: int, keep: bool) -> None:
        """Makes it.

        Args:
            number: part of its name.
            keep: leave it when this process ends; otherwise it is removed with all that is in it.
        """
        parent = _MEMORY if os.access(_MEMORY, os.W_OK) else tempfile.gettempdir()
        _remove_abandoned(parent)
        prefix = f"blendtorch-kept-{number:02d}-" if keep else f"blendtorch-new-{number:02d}-"
        self.path = tempfile.mkdtemp(prefix=prefix, dir=parent)
        if keep:
            return
        # It gets the name by which others look for it once it is locked.
        lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_EX)
        locked = self.path.replace("blendtorch-new-", _PREFIX)
        os.rename(self.path, locked)
        self.path = locked
        instance.holds(locked)
        weakref.finalize(self, _remove, locked, lock, os.getpid())


def _remove(path: str, lock: int, process: int) -> None:
    # A forked child has the same finalizers.
    if os.getpid() == process:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)
        instance.has_removed(path)


def _remove_abandoned(parent: str) -> None:
    for path in Path(parent).glob(f"{_PREFIX}*"):
        try:
            lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # Another user's, or gone.
            continue
        try:
            if os.fstat(lock).st_uid == os.getuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
        except BlockingIOError:  # Its process lives.
            pass
        finally:
            os.close(lock)
