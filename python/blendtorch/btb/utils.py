"""Coordinates of objects, and the 3D view that rendering borrows."""

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .. import _blendtorch

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def find_first_view3d() -> tuple[Any, Any, Any]:
    """The first 3D view: its area, its space, and its largest window region.

    Works in background mode, where the factory layout is still loaded.

    Raises:
        RuntimeError: no screen has a 3D view.
    """
    current = [bpy.context.screen] if bpy.context.screen else []
    for screen in [*current, *bpy.data.screens]:
        for area in screen.areas:
            if area.type == "VIEW_3D":
                regions = [r for r in area.regions if r.type == "WINDOW"]
                return area, area.spaces.active, max(regions, key=lambda r: r.width * r.height)
    raise RuntimeError("no 3D view in any screen of this file: open one, or load a factory scene")


def transform_points(matrix: Any, xyz: "ArrayLike") -> "NDArray[np.float64]":
    """The points (N × 3) moved by an affine 4 × 4 matrix; float64 N × 3."""
    points = np.ascontiguousarray(xyz, dtype=np.float64).reshape(-1, 3)
    out = np.empty_like(points)
    _blendtorch.transform_points([list(row) for row in matrix], points, out)
    return out


def object_coordinates(*objs: Any, depsgraph: Any = None) -> "NDArray[np.float64]":
    """Evaluated vertices of the objects in their own coordinates, concatenated; N × 3."""
    return _concatenate([_vertices(obj) for obj in _evaluated(objs, depsgraph)])


def world_coordinates(*objs: Any, depsgraph: Any = None) -> "NDArray[np.float64]":
    """Evaluated vertices (modifiers and physics applied) in world coordinates; N × 3.

    Objects follow each other, each in the order of its vertices.
    """
    evaluated = _evaluated(objs, depsgraph)
    return _concatenate([transform_points(o.matrix_world, _vertices(o)) for o in evaluated])


def bbox_world_coordinates(*objs: Any, depsgraph: Any = None) -> "NDArray[np.float64]":
    """The eight corners of each object's bounding box in world coordinates; 8·objects × 3."""
    evaluated = _evaluated(objs, depsgraph)
    return _concatenate(
        [transform_points(o.matrix_world, list(map(tuple, o.bound_box))) for o in evaluated]
    )


def _evaluated(objs: tuple[Any, ...], depsgraph: Any) -> list[Any]:
    depsgraph = depsgraph or bpy.context.evaluated_depsgraph_get()
    return [obj.evaluated_get(depsgraph) for obj in objs]


def _vertices(evaluated: Any) -> "NDArray[np.float64]":
    # A mesh object's evaluated data is its mesh; of others (curves, text) one is made.
    try:
        mesh = evaluated.data if evaluated.type == "MESH" else evaluated.to_mesh()
    except RuntimeError as error:
        raise TypeError(
            f"object {evaluated.name!r} of type {evaluated.type} has no vertices"
        ) from error
    # Blender fills float32 buffers fastest: it copies them without converting each value.
    xyz = np.empty(3 * len(mesh.vertices), dtype=np.float32)
    mesh.vertices.foreach_get("co", xyz)
    if evaluated.type != "MESH":
        evaluated.to_mesh_clear()
    return xyz.reshape(-1, 3).astype(np.float64)


def _concatenate(parts: "list[NDArray[np.float64]]") -> "NDArray[np.float64]":
    return np.concatenate(parts) if parts else np.empty((0, 3))
