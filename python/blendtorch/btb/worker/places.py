"""The folders of a render, as this host sees them.

Owns whether they can be used, which is said before the first frame. It must never make anything in
a folder that is not the head's.
"""

import os
import platform
import re
import shutil
import time
from pathlib import Path

# A network file system may show what another host has made this much later.
_PATIENCE_S = 10.0
_LOOK_S = 0.1


def folder_of(folder: str | None) -> Path | None:
    """The folder for files, which is made where it is not there.

    Raises:
        RuntimeError: it cannot be made, or nothing can be written to it.
    """
    if folder is None:
        return None
    path = Path(folder).absolute()
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RuntimeError(f"{path} cannot be made: {error.strerror or error}") from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise RuntimeError(
            f"nothing can be written to {path}: its permissions do not let this user"
        )
    return path


def same_folder(file: str, token: str, out: str) -> None:
    """Sees that the head's folder is the one that is here: it has laid a word into it.

    Raises:
        RuntimeError: it is another one.
    """
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            if Path(file).read_text() == token:
                return
        except OSError:
            pass
        if time.monotonic() > until:
            raise RuntimeError(
                f"{out} is not the same folder on {platform.node()}, where a Blender runs, as "
                "where the render was started: give a folder that all hosts share"
            )
        time.sleep(_LOOK_S)


def scratch_of(scratch: str | None, folder: Path) -> Path | None:
    """The place in a scratch folder for files on their way to `folder`.

    Raises:
        RuntimeError: it names a variable that is not set, is not absolute, or cannot be used.
    """
    if scratch is None:
        return None
    text = os.path.expandvars(scratch)
    if unset := re.search(r"\$\{?\w+\}?", text):
        raise RuntimeError(
            f"scratch is {scratch}, and {unset[0]} is not set on {platform.node()}: set it there, "
            "or name a folder"
        )
    if not os.path.isabs(text):
        raise RuntimeError(f"scratch is {text} on {platform.node()}: it must be an absolute path")
    # What lives before this one have left.
    before = folder.name.rpartition("-")[0]
    for left in Path(text).glob(f"blendtorch-{before}-*"):
        shutil.rmtree(left, ignore_errors=True)
        left.unlink(missing_ok=True)
    folder_of(text)
    return Path(text) / f"blendtorch-{folder.name}"
