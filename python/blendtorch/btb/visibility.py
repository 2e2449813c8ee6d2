"""How much of an object the camera sees: rays against what is drawn."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from mathutils import Matrix, Vector
from mathutils.bvhtree import BVHTree

from . import drawn, meshes
from .viewpoint import Viewpoint

if TYPE_CHECKING:
    from numpy.typing import NDArray

Cast = Callable[[Any, Any, float], bool]
"""Whether a ray (origin, direction, length) meets a surface; in its own coordinates."""


def compute_object_visibility(
    obj: Any,
    cam: Viewpoint,
    N: int = 25,  # noqa: N803 (the original's name)
    scene: Any = None,
    view_layer: Any = None,
    dist: float | None = None,
) -> float:
    """The fraction of the object's surface that the camera sees, by `N` random rays; 0 to 1.

    A random point of the evaluated surface counts as seen if it is in the picture and the ray to
    it meets nothing else first; an instance of the same object is something else. What of an object
    is hidden by itself counts as seen: one that is wholly in the picture, and that nothing else
    hides, has visibility 1. Points are drawn by area, with numpy's global generator:
    `np.random.seed` makes them reproducible.

    Rays meet what the pictures of `cam` show (see docs/camera.md), and do not know materials: glass
    hides what is behind it. The error of the fraction is up to 0.5/√N (one standard deviation).

    Args:
        obj: the object; one without faces, or that is not drawn, is never seen.
        cam: a `btb.Camera`, taken where its Blender camera is now.
        N: how many rays.
        scene: the scene of both; by default the current one.
        view_layer: whose objects may hide it; by default the current one, or the scene's first.
        dist: points farther away than this are not seen.
    """
    return float(visibility(cam, (obj,), N, scene, view_layer, dist)[0])


def visibility(
    cam: Viewpoint,
    objs: tuple[Any, ...],
    number: int,
    scene: Any = None,
    view_layer: Any = None,
    dist: float | None = None,
) -> "NDArray[np.float64]":
    """`compute_object_visibility` of several objects, by `number` rays each."""
    if number < 1:
        raise ValueError(f"N is {number}: at least one ray is needed")

    def seen(drawing: drawn.Drawing) -> "NDArray[np.float64]":
        found = [drawing.of(obj) for obj in objs]
        surfaces = _Surfaces(drawing) if any(one is not None for one in found) else None
        return np.array([_fraction(drawing.camera, one, surfaces, number, dist) for one in found])

    return drawn.look(cam, objs, seen, scene, view_layer)


def _fraction(
    camera: Viewpoint,
    evaluated: Any,
    surfaces: "_Surfaces | None",
    number: int,
    dist: float | None,
) -> float:
    if evaluated is None or surfaces is None:
        return 0.0
    points = _surface_points(evaluated, number)
    ndc, depth = camera.world_to_ndc(points, return_depth=True)
    in_view = (np.abs(ndc) <= 1).all(axis=1) & (depth > 0)
    if dist is not None:
        in_view &= camera.distance(points) <= dist
    met = surfaces.meet(evaluated.original, *_rays(camera, points[in_view]))
    return float((~met).sum() / number)


@dataclass(frozen=True)
class _Surface:
    """Something that may stand before an object."""

    itself: Any
    """The original object that it is; None for an instance of one."""
    matrix: Matrix
    """Where it is in the world."""
    cast: Cast


class _Surfaces:
    """Everything that may stand before an object."""

    def __init__(self, drawing: drawn.Drawing) -> None:
        self._surfaces: list[_Surface] = []
        made: dict[Any, tuple[Cast, NDArray[np.float64]]] = {}
        corners, matrices = [], []
        for instance, itself in drawing.surfaces():
            mesh = instance.object.data
            if mesh not in made:
                made[mesh] = _caster(instance, mesh)
            cast, box = made[mesh]
            matrix = instance.matrix_world.copy()
            self._surfaces.append(_Surface(itself, matrix, cast))
            corners.append(box)
            matrices.append(meshes.rows(matrix))
        boxes, places = np.array(corners).reshape(-1, 8, 3), np.array(matrices).reshape(-1, 4, 4)
        world = boxes @ places[:, :3, :3].transpose(0, 2, 1) + places[:, None, :3, 3]
        # A flat one has a box without room, which rounding could miss.
        margin = 1e-6 * (1 + np.abs(world).max(axis=(1, 2), initial=0.0))[:, None]
        self._low, self._high = world.min(axis=1) - margin, world.max(axis=1) + margin

    def meet(
        self,
        obj: Any,
        origins: "NDArray[np.float64]",
        directions: "NDArray[np.float64]",
        lengths: "NDArray[np.float64]",
    ) -> "NDArray[np.bool_]":
        """Which rays meet another surface than that of the original object `obj`; N booleans."""
        met = np.zeros(len(origins), dtype=bool)
        if not len(origins):
            return met
        ends = origins + directions * lengths[:, None]
        low, high = np.minimum(origins, ends), np.maximum(origins, ends)
        near = (self._low <= high.max(axis=0)) & (self._high >= low.min(axis=0))
        for i in np.flatnonzero(near.all(axis=1)):
            surface = self._surfaces[i]
            if surface.itself == obj:
                continue
            through = ~met & _reach(origins, ends - origins, self._low[i], self._high[i])
            to_own = surface.matrix.inverted(None) if through.any() else None
            if to_own is None:  # Or it has no extent in some direction, and no inside.
                continue
            turn = to_own.to_3x3()
            for ray in np.flatnonzero(through):
                along = turn @ Vector(directions[ray])
                length = along.length * lengths[ray]
                met[ray] = surface.cast(to_own @ Vector(origins[ray]), along.normalized(), length)
        return met


def _reach(
    origins: "NDArray[np.float64]",
    lines: "NDArray[np.float64]",
    low: "NDArray[np.float64]",
    high: "NDArray[np.float64]",
) -> "NDArray[np.bool_]":
    """Which lines, from their origins to their ends, pass an upright box: those of whose parts
    between each pair of opposite planes something is common (Kay and Kajiya, 1986)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        first, second = (low - origins) / lines, (high - origins) / lines
    # A line along a plane, and in it, is 0/0: it passes.
    enter = np.nanmax(np.fmin(first, second), axis=1, initial=0.0)
    leave = np.nanmin(np.fmax(first, second), axis=1, initial=1.0)
    return np.asarray(enter <= leave)


