"""The cells of a population as the vertices of one mesh, with an attribute for each thing that is
known of a cell.

    cell_id     INT           as the file calls it
    radius      FLOAT         µm
    cell_color  FLOAT_COLOR   linear; alpha is the opacity
    rotation    FLOAT_VECTOR  radians
    activity    FLOAT         what is shown of it at the current frame

Geometry nodes make spheres of them (`shapes`). Measured in 3.4, 4.5 and 5.0, a million of them cost
3 ms more a frame than a point cloud of Blender's own, which 3.4 cannot make and none can resize.

An attribute that is called `color` is black in Cycles, whatever it holds. It must never be told
what the values mean.
"""

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from . import marked

if TYPE_CHECKING:
    from numpy.typing import NDArray

ATTRIBUTES = {
    "cell_id": ("INT", "value", np.int32, 1),
    "radius": ("FLOAT", "value", np.float32, 1),
    "cell_color": ("FLOAT_COLOR", "color", np.float32, 4),
    "rotation": ("FLOAT_VECTOR", "vector", np.float32, 3),
    "activity": ("FLOAT", "value", np.float32, 1),
}
"""Of each: Blender's type, its property, the dtype and the number of values a cell."""


def ensure(collection: Any, name: str, count: int) -> Any:
    """The object of a population, with as many cells; those of one that has others are new."""
    found = marked.objects(collection, "points")
    if found:
        obj = found[0]
    else:
        obj = bpy.data.objects.new(name, bpy.data.meshes.new(name))
        marked.mark(obj, "points", name)
        collection.objects.link(obj)
    mesh = obj.data
    if len(mesh.vertices) != count:
        mesh.clear_geometry()
        mesh.vertices.add(count)
    for attribute, (kind, *_) in ATTRIBUTES.items():
        there = mesh.attributes.get(attribute)
        if there is not None and (there.data_type, there.domain) != (kind, "POINT"):
            mesh.attributes.remove(there)
            there = None
        if there is None:
            mesh.attributes.new(attribute, kind, "POINT")
    return obj


def put(obj: Any, attribute: str, values: "NDArray[Any]") -> None:
    """Sets an attribute of all cells; C-contiguous arrays of its dtype are copied as they are."""
    _, prop, dtype, _ = ATTRIBUTES[attribute]
    mesh = obj.data
    if len(mesh.vertices):
        flat = np.ascontiguousarray(values, dtype).reshape(-1)
        mesh.attributes[attribute].data.foreach_set(prop, flat)
    mesh.update_tag()


def get(obj: Any, attribute: str) -> "NDArray[Any]":
    """An attribute of all cells, n or n × 3 or n × 4."""
    _, prop, dtype, width = ATTRIBUTES[attribute]
    values = np.empty(len(obj.data.vertices) * width, dtype)
    if len(values):
        obj.data.attributes[attribute].data.foreach_get(prop, values)
    return values if width == 1 else values.reshape(-1, width)


def place(obj: Any, locations: "NDArray[np.float32]") -> None:
    """Sets where the cells are: n × 3, in the object's space."""
    mesh = obj.data
    if len(mesh.vertices):
        flat = np.ascontiguousarray(locations, np.float32).reshape(-1)
        mesh.vertices.foreach_set("co", flat)
    mesh.update()


def places(obj: Any) -> "NDArray[np.float32]":
    """Where the cells are: n × 3."""
    values = np.empty(3 * len(obj.data.vertices), np.float32)
    if len(values):
        obj.data.vertices.foreach_get("co", values)
    return values.reshape(-1, 3)
