"""The meshes of solid surfaces, each as what the graphics library draws, kept while it stays.

Owns which corner has which normal. It must never change a mesh.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import batches
from ..changes import Changes
from ..meshes import values

if TYPE_CHECKING:
    from numpy.typing import NDArray

Parts = list[tuple[int, Any]]
"""The batches of a mesh, each with the place of its material."""


_UNUSED = 8
"""After so many pictures that do not show a mesh it is forgotten: renderers take turns."""
_MUCH = 150_000
"""Corners: to make more of them anew takes longer than all that we save."""
_Key = tuple[str, str, int]


@dataclass
class _Kept:
    parts: Parts
    used: int


class Shapes:
    """Batches by objects, or by meshes where those are drawn as they are."""

    def __init__(self) -> None:
        """None yet."""
        self._changes = Changes()
        self._kept: dict[_Key, _Kept] = {}
        self._changed: set[str] = set()
        self._picture = 0
        self._fresh = 0
        self._often = 0

    def begin(self) -> None:
        """A picture begins: what has changed since the last one is forgotten."""
        changed = self._changes.take()
        self._often = self._often + 1 if self._fresh > _MUCH else 0
        self._picture, self._fresh = self._picture + 1, 0
        self._changed = changed or set()
        oldest = self._picture - _UNUSED
        self._kept = {
            key: one
            for key, one in self._kept.items()
            if changed is not None and key[1] not in changed and one.used >= oldest
        }

    def of(self, obj: Any) -> Parts | None:
        """The batches of an evaluated object; None where so much changes in each picture that
        Blender's own are made sooner."""
        original = obj.original
        key = _key(original)
        found = self._kept.get(key)
        if found is None:
            if key[1] in self._changed:
                self._fresh += len(obj.data.loops)
                if self._fresh > _MUCH and self._often > 1:
                    return None
            found = self._kept[key] = _Kept(made(obj.data), 0)
        found.used = self._picture
        return found.parts


def _key(original: Any) -> _Key:
    """By what an object's surface is kept: its mesh, where nothing else shapes it."""
    shaped = original.modifiers or original.parent_type in ("ARMATURE", "LATTICE")
    if shaped or original.data.shape_keys is not None:
        return "object", original.name_full, original.as_pointer()
    return "mesh", original.data.name_full, original.data.as_pointer()


def made(mesh: Any) -> Parts:
    """The batches of an evaluated mesh: one for each material that faces have."""
    mesh.calc_loop_triangles()
    if not len(mesh.loop_triangles):
        return []
    slots = values(mesh.loop_triangles, "material_index", dtype=np.int32)
    vertices, corners = _vertices(mesh)
    return [
        (slot, batches.triangles(vertices, corners[slots == slot]))
        for slot in np.unique(slots).tolist()
    ]


def _vertices(mesh: Any) -> "tuple[Any, NDArray[np.int32]]":
    """What is drawn of each vertex, and which of them each triangle has.

    Where all faces are smooth those are the mesh's own; else there is one for each corner of a
    face, since each has a normal of its own.
    """
    places, smooth = values(mesh.vertices, "co", 3), values(mesh.vertices, "normal", 3)
    of, normals = values(mesh.loops, "vertex_index", dtype=np.int32), _normals(mesh)
    if np.array_equal(smooth[of], normals):
        corners = values(mesh.loop_triangles, "vertices", 3, np.int32)
        return batches.vertices(place=places, normal=smooth), corners
    corners = values(mesh.loop_triangles, "loops", 3, np.int32)
    return batches.vertices(place=places[of], normal=normals), corners


def _normals(mesh: Any) -> "NDArray[np.float32]":
    """Of each corner."""
    if hasattr(mesh, "corner_normals"):
        return values(mesh.corner_normals, "vector", 3)
    mesh.calc_normals_split()  # Before 4.1.
    return values(mesh.loops, "normal", 3)
