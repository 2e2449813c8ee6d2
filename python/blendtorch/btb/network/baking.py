"""`bake`: activity as keys that any Blender plays, without us.

    network.bake(bpy.context.scene)

Points get their keys as a mesh and geometry nodes that look them up; cells as objects have theirs
anyhow. Owns that both are exact at whole frames, and that baking again replaces. It must never
change how anything looks.
"""

from typing import Any

import numpy as np

from . import activity, bake_nodes, marked, points, sampled, shapes
from .population import AS_OBJECTS, dress


def bake(scene: Any, start: int | None = None, end: int | None = None) -> dict[str, int]:
    """Writes what plays as keys, for whole frames; how many keys each population has.

    Devices, legends and boxes stay as they are at the current frame: only our workers move them.

    Args:
        scene: its networks.
        start: the first frame; the scene's where nothing is said.
        end: the last one; the scene's.

    Raises:
        ValueError: there are no frames, or nothing plays (`attach` was not called).
    """
    first = int(scene.frame_start if start is None else start)
    last = int(scene.frame_end if end is None else end)
    if last < first:
        raise ValueError(f"there are no frames from {first} to {last}")
    made: dict[str, int] = {}
    found = False
    for root in marked.networks(scene):
        for collection in marked.populations(root):
            for obj in marked.objects(collection, "points"):
                playing = activity.playing(obj)
                if playing is not None:
                    found = True
                    name = str(collection.get(marked.NAME))
                    made[name] = _baked(scene, collection, obj, playing, first, last)
            found = found or bool(collection.get(AS_OBJECTS))
    if not found:
        raise ValueError(
            "nothing plays in this scene: animate it, or call network.attach(scene) after a file "
            "was opened"
        )
    return made


def unbake(scene: Any) -> None:
    """Takes the keys out again; `attach` lets cells play then."""
    for root in marked.networks(scene):
        for collection in marked.populations(root):
            bake_nodes.forget(collection)
            for obj in marked.objects(collection, "points"):
                dress(scene, collection, obj, shapes.shape_of(obj))


def _baked(scene: Any, collection: Any, obj: Any, playing: Any, first: int, last: int) -> int:
    keys = sampled.keys(playing, first, last)
    bake_nodes.forget(collection)
    counts = np.array([len(one) for one in keys], np.int64)
    flat = np.concatenate(keys) if len(keys) else np.zeros((0, 2), np.float32)
    ends = np.cumsum(counts)
    mesh = obj.data
    for name, values in ((bake_nodes.FIRST, ends - counts), (bake_nodes.LAST, ends - 1)):
        attribute = mesh.attributes.get(name) or mesh.attributes.new(name, "INT", "POINT")
        attribute.data.foreach_set("value", values.astype(np.int32))
    most = int(counts.max()) if len(counts) else 1
    kept = bake_nodes.make(f"{obj.name} keys", flat, most, eased=False)
    bake_nodes.give(collection, kept)
    activity.stop(obj)
    dress(scene, collection, obj, shapes.shape_of(obj))
    points.put(obj, "activity", np.array([one[0, 1] for one in keys], np.float32))
    return len(flat)
