"""What plays: the activity of populations, written into their attributes when the frame changes.

A handler of Blender's does it before a frame is evaluated, in windows, renders and loops of
`scene.frame_set` alike. Owns the handler and what plays; the values are computed in Rust, for any
frame, from spikes or reports. It must never keep Blender's objects: it finds them by a mark.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import bpy

from . import glare, marked, shapes
from .writing import Activity, Writer

_MARK = "blendtorch_plays"


@dataclass
class _Playing:
    name: str
    writer: Writer


_playing: dict[str, _Playing] = {}
_adapts = True
_following: dict[str, list[tuple[Any, bool]]] = {}
_failed: Exception | None = None


def play(obj: Any, activity: Activity) -> None:
    """Lets an object's points show an activity from now on, in place of what they have shown.

    Raises:
        ValueError: it is of another number of cells.
    """
    count = len(obj.data.vertices)
    if activity.n_cells != count:
        raise ValueError(
            f"the activity is of {activity.n_cells} cells, {obj.name!r} has {count}: the results "
            "are of another network"
        )
    mark = obj.get(_MARK)
    if mark is None or _of_another(mark, obj):
        mark = obj[_MARK] = uuid.uuid4().hex
    _playing[mark] = _Playing(obj.name, Writer(activity))
    _listen()


def stop(obj: Any) -> None:
    """Ends that; the points keep their values."""
    _playing.pop(str(obj.get(_MARK)), None)


def playing(obj: Any) -> Activity | None:
    """What an object shows; None where nothing plays."""
    found = _playing.get(str(obj.get(_MARK)))
    return None if found is None else found.writer.activity


def follow(root: Any, follower: Any, after: bool = False) -> None:
    """Calls a follower's `update(frame)` before each frame, or `after` Blender has evaluated it, as
    long as the network's collection `root` is in the scene that changes."""
    _following.setdefault(root.name_full, []).append((follower, after))
    _listen()


def forget_followers(root: Any) -> None:
    """Ends that for all of a network's."""
    _following.pop(root.name_full, None)


def failure() -> Exception | None:
    """What a frame could not be shown for since the last call: Blender prints the errors of its
    handlers, and draws all the same."""
    global _failed
    found, _failed = _failed, None
    return found


def show(scene: Any, frame: float | None = None) -> dict[str, int]:
    """Writes the values of a frame, by default of the current one. For each object, how many cells
    are not at rest."""
    at = float(scene.frame_current_final if frame is None else frame)
    found: dict[str, int] = {}
    for mark, one in list(_playing.items()):
        obj = _object(mark, one)
        if obj is None:
            del _playing[mark]
        elif scene.objects.get(obj.name) is not None and obj.mode != "EDIT":
            found[obj.name] = one.writer.write(obj, at)
    return found


@contextmanager
def as_it_is() -> "Iterator[None]":
    """Nothing is drawn in another way meanwhile, whatever the engine."""
    global _adapts
    before, _adapts = _adapts, False
    try:
        yield
    finally:
        _adapts = before


def adapt(scene: Any) -> None:
    """Draws populations as the scene's engine can, if it is another one now."""
    if not _adapts:
        return
    glare.adapt(scene)
    shape = shapes.choose(scene, "auto")
    for root in marked.networks(scene):
        for collection in marked.populations(root):
            wanted = collection.get("blendtorch_draw_as")
            for obj in marked.objects(collection, "points") if wanted == "auto" else ():
                if shapes.shape_of(obj) != shape:
                    _dress(scene, collection, obj, shape)


def _dress(scene: Any, collection: Any, obj: Any, shape: shapes.Shape) -> None:
    from .population import dress  # It uses what forgets followers.

    dress(scene, collection, obj, shape)


@contextmanager
def _noted() -> "Iterator[None]":
    global _failed
    try:
        yield
    except Exception as error:
        _failed = error
        raise


def _before_frame(scene: Any, *_: object) -> None:
    with _noted():
        show(scene)
        adapt(scene)
        _update(scene, False)


def _after_frame(scene: Any, *_: object) -> None:
    with _noted():
        _update(scene, True)


def _before_save(*_: object) -> None:
    """A file has cells at rest: without us they would be as they are at one frame, for ever."""
    for mark, one in _playing.items():
        obj = _object(mark, one)
        if obj is not None:
            one.writer.put_away(obj)


def _after_save(*_: object) -> None:
    for mark, one in _playing.items():
        obj = _object(mark, one)
        if obj is not None:
            one.writer.put_back(obj)


def _loaded(*_: object) -> None:
    """Another file has other objects; `attach` lets them play."""
    _playing.clear()
    _following.clear()


def _update(scene: Any, after: bool) -> None:
    if not _following:
        return
    there = {one.name_full for one in marked.networks(scene)}
    for name, followers in _following.items():
        if name in there:
            for one in list(followers):
                follower, late = one
                if late != after:
                    continue
                try:
                    follower.update(float(scene.frame_current_final))
                except ReferenceError:  # A script has deleted what it draws.
                    followers.remove(one)


def _listen() -> None:
    """Blender calls us; a script may have taken all handlers out."""
    handlers = bpy.app.handlers
    for of, ours in (
        (handlers.frame_change_pre, _before_frame),
        (handlers.frame_change_post, _after_frame),
        (handlers.save_pre, _before_save),
        (handlers.save_post, _after_save),
        (handlers.load_post, _loaded),
    ):
        if ours not in of:
            bpy.app.handlers.persistent(ours)  # It stays when a file is loaded.
            of.append(ours)


def _object(mark: str, one: _Playing) -> Any:
    obj = bpy.data.objects.get(one.name)
    if obj is None or obj.get(_MARK) != mark:
        obj = next((o for o in bpy.data.objects if o.get(_MARK) == mark), None)
        if obj is not None:
            one.name = obj.name
    if obj is None or len(obj.data.vertices) != one.writer.count:
        return None
    return obj


def _of_another(mark: str, obj: Any) -> bool:
    """Whether the mark is that of an object which this one is a copy of."""
    return any(o != obj and o.get(_MARK) == mark for o in bpy.data.objects)