def _caster(instance: Any, mesh: Any) -> "tuple[Cast, NDArray[np.float64]]":
    """How rays meet the surface of an instance, and the corners of the box around it (8 × 3)."""
    obj = instance.instance_object if instance.is_instance else instance.object
    if obj is not None and obj.type == "MESH" and obj.data == mesh:
        # Blender keeps what it makes of a mesh for the next question.
        def by_object(origin: Any, direction: Any, length: float) -> bool:
            return bool(obj.ray_cast(origin, direction, distance=length)[0])

        return by_object, np.array(meshes.rows(obj.bound_box))
    # Of a text, a curve, geometry nodes: there is no object that has it.
    xyz = meshes.vertices(mesh)
    tree = BVHTree.FromPolygons(xyz.tolist(), meshes.triangles(mesh).tolist(), all_triangles=True)

    def by_tree(origin: Any, direction: Any, length: float) -> bool:
        return tree.ray_cast(origin, direction, length)[0] is not None

    low, high = (xyz.min(axis=0), xyz.max(axis=0)) if len(xyz) else (np.zeros(3), np.zeros(3))
    return by_tree, np.array(np.meshgrid(*zip(low, high, strict=True))).reshape(3, 8).T


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
    camera: Viewpoint, points: "NDArray[np.float64]"
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
