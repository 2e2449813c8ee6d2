"""This process as an instance of a launcher: what it says of itself, and when.

Owns when that begins, and that a child of this process is no instance. What is wanted of it is done
in `asked.py`. Everything here costs next to nothing, and does nothing where no launcher listens: it
must never wait, but for a moment when the process ends. Knows no Blender where there is none.
"""

import atexit
import json
import os
import platform
import sys
from typing import Any

from .. import _blendtorch, ending, session

# What the launcher says where it listens. They are this process's alone: what a script starts, and
# imports us too, must not speak in its name.
_VARIABLES = ("BLENDTORCH_PAGE", "BLENDTORCH_CONTROL", "BLENDTORCH_LIFE")

_begun = False
_this: _blendtorch.Instance | None = None
_life = 1
_resumes = (0, 0, 0, 0)
_folders: list[str] = []
"""What is left of this process where it is killed."""


def begin(in_program: bool) -> None:
    """Begins to listen and to be seen, once a process and before its script.

    Args:
        in_program: whether this is the Python inside a `blender` program.
    """
    global _begun, _this, _life, _resumes
    if _begun:
        return
    _begun = True
    this = _this = _blendtorch.this_instance()
    for name in _VARIABLES:
        os.environ.pop(name, None)
    if this is None:
        return
    _life = this.life
    _resumes = this.resume()
    os.register_at_fork(after_in_child=_forget)
    for warning in this.warnings():
        print(f"blendtorch: {warning}", file=sys.stderr, flush=True)
    if this.has_line:
        tell(**_about(in_program))
        ending.listen(this.script_error)
        atexit.register(_flush)


def life() -> int:
    """Which life of the instance this is, from 1: another one after each restart."""
    return _life


def has_line() -> bool:
    """Whether somebody can ask this process anything."""
    return _this is not None and _this.has_line


def about() -> dict[str, Any]:
    """What it says of itself; empty in a forked child."""
    said: dict[str, Any] = json.loads(_this.about()) if _this is not None else {}
    return said


def tell(**changes: Any) -> None:
    """Says these of itself from now on; each replaces what was said under its name."""
    if _this is not None:
        _this.tell(json.dumps(changes, allow_nan=False))


def holds(folder: str) -> None:
    """A folder is to go with this process, however that ends."""
    _folders.append(folder)
    tell(folders=_folders)


def has_removed(folder: str) -> None:
    """It is gone already."""
    _folders.remove(folder)
    tell(folders=_folders)


def say(topic: str, value: dict[str, Any]) -> None:
    """Says something to whoever listens in the launcher's program, at once."""
    if _this is not None:
        _this.say(topic, json.dumps(value, allow_nan=False))


def due() -> bool:
    """Whether something is wanted: a look that costs nothing."""
    return _this is not None and _this.due()


def take() -> list[dict[str, Any]]:
    """What is wanted, in the order in which it is to be done."""
    work: list[dict[str, Any]] = json.loads(_this.take()) if _this is not None else []
    return work


def wait() -> bool:
    """Waits, for a tenth of a second at most, until something is wanted; whether it is."""
    return _this is not None and _this.wait()


def answer(call: int, value: str) -> None:
    """Answers the call of this number with a value, as JSON."""
    if _this is not None:
        _this.answer(call, value)


def refuse(call: int, kind: str, message: str) -> None:
    """Refuses it; `kind` is a word of docs/control.md."""
    if _this is not None:
        _this.refuse(call, kind, message)


def took(stage: str, seconds: float) -> None:
    """A stage took so long: `evaluate`, `render` or `frames`."""
    if _this is not None:
        _this.took(stage, seconds)


def enter(state: str) -> str:
    """What it is at from now on; what it was at before."""
    return _this.enter(state) if _this is not None else state


def set_playing(playing: bool) -> None:
    """Frames are played from now on, or no more."""
    if _this is not None:
        _this.set_playing(playing)


def frame_done(seconds: float) -> None:
    """A frame is done, which took so long."""
    if _this is not None:
        _this.took("frames", seconds)
        _this.frame_done()


def place(episode: int | None, index: int | None) -> None:
    """Which episode, and which frame of it, is made now."""
    if _this is not None:
        _this.place(episode, index)


def published_before() -> bool:
    """Whether lives before this one have published anything."""
    return _this is not None and _this.has_published_before()


def resume() -> tuple[int, int, int, int]:
    """Where this life goes on, as it was when it began: base, play, next episode, how many are
    over. All are 0 where no episode has begun in a life before."""
    return _resumes


def set_resume(base: int, play: int, next_episode: int, played: int) -> None:
    """Where the next life would go on."""
    if _this is not None:
        _this.set_resume(base, play, next_episode, played)


def _about(in_program: bool) -> dict[str, Any]:
    bpy = sys.modules.get("bpy")
    folder = session.folder()
    if folder is not None:
        _folders.append(folder)
    return {
        "blender": bpy.app.version_string if bpy else "",
        "python": platform.python_version(),
        "runtime": ("blender" if in_program else "bpy") if bpy else "",
        "session_folder": folder,
        "folders": _folders,
    }


def _flush() -> None:
    if _this is not None:
        _this.flush()


def _forget() -> None:
    """In a child: what is there is its parent's."""
    global _this
    _this = None
