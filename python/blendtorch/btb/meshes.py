"""The evaluated meshes of objects: modifiers and physics applied."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .. import _blendtorch
from . import alive
from .settings import changed

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def evaluated(objs: tuple[Any, ...], depsgraph: Any = None) -> Iterator[Any]:
    """The objects as they are now, drawn or not; each valid until the next one.

    With `depsgraph` they are as it has them: those that are hidden there as they were before.

    Raises:
        ReferenceError: one is gone.
    """
    for obj in objs:
        alive.there(obj)
        if depsgraph is not None:
            yield obj.evaluated_get(depsgraph)
        else:
            with evaluated_now(obj) as (_, found):
                yield found


@contextmanager
def evaluated_now(obj: Any) -> Iterator[tuple[Any, Any]]:
    """The current depsgraph, and in it the object as it is now, while the block lasts.

    Blender leaves what the 3D view does not show as it was; what it looks through it does not. So
    what is hidden becomes the scene's camera for a moment, whatever it is, and its animation is
    evaluated for the current frame.
    """
    obj = obj.original
    depsgraph = bpy.context.evaluated_depsgraph_get()
    scene = bpy.context.scene
    if obj == scene.camera or obj.visible_get():
        yield depsgraph, obj.evaluated_get(depsgraph)
        return
    with changed(scene, camera=obj):
        for one in _hidden_with(obj):
            one.update_tag(refresh={"OBJECT", "DATA", "TIME"})
            if one.data is not None:
                one.data.update_tag(refresh={"TIME"})
        depsgraph = bpy.context.evaluated_depsgraph_get()
        yield depsgraph, obj.evaluated_get(depsgraph)


def is_by_itself(obj: Any) -> bool:
    """Whether nothing but its own values says where a hidden object is, and what it is: then there
    is nothing to evaluate, which takes long in a large scene."""
    return not (
        obj == bpy.context.scene.camera
        or obj.visible_get()
        or obj.parent
        or obj.constraints
        or obj.rigid_body
        or obj.animation_data
        or obj.data.animation_data
    )


def _hidden_with(obj: Any) -> list[Any]:
    """A hidden object, and what else is hidden of that which its place follows from."""
    found, left = [], [obj]
    while left:
        one = left.pop()
        if one is None or one in found or (one != obj and one.visible_get()):
            continue
        found.append(one)
        left += [one.parent, *(getattr(c, "target", None) for c in one.constraints)]
    return found


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


def values(of: Any, name: str, width: int = 1, dtype: Any = np.float32) -> "NDArray[Any]":
    """An attribute of each element of one of Blender's collections; (N,), or N × `width`.

    Blender copies what has the type of its own values, and converts each of others.
    """
    found = np.empty(width * len(of), dtype)
    of.foreach_get(name, found)
    return found if width == 1 else found.reshape(-1, width)


def vertices(mesh: Any) -> "NDArray[np.float64]":
    """The vertices of a mesh in its own coordinates; N × 3."""
    return values(mesh.vertices, "co", 3).astype(np.float64)


def world_vertices(obj: Any) -> "NDArray[np.float64]":
    """The vertices of an evaluated object in world coordinates; N × 3."""
    with mesh_of(obj) as mesh:
        return transform_points(obj.matrix_world, vertices(mesh))


def world_corners(obj: Any) -> "NDArray[np.float64]":
    """The eight corners of the bounding box of an evaluated object in world coordinates; 8 × 3."""
    return transform_points(obj.matrix_world, list(map(tuple, obj.bound_box)))


def concatenate(parts: "list[NDArray[np.float64]]") -> "NDArray[np.float64]":
    """The points of all parts; N × 3."""
    return np.concatenate(parts) if parts else np.empty((0, 3))


def triangles(mesh: Any) -> "NDArray[np.int32]":
    """The faces of a mesh, cut into triangles; indices of their vertices, N × 3."""
    mesh.calc_loop_triangles()
    return values(mesh.loop_triangles, "vertices", 3, np.int32)


def loose_edges(mesh: Any) -> "NDArray[np.int32]":
    """The edges of a mesh that belong to no face; indices of their vertices, N × 2."""
    ends = values(mesh.edges, "vertices", 2, np.int32)
    return np.ascontiguousarray(ends[values(mesh.edges, "is_loose", dtype=bool)])


def transform_points(matrix: Any, xyz: "ArrayLike") -> "NDArray[np.float64]":
    """The points (N × 3) moved by an affine 4 × 4 matrix; float64 N × 3."""
    points = np.ascontiguousarray(xyz, dtype=np.float64).reshape(-1, 3)
    out = np.empty_like(points)
    _blendtorch.transform_points(rows(matrix), points, out)
    return out


def rows(matrix: Any) -> list[list[float]]:
    """A matrix as the extension module takes it."""
    return [list(row) for row in matrix]
