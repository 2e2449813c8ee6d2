"""What of a scene has changed since somebody looked.

Blender tells its handlers what it has evaluated anew. Owns those two handlers. It must never keep
Blender's objects: it knows them by their names.
"""

import weakref
from typing import Any

import bpy

from . import alive


class Changes:
    """The names of objects and of their data whose shape or attributes were evaluated anew."""

    def __init__(self) -> None:
        """Nothing is known yet: at first all is new."""
        self._all = True
        self._names: set[str] = set()
        self._loads = alive.loads()
        _watching.add(self)

    def take(self) -> "set[str] | None":
        """Full names of what has changed since the last call; None where that may be all."""
        known = _listen() and not self._all and self._loads == alive.loads()
        names, self._names = self._names, set()
        self._all, self._loads = False, alive.loads()
        return names if known else None

    def note_all(self) -> None:
        """Anything may have changed."""
        self._all = True

    def note(self, name: str) -> None:
        """That has changed."""
        self._names.add(name)


_watching: "weakref.WeakSet[Changes]" = weakref.WeakSet()
_within = False


def _listen() -> bool:
    """Whether we have listened all the time: a script may have taken all handlers out."""
    handlers, whole = bpy.app.handlers, True
    for of in (handlers.depsgraph_update_post, handlers.frame_change_post):
        if of and of[-1] is _hear:
            continue
        if _hear in of:  # What comes behind us may have changed something that we have not heard.
            of.remove(_hear)
        bpy.app.handlers.persistent(_hear)  # It stays when a file is loaded.
        of.append(_hear)
        whole = False
    if not whole:
        for one in _watching:
            one.note_all()
    return whole


def _hear(scene: Any, depsgraph: Any = None) -> None:
    global _within
    if depsgraph is None or not _watching:
        return
    for update in depsgraph.updates:
        if update.is_updated_geometry or isinstance(update.id, bpy.types.Mesh | bpy.types.Material):
            name = update.id.name_full
            for one in _watching:
                one.note(name)
    handlers = bpy.app.handlers
    others = len(handlers.depsgraph_update_post) + len(handlers.frame_change_post) > 2
    if not others or _within or depsgraph.mode != "VIEWPORT":
        return
    # What the handlers before us have changed Blender evaluates without a word to anybody. Asked
    # for here, it is told.
    _within = True
    try:
        for layer in scene.view_layers:
            if layer == depsgraph.view_layer.original:
                layer.update()
    finally:
        _within = False
