"""The meshes of solid surfaces, each as what the graphics library draws, kept while it stays.

Owns which corner has which normal. It must never change a mesh.
"""

from typing import TYPE_CHECKING, Any

import gpu
import numpy as np

from ..changes import Changes

if TYPE_CHECKING:
    from numpy.typing import NDArray

Parts = list[tuple[int, Any]]
"""The batches of a mesh, each with the place of its material."""


class Shapes:
    """Batches by objects, or by meshes where those are drawn as they are."""

    def __init__(self) -> None:
        """None yet."""
        self._changes = Changes()
        self._kept: dict[tuple[str, str], Parts] = {}
        self._used: dict[tuple[str, str], Parts] = {}

    def begin(self) -> None:
        """A picture begins: what has changed since the last one is forgotten, and what that one did
        not show."""
        changed = self._changes.take()
        if changed is None:
            self._used = {}
        self._kept = self._used
        self._used = {}
        for key in [key for key in self._kept if changed and key[1] in changed]:
            del self._kept[key]

    def of(self, obj: Any) -> Parts:
        """The batches of an evaluated object."""
        original = obj.original
        plain = not original.modifiers and original.data.shape_keys is None
        key = ("mesh", original.data.name_full) if plain else ("object", original.name_full)
        found = self._used.get(key)
        if found is None:
            found = self._used[key] = self._kept[key] if key in self._kept else made(obj.data)
        return found


def made(mesh: Any) -> Parts:
    """The batches of an evaluated mesh: one for each material that faces have."""
    mesh.calc_loop_triangles()
    count = len(mesh.loop_triangles)
    if not count:
        return []
    corners = np.empty(3 * count, np.int32)
    mesh.loop_triangles.foreach_get("loops", corners)
    slots = np.empty(count, np.int32)
    mesh.loop_triangles.foreach_get("material_index", slots)
    triangles = corners.reshape(-1, 3)
    vertices = _vertices(mesh)
    parts = []
    for slot in np.unique(slots).tolist():
        some = np.ascontiguousarray(triangles[slots == slot])
        faces = gpu.types.GPUIndexBuf(type="TRIS", seq=some)
        parts.append((slot, gpu.types.GPUBatch(type="TRIS", buf=vertices, elem=faces)))
    return parts


def _vertices(mesh: Any) -> Any:
    """A vertex for each corner of a face, since each has a normal of its own."""
    count = len(mesh.loops)
    of = np.empty(count, np.int32)
    mesh.loops.foreach_get("vertex_index", of)
    places = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", places)
    form = gpu.types.GPUVertFormat()
    form.attr_add(id="place", comp_type="F32", len=3, fetch_mode="FLOAT")
    form.attr_add(id="normal", comp_type="F32", len=3, fetch_mode="FLOAT")
    buffer = gpu.types.GPUVertBuf(form, count)
    buffer.attr_fill("place", np.ascontiguousarray(places.reshape(-1, 3)[of]))
    buffer.attr_fill("normal", _normals(mesh, count))
    return buffer


def _normals(mesh: Any, count: int) -> "NDArray[np.float32]":
    normals = np.empty(3 * count, np.float32)
    if hasattr(mesh, "corner_normals"):
        mesh.corner_normals.foreach_get("vector", normals)
    else:  # Before 4.1.
        mesh.calc_normals_split()
        mesh.loops.foreach_get("normal", normals)
    return normals.reshape(-1, 3)
