"""What our objects keep of Blender, and whether it is still there.

A script deletes objects, loads the next file, undoes: what was kept of them is gone, and Blender
forgives no touch of it. Owns the question whether it is, the number that changes when a file is
loaded, and the text of the error. It must never keep anything of Blender itself but in a `Kept`.
"""

import atexit
from collections.abc import Callable
from typing import Any

import bpy

from . import runtime

_loads = 0


class Kept:
    """A part of Blender that an object of ours keeps.

    It is asked for at each use. Where it is gone, and the script had not chosen it, another one is
    taken; else that is an error which says what is gone and what to do.
    """

    def __init__(self, part: Any, what: str, renew: "Callable[[], Any] | None" = None) -> None:
        """Keeps `part`.

        Args:
            part: an object of Blender's.
            what: what it is to the script, as in "the camera of this btb.Camera".
            renew: another one where it is gone, or None where there is none.
        """
        self._part = part
        self._what = f"{what}, {part.name!r}" if hasattr(part, "name") else what
        self._renew = renew
        self._loads = _loads

    @property
    def gone(self) -> bool:
        """Whether Blender has it no more."""
        return is_gone(self._part)

    def get(self) -> Any:
        """The part.

        Raises:
            ReferenceError: it is gone, and there is no other.
        """
        if not self.gone:
            return self._part
        found = self._renew() if self._renew else None
        if found is None:
            raise ReferenceError(f"{self._what}, is gone: {self._why()}")
        self._part, self._loads = found, _loads
        return found

    def _why(self) -> str:
        if self._loads != _loads:
            return (
                "another file was loaded since, or a step undone; make what you use of btb anew "
                "after loading, with what the new scene has"
            )
        return "it was deleted; make what you use of btb anew, with what is there"


def loads() -> int:
    """A number that changes whenever a file is loaded, or a step undone or redone: all that Blender
    had may be replaced then."""
    return _loads


def is_gone(part: Any) -> bool:
    """Whether Blender has this no more."""
    try:
        part.as_pointer()
    except ReferenceError:
        return True
    return False


def there(obj: Any) -> Any:
    """The object that a script passed.

    Raises:
        ReferenceError: it is gone.
    """
    if is_gone(obj):
        raise ReferenceError(
            "an object that was passed is gone: it was deleted, or another file was loaded since; "
            "look it up again, as bpy.data.objects[...]"
        )
    return obj


def scene_now() -> tuple[int, int]:
    """What differs between two scenes, also where one has the name or the place of the other."""
    return _loads, bpy.context.scene.as_pointer()


def _count(*_: object) -> None:
    global _loads
    _loads += 1


def _let_go(before: "list[tuple[list[Any], list[Any]]]") -> None:
    """Takes back what scripts gave Blender to keep, at the end of a Python that imported `bpy`.

    There Blender ends when nothing refers to `bpy` any more; a handler does, and the names that
    drivers see do, and the process would not end. (`blendtorch.bpy_main` does not depend on it.)
    """
    for handlers, kept in before:
        handlers[:] = kept
    bpy.app.driver_namespace.clear()


def _handlers() -> "list[tuple[list[Any], list[Any]]]":
    """Blender's lists of handlers, each with a copy of what is in it."""
    lists: Any = (getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers))
    return [(handlers, list(handlers)) for handlers in lists if isinstance(handlers, list)]


if not runtime.is_program():
    atexit.register(_let_go, _handlers())
bpy.app.handlers.persistent(_count)  # It stays when a file is loaded.
for _of in (bpy.app.handlers.load_post, bpy.app.handlers.undo_post, bpy.app.handlers.redo_post):
    _of.append(_count)
