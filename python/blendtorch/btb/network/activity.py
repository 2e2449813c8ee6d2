"""What plays: the activity of populations, written into their attributes when the frame changes.

A handler of Blender's does it before a frame is evaluated, in windows, renders and loops of
`scene.frame_set` alike. Owns the handler and what plays; the values are computed in Rust, for any
frame, from spikes or reports. It must never keep Blender's objects: it finds them by a mark.
"""

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import bpy
import numpy as np

from . import marked, points, shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MARK = "blendtorch_plays"


class Activity(Protocol):
    """A function of the frame: those of `blendtorch.circuit`."""

    n_cells: int

    def fill(self, frame: float, out: "NDArray[np.float32]") -> int:
        """Writes each cell's value, and says how many are not at rest."""
        ...


@dataclass
class _Playing:
    name: str
    activity: Activity
    values: "NDArray[np.float32]"
    frame: float | None = None


_playing: dict[str, _Playing] = {}


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
    _playing[mark] = _Playing(obj.name, activity, np.zeros(count, np.float32))
    handlers = bpy.app.handlers.frame_change_pre
    if _before_frame not in handlers:
        handlers.append(_before_frame)


def stop(obj: Any) -> None:
    """Ends that; the points keep their values."""
    _playing.pop(str(obj.get(_MARK)), None)


def playing(obj: Any) -> Activity | None:
    """What an object shows; None where nothing plays."""
    found = _playing.get(str(obj.get(_MARK)))
    return None if found is None else found.activity


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
            found[obj.name] = one.activity.fill(at, one.values)
            points.put(obj, "activity", one.values)
    return found


def adapt(scene: Any) -> None:
    """Draws populations as the scene's engine can, if it is another one now."""
    for root in marked.networks(scene):
        for collection in marked.populations(root):
            wanted = collection.get("blendtorch_draw_as")
            for obj in marked.objects(collection, "points") if wanted == "auto" else ():
                if shapes.shape_of(obj) != shapes.choose(scene, "auto"):
                    _dress_again(scene, collection, obj)


def _dress_again(scene: Any, collection: Any, obj: Any) -> None:
    from .looks import Look
    from .population import look_of

    shape = shapes.choose(scene, "auto")
    look: Look = look_of(collection)
    material = obj.material_slots[0].material
    shapes.dress(obj, shape, look, material, collection.get("blendtorch_keys"))
    if shape == "mesh":
        shapes.set_up_workbench(scene)


@bpy.app.handlers.persistent
def _before_frame(scene: Any, *_: object) -> None:
    show(scene)
    adapt(scene)


@bpy.app.handlers.persistent
def _loaded(*_: object) -> None:
    """Another file has other objects; `attach` lets them play."""
    _playing.clear()


bpy.app.handlers.load_post.append(_loaded)


def _object(mark: str, one: _Playing) -> Any:
    obj = bpy.data.objects.get(one.name)
    if obj is None or obj.get(_MARK) != mark:
        obj = next((o for o in bpy.data.objects if o.get(_MARK) == mark), None)
        if obj is not None:
            one.name = obj.name
    if obj is None or len(obj.data.vertices) != len(one.values):
        return None
    return obj


def _of_another(mark: str, obj: Any) -> bool:
    """Whether the mark is that of an object which this one is a copy of."""
    return any(o != obj and o.get(_MARK) == mark for o in bpy.data.objects)
