"""An attribute's values in Blender's own memory, to be written in place.

`foreach_set` copies an array that somebody has filled, into memory that Blender has just copied
from what the evaluated mesh keeps: two copies and an array for one. Blender says where the first
value of an attribute is (`as_pointer`, which lets the mesh have the array for itself, as
`foreach_set` does), so values can be reckoned right there.

Owns that this is done only where it is safe: a trial in each process, in a mesh of its own, has
shown that what is written there is what Blender has, and that whoever shared the array keeps it;
and each time the attribute has its type, its length and its places. It must never keep an address:
what Blender does next may move the array.
"""

import ctypes
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WIDTH = ctypes.sizeof(ctypes.c_float)
_FLOATS = bpy.types.FloatAttribute
# As many as are in no nice multiple of anything.
_TRIED = 1013

_works: bool | None = None


def works() -> bool:
    """Whether it can be done in this Blender; it is tried once."""
    global _works
    if _works is None:
        _works = _try()
    return _works


def memory(mesh: Any, attribute: str, count: int) -> "NDArray[np.float32] | None":
    """The values of an attribute, float32 `(count,)`, to be written before Blender does anything
    else; None where they are not as they should be."""
    # Few words with Blender: after it has evaluated a scene, each takes microseconds.
    there = mesh.attributes.get(attribute)
    if not count or not isinstance(there, _FLOATS):
        return None
    data = there.data
    if len(data) != count:
        return None
    first = data[0].as_pointer()
    if data[count - 1].as_pointer() - first != _WIDTH * (count - 1):
        return None
    memory: Any = (ctypes.c_float * count).from_address(first)
    found: NDArray[np.float32] = np.frombuffer(memory, np.float32)
    return found


def _try() -> bool:
    before = np.random.default_rng(1).random(_TRIED, np.float32)
    mesh = bpy.data.meshes.new("blendtorch tries")
    try:
        mesh.vertices.add(_TRIED)
        mesh.attributes.new("tried", "FLOAT", "POINT").data.foreach_set("value", before)
        other = mesh.copy()
        try:
            return _is_written(mesh, other, before)
        finally:
            bpy.data.meshes.remove(other)
    finally:
        bpy.data.meshes.remove(mesh)


def _is_written(mesh: Any, other: Any, before: "NDArray[np.float32]") -> bool:
    there = memory(mesh, "tried", _TRIED)
    if there is None or not np.array_equal(there, before):
        return False
    after = before[::-1] + np.float32(1.0)
    there[:] = after
    return np.array_equal(_values(mesh), after) and np.array_equal(_values(other), before)


def _values(mesh: Any) -> "NDArray[np.float32]":
    values = np.empty(_TRIED, np.float32)
    mesh.attributes["tried"].data.foreach_get("value", values)
    return values
