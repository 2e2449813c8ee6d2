"""Coordinates of objects and points, and the 3D view that rendering borrows."""

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from . import meshes
from .meshes import transform_points
from .view3d import find_first_view3d
from .visibility import compute_object_visibility

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "bbox_world_coordinates",
    "compute_object_visibility",
    "dehom",
    "find_first_view3d",
    "hom",
    "object_coordinates",
    "random_spherical_loc",
    "scene_stats",
    "transform_points",
    "world_coordinates",
]


def object_coordinates(*objs: Any, depsgraph: Any = None) -> "NDArray[np.float64]":
    """Evaluated vertices of the objects in their own coordinates, concatenated; N × 3.

    As the 3D view evaluates them, whether it shows them or not; or as `depsgraph` has them.
    """
    return meshes.concatenate([_vertices(obj) for obj in meshes.evaluated(objs, depsgraph)])


def world_coordinates(*objs: Any, depsgraph: Any = None) -> "NDArray[np.float64]":
    """Evaluated vertices (modifiers and physics applied) in world coordinates; N × 3.

    Objects follow each other, each in the order of its vertices. As the 3D view evaluates them,
    whether it shows them or not; or as `depsgraph` has them.
    """
    return meshes.concatenate(list(map(meshes.world_vertices, meshes.evaluated(objs, depsgraph))))


def bbox_world_coordinates(*objs: Any, depsgraph: Any = None) -> "NDArray[np.float64]":
    """The eight corners of each object's bounding box in world coordinates; 8·objects × 3."""
    return meshes.concatenate(list(map(meshes.world_corners, meshes.evaluated(objs, depsgraph))))


def hom(x: "NDArray[Any]", v: float = 1.0) -> "NDArray[Any]":
    """Homogeneous coordinates: `v` put behind the last value of each point; … × D to … × D+1."""
    x = np.asarray(x)
    return np.concatenate((x, np.full((*x.shape[:-1], 1), v, dtype=x.dtype)), axis=-1)


def dehom(x: "NDArray[Any]") -> "NDArray[Any]":
    """Points of homogeneous coordinates: each divided by its last value; … × D+1 to … × D."""
    x = np.asarray(x)
    return np.asarray(x[..., :-1] / x[..., -1:])


def random_spherical_loc(
    radius_range: tuple[float, float] | None = None,
    theta_range: tuple[float, float] | None = None,
    phi_range: tuple[float, float] | None = None,
) -> "NDArray[np.float64]":
    """A random location around the origin: x, y, z.

    Radius and angles are uniform in their ranges, so that over the whole sphere locations are
    denser at the poles. Drawn with numpy's global generator, in the order of the arguments.

    Args:
        radius_range: smallest and largest distance; by default 1.
        theta_range: angle from +Z; by default 0 to π.
        phi_range: angle about Z from +X towards +Y; by default 0 to 2π.
    """
    radius = np.random.uniform(*(radius_range or (1, 1)))
    theta = np.random.uniform(*(theta_range or (0, np.pi)))
    phi = np.random.uniform(*(phi_range or (0, 2 * np.pi)))
    across = np.sin(theta)
    return radius * np.array([across * np.cos(phi), across * np.sin(phi), np.cos(theta)])


def scene_stats() -> dict[str, tuple[int, int]]:
    """What this file holds: for each kind of data (`objects`, `meshes`, …) that there is, how many
    are used and how many are not.

    Unused ones that grow from frame to frame are a script's leak.
    """
    stats = {}
    for name in dir(bpy.data):
        blocks = getattr(bpy.data, name)
        if isinstance(blocks, bpy.types.bpy_prop_collection) and len(blocks):
            used = sum(block.users > 0 for block in blocks if isinstance(block, bpy.types.ID))
            stats[name] = (used, len(blocks) - used)
    return stats


def _vertices(evaluated: Any) -> "NDArray[np.float64]":
    with meshes.mesh_of(evaluated) as mesh:
        return meshes.vertices(mesh)
