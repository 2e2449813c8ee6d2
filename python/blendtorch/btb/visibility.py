"""How much of an object the camera sees: rays against the geometry of the scene."""

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from . import meshes

if TYPE_CHECKING:
    from numpy.typing import NDArray


def compute_object_visibility(
    obj: Any,
    cam: Any,
    N: int = 25,  # noqa: N803 (the original's name)
    scene: Any = None,
    view_layer: Any = None,
    dist: float | None = None,
) -> float:
    """The fraction of the object's surface that the camera sees, by `N` random rays; 0 to 1.

    A random point of the evaluated surface counts as seen if it is in the picture and the ray to
    it meets no other object first. What of an object is hidden by itself counts as seen: one that
    is wholly in the picture, and that nothing else hides, has visibility 1. Points are drawn by area, with numpy's
    global generator: `np.random.seed` makes them reproducible.

    Rays meet what the viewport shows, and do not know materials: glass hides what is behind it.
    The error of the fraction is up to 0.5/√N (one standard deviation).

    Args:
        obj: the object; one without faces, or hidden in the viewport, is never seen.
        cam: a `btb.Camera`, taken where its Blender camera is now.
        N: how many rays.
        scene: the scene of both; by default the current one.
        view_layer: whose objects may hide it; by default the current one, or the scene's first.
        dist: points farther away than this are not seen.
    """
    if N < 1:
        raise ValueError(f"N is {N}: at least one ray is needed")
    scene = scene or bpy.context.scene
    if view_layer is None:
        current = scene == bpy.context.scene
        view_layer = bpy.context.view_layer if current else scene.view_layers[0]
    view_layer.update()
    if not obj.visible_get(view_layer=view_layer):
        return 0.0
    depsgraph = view_layer.depsgraph
    camera = type(cam)(cam.bpy_camera, cam.shape)

    points = _surface_points(obj.evaluated_get(depsgraph), N)
    ndc, depth = camera.world_to_ndc(points, return_depth=True)
    in_view = (np.abs(ndc) <= 1).all(axis=1) & (depth > 0)
    if dist is not None:
        in_view &= camera.distance(points) <= dist
    seen = 0
    for origin, direction, length in zip(*_rays(camera, points[in_view]), strict=True):
        hit, _, _, _, met, _ = scene.ray_cast(depsgraph, origin, direction, distance=length)
        seen += not hit or met.original == obj.original
    return seen / N


def _surface_points(evaluated: Any, number: int) -> "NDArray[np.float64]":
    """Random points of the surface in world coordinates, uniform by area; none without faces."""
    with meshes.mesh_of(evaluated) as mesh:
        corners = meshes.triangles(mesh)
        xyz = meshes.transform_points(evaluated.matrix_world, meshes.vertices(mesh))
    a, b, c = xyz[corners].transpose(1, 0, 2)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1)
    total = area.sum()
    if not total > 0:
        return np.empty((0, 3))
    chosen = np.random.choice(len(corners), size=number, p=area / total)
    # Uniform in a triangle: the half of a parallelogram beyond the diagonal is folded back.
    s, t = np.random.random((2, number, 1))
    s, t = np.where(s + t > 1, (1 - s, 1 - t), (s, t))
    a, b, c = a[chosen], b[chosen], c[chosen]
    return np.asarray(a + s * (b - a) + t * (c - a))


def _rays(
    camera: Any, points: "NDArray[np.float64]"
) -> "tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]":
    """Lines of sight to points: origins, directions, and lengths.

    They begin at the near plane: what stands before that is not rendered and hides nothing. They
    end just before the point: rounding must not decide whether its own surface is met.
    """
    to_world = np.linalg.inv(np.vstack([camera.extrinsics(), [0, 0, 0, 1]]))
    eye, forward = to_world[:3, 3], to_world[:3, 2]
    if camera.type == "ORTHO":
        starts = points - ((points - eye) @ forward)[:, None] * forward
        directions = np.broadcast_to(forward, points.shape)
    else:
        starts = np.broadcast_to(eye, points.shape)
        directions = (points - eye) / camera.distance(points)[:, None]
    skipped = camera.clip_range[0] / (directions @ forward)
    lengths = (camera.distance(points) - skipped) * (1 - 1e-5)
    return starts + skipped[:, None] * directions, directions, lengths
