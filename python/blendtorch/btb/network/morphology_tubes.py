"""The surface of a neuron's branches, as triangles: tubes of few sides, as thick as its points.

Owns the tube: rings that do not twist, branches that begin as thick as they are and not as what
they leave, ends and details that a picture cannot show left out. It must never know Blender, nor a
cell's place.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

THIN, ROUND = 3, 6
"""How many sides tubes have that are as thin as can be seen, and others."""

# An octahedron: a root's ball is one whose faces are each cut in four.
_CORNERS = np.array([(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)], float)
_FACES = np.array(
    [(0, 2, 4), (2, 1, 4), (1, 3, 4), (3, 0, 4), (2, 0, 5), (1, 2, 5), (3, 1, 5), (0, 3, 5)]
)


class Morphology(Protocol):
    """A neuron's shape: what `circuit.Morphology` is."""

    @property
    def points(self) -> "NDArray[np.float32]":
        """(m, 3), µm."""
        ...

    @property
    def radii(self) -> "NDArray[np.float32]":
        """(m,), µm."""
        ...

    @property
    def parents(self) -> "NDArray[np.int32]":
        """(m,): the point that each goes on from, which comes before it; -1 of a root."""
        ...


@dataclass(frozen=True)
class Tubes:
    """A morphology's surface, in its own coordinates."""

    corners: "NDArray[np.float32]"
    """(v, 3), µm."""
    triangles: "NDArray[np.int32]"
    """(f, 3)."""
    point_of: "NDArray[np.int32]"
    """(v,): the point of the morphology that a corner belongs to."""


def tubes(shape: Morphology, floor: float = 0.0, name: str = "?") -> Tubes:
    """The surface of a morphology; nothing of it is thinner than the radius `floor`, and points of
    a branch that are less than two of those apart are one.

    Raises:
        ValueError: a point, or what it goes on from, makes no sense; `name` is in the message.
    """
    xyz, radii, parents = _checked(shape, name)
    parents = _without_details(xyz, parents, 2 * floor)
    thick = np.maximum(radii, floor)
    used = np.flatnonzero(parents != _LEFT_OUT)
    rings = _rings(xyz, thick, parents)
    sides = THIN if np.median(radii[used]) < floor else ROUND
    angle = np.arange(sides) * 2 * np.pi / sides
    around = (
        np.cos(angle)[None, :, None] * rings.normal[:, None]
        + np.sin(angle)[None, :, None] * rings.across[:, None]
    )
    corners = rings.at[:, None] + rings.radius[:, None, None] * around
    n = np.arange(sides)
    m = (n + 1) % sides
    low, high = rings.before[:, None] * sides, np.flatnonzero(rings.before >= 0)[:, None] * sides
    low = low[rings.before >= 0]
    faces = np.concatenate(
        [
            np.stack([low + n, low + m, high + n], axis=2),
            np.stack([low + m, high + m, high + n], axis=2),
        ],
        axis=1,
    )
    roots = np.flatnonzero(parents == -1)
    ball, ball_faces = _ball()
    balls = xyz[roots][:, None] + thick[roots][:, None, None] * ball
    more = np.arange(len(roots))[:, None, None] * len(ball) + ball_faces
    return Tubes(
        np.concatenate([corners.reshape(-1, 3), balls.reshape(-1, 3)]).astype(np.float32),
        np.concatenate([faces.reshape(-1, 3), more.reshape(-1, 3) + len(rings.at) * sides]).astype(
            np.int32
        ),
        np.concatenate([rings.point.repeat(sides), roots.repeat(len(ball))]).astype(np.int32),
    )


_LEFT_OUT = -2


@dataclass(frozen=True)
class _Rings:
    at: "NDArray[np.float64]"
    radius: "NDArray[np.float64]"
    normal: "NDArray[np.float64]"
    across: "NDArray[np.float64]"
    before: "NDArray[np.int64]"
    """The ring that one is joined to; -1 of those that begin a tube."""
    point: "NDArray[np.int64]"


