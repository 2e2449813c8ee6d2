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
    slots = np.empty(count, np.int32)
    mesh.loop_triangles.foreach_get("material_index", slots)
    vertices, triangles = _vertices(mesh, count)
    parts = []
    for slot in np.unique(slots).tolist():
        some = np.ascontiguousarray(triangles[slots == slot])
        faces = gpu.types.GPUIndexBuf(type="TRIS", seq=some)
        parts.append((slot, gpu.types.GPUBatch(type="TRIS", buf=vertices, elem=faces)))
    return parts


def _vertices(mesh: Any, count: int) -> "tuple[Any, NDArray[np.int32]]":
    """What is drawn of each vertex, and which of them `count` triangles have.

    Where all faces are smooth those are the mesh's own; else there is one for each corner of a
    face, since each has a normal of its own.
    """
    places = _got(mesh.vertices, "co", 3 * len(mesh.vertices), np.float32).reshape(-1, 3)
    of = _got(mesh.loops, "vertex_index", len(mesh.loops), np.int32)
    normals = _normals(mesh)
    smooth = _got(mesh.vertices, "normal", places.size, np.float32).reshape(-1, 3)
    shared = np.array_equal(smooth[of], normals)
    corners = _got(mesh.loop_triangles, "vertices" if shared else "loops", 3 * count, np.int32)
    if not shared:
        places, smooth = np.ascontiguousarray(places[of]), normals
    form = gpu.types.GPUVertFormat()
    form.attr_add(id="place", comp_type="F32", len=3, fetch_mode="FLOAT")
    form.attr_add(id="normal", comp_type="F32", len=3, fetch_mode="FLOAT")
    buffer = gpu.types.GPUVertBuf(form, len(places))
    buffer.attr_fill("place", places)
    buffer.attr_fill("normal", smooth)
    return buffer, corners.reshape(-1, 3)


def _normals(mesh: Any) -> "NDArray[np.float32]":
    """Of each corner."""
    if hasattr(mesh, "corner_normals"):
        found = _got(mesh.corner_normals, "vector", 3 * len(mesh.loops), np.float32)
    else:  # Before 4.1.
        mesh.calc_normals_split()
        found = _got(mesh.loops, "normal", 3 * len(mesh.loops), np.float32)
    return found.reshape(-1, 3)


def _got(of: Any, name: str, count: int, dtype: Any) -> "NDArray[Any]":
    found = np.empty(count, dtype)
    of.foreach_get(name, found)
    return found
