"""The evaluated meshes of objects: modifiers and physics applied."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .. import _blendtorch
from . import alive

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def evaluated(objs: tuple[Any, ...], depsgraph: Any = None) -> list[Any]:
    """The objects as they are now, in the state that rendering sees.

    Raises:
        ReferenceError: one is gone.
    """
    depsgraph = depsgraph or bpy.context.evaluated_depsgraph_get()
    return [alive.there(obj).evaluated_get(depsgraph) for obj in objs]


@contextmanager
def mesh_of(obj: Any) -> Iterator[Any]:
    """The mesh of an evaluated object, while the block lasts.

    A mesh object's evaluated data is its mesh; of others (curves, text) one is made.

    Raises:
        TypeError: an object of its type has none.
    """
    if obj.type == "MESH":
        yield obj.data
        return
    try:
        mesh = obj.to_mesh()
    except RuntimeError as error:
        raise TypeError(f"object {obj.name!r} of type {obj.type} has no vertices") from error
    if mesh is None:
        raise TypeError(f"object {obj.name!r} of type {obj.type} has no vertices")
    try:
        yield mesh
    finally:
        obj.to_mesh_clear()


def vertices(mesh: Any) -> "NDArray[np.float64]":
    """The vertices of a mesh in its own coordinates; N × 3."""
    # Blender fills float32 buffers fastest: it copies them without converting each value.
    xyz = np.empty(3 * len(mesh.vertices), dtype=np.float32)
    mesh.vertices.foreach_get("co", xyz)
    return xyz.reshape(-1, 3).astype(np.float64)


def triangles(mesh: Any) -> "NDArray[np.int32]":
    """The faces of a mesh, cut into triangles; indices of their vertices, N × 3."""
    mesh.calc_loop_triangles()
    corners = np.empty(3 * len(mesh.loop_triangles), dtype=np.int32)
    mesh.loop_triangles.foreach_get("vertices", corners)
    return corners.reshape(-1, 3)


def loose_edges(mesh: Any) -> "NDArray[np.int32]":
    """The edges of a mesh that belong to no face; indices of their vertices, N × 2."""
    ends = np.empty(2 * len(mesh.edges), dtype=np.int32)
    mesh.edges.foreach_get("vertices", ends)
    loose = np.empty(len(mesh.edges), dtype=bool)
    mesh.edges.foreach_get("is_loose", loose)
    return np.ascontiguousarray(ends.reshape(-1, 2)[loose])


def transform_points(matrix: Any, xyz: "ArrayLike") -> "NDArray[np.float64]":
    """The points (N × 3) moved by an affine 4 × 4 matrix; float64 N × 3."""
    points = np.ascontiguousarray(xyz, dtype=np.float64).reshape(-1, 3)
    out = np.empty_like(points)
    _blendtorch.transform_points(rows(matrix), points, out)
    return out


def rows(matrix: Any) -> list[list[float]]:
    """A matrix as the extension module takes it."""
    return [list(row) for row in matrix]