def _checked(shape: Morphology, name: str) -> "tuple[Any, Any, Any]":
    xyz = np.asarray(shape.points, float).reshape(-1, 3)
    radii = np.asarray(shape.radii, float).reshape(-1)
    parents = np.asarray(shape.parents, np.int64).reshape(-1)
    if not len(xyz):
        raise ValueError(f"morphology {name!r} has no points")
    if not len(xyz) == len(radii) == len(parents):
        raise ValueError(
            f"morphology {name!r} has {len(xyz)} points, {len(radii)} radii and {len(parents)} "
            "parents"
        )
    if not (np.isfinite(xyz).all() and np.isfinite(radii).all()):
        raise ValueError(f"a point of morphology {name!r} is not finite")
    wrong = np.flatnonzero((parents >= np.arange(len(parents))) | (parents < -1))
    if len(wrong):
        raise ValueError(
            f"point {wrong[0]} of morphology {name!r} goes on from point {parents[wrong[0]]}, "
            "which does not come before it"
        )
    return xyz, radii, parents


def _without_details(xyz: Any, parents: Any, least: float) -> "NDArray[np.int64]":
    """The parents, with points of unbranched stretches left out that are no farther than `least`
    from the one that is kept before them: at least the ends that files have twice."""
    children = np.bincount(parents[parents >= 0], minlength=len(parents))
    kept: NDArray[np.int64] = parents.copy()
    # For each point the last one before or at it that is kept.
    at = np.arange(len(parents))
    for point, parent in enumerate(parents):
        if parent < 0:
            continue
        before = at[parent]
        kept[point] = before
        inner = children[point] == 1
        if inner and np.linalg.norm(xyz[point] - xyz[before]) <= least:
            kept[point], at[point] = _LEFT_OUT, before
    return kept


def _rings(xyz: Any, thick: Any, parents: Any) -> _Rings:
    """A ring for each point that has a parent, and one more where a tube begins."""
    points = np.flatnonzero(parents >= 0)
    # The first child of a point that is no root goes on in the same tube; others begin one.
    first = np.full(len(parents), -1)
    first[parents[points][::-1]] = points[::-1]
    goes_on = (first[parents[points]] == points) & (parents[parents[points]] >= 0)
    begins = points[~goes_on]
    point = np.concatenate([points, begins])
    ring_of = np.full(len(parents), -1)
    ring_of[points] = np.arange(len(points))
    before = np.full(len(point), -1)
    before[: len(points)][goes_on] = ring_of[parents[points[goes_on]]]
    before[ring_of[begins]] = len(points) + np.arange(len(begins))
    at = np.concatenate([xyz[points], xyz[parents[begins]]])
    radius = np.concatenate([thick[points], np.minimum(thick[begins], thick[parents[begins]])])
    way = xyz[points] - xyz[parents[points]]
    tangent = np.concatenate([way, way[ring_of[begins]]])
    after = before[: len(points)][goes_on]
    onward = np.zeros_like(tangent)
    onward[after] = _units(way[np.flatnonzero(goes_on)])
    tangent = _units(_units(tangent) + onward)
    normal = _not_twisted(tangent, before)
    return _Rings(at, radius, normal, np.cross(tangent, normal), before, point)


def _not_twisted(tangent: Any, before: Any) -> "NDArray[np.float64]":
    """Normals of rings: each is the one before it, turned as little as the new direction asks."""
    axis = np.eye(3)[np.argmin(np.abs(tangent), axis=1)]
    normal = _units(np.cross(tangent, axis))
    after = np.full(len(before), -1)
    joined = np.flatnonzero(before >= 0)
    after[before[joined]] = joined
    # All tubes go on by one ring at a time.
    now = np.flatnonzero(before < 0)
    while len(now):
        nxt = after[now]
        now, nxt = now[nxt >= 0], nxt[nxt >= 0]
        t = tangent[nxt]
        flat = normal[now] - (normal[now] * t).sum(axis=1, keepdims=True) * t
        good = np.linalg.norm(flat, axis=1) > 1e-6
        normal[nxt[good]] = _units(flat[good])
        now = nxt
    return np.asarray(normal)


def _units(rows: Any) -> Any:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.where(length > 0, rows / np.where(length > 0, length, 1), (0.0, 0.0, 1.0))


def _ball() -> "tuple[NDArray[Any], NDArray[Any]]":
    corners, faces = list(_CORNERS), []
    middle: dict[tuple[int, int], int] = {}

    def between(one: int, other: int) -> int:
        key = (min(one, other), max(one, other))
        if key not in middle:
            sum_ = _CORNERS[one] + _CORNERS[other]
            middle[key] = len(corners)
            corners.append(sum_ / np.linalg.norm(sum_))
        return middle[key]

    for a, b, c in _FACES.tolist():
        ab, bc, ca = between(a, b), between(b, c), between(c, a)
        faces += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
    return np.array(corners), np.array(faces)
