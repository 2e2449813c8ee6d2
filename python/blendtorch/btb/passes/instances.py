"""Which of several instances of one object a pixel shows.

Engines tell objects apart, and instances of one object not. Where a pixel's point is in the world,
and where the instances are, does: it is in the box of its own. Where boxes overlap it is on the
surface that is nearest. It must never change a scene.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from .. import meshes
from .things import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .intrinsics import Eye

# How far a point may lie outside a box, of the box's diagonal.
_NEAR = 1e-3


class _Box:
    """An instance's own box."""

    def __init__(self, instance: Any) -> None:
        matrix = np.array(instance.matrix_world)
        corners = np.array(instance.object.bound_box, dtype=float)
        low, high = corners.min(0), corners.max(0)
        self.world = corners @ matrix[:3, :3].T + matrix[:3, 3]
        self.matrix = matrix[:3, :3]
        try:
            self.inverse = np.linalg.inv(self.matrix)
        except np.linalg.LinAlgError:  # It is scaled to nothing along an axis.
            self.inverse = np.linalg.pinv(self.matrix)
        self.at = matrix[:3, 3]
        self.middle, self.half = (low + high) / 2, (high - low) / 2
        self.scale = np.linalg.norm(matrix[:3, :3], axis=0)
        self.near = _NEAR * float(np.linalg.norm(self.world.max(0) - self.world.min(0))) + 1e-6

    def local(self, points: "NDArray[Any]") -> "NDArray[Any]":
        return np.asarray((points - self.at) @ self.inverse.T)

    def outside(self, points: "NDArray[Any]") -> "NDArray[Any]":
        """How far points of the world are outside, about, in the world's units."""
        shift, turn = self.middle + self.inverse @ self.at, self.inverse.T
        beyond = points.astype(np.float32) @ turn.astype(np.float32)
        beyond -= shift.astype(np.float32)
        np.abs(beyond, out=beyond)
        beyond -= self.half.astype(np.float32)
        np.maximum(beyond, 0, out=beyond)
        beyond *= self.scale.astype(np.float32)
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", beyond, beyond)))


class Which:
    """Finds the instances that pixels show, in one evaluated scene."""

    def __init__(
        self,
        depsgraph: Any,
        places: list[Place],
        eye: "Eye",
        by: "Callable[[Place], str]" = lambda place: place.object,
    ) -> None:
        """Of what is drawn there, seen by `eye`; `by` says by which name pixels know a place."""
        self._eye = eye
        self._of: dict[str, list[Place]] = {}
        for place in places:
            self._of.setdefault(by(place), []).append(place)
        wanted = {one.number for group in self._of.values() if len(group) > 1 for one in group}
        self._boxes: dict[int, _Box] = {}
        self._surfaces: dict[int, _Surface] = {}
        if wanted:
            for number, instance in enumerate(depsgraph.object_instances):
                if number in wanted:
                    self._boxes[number] = _Box(instance)
            self._keep_surfaces(depsgraph)

    def _keep_surfaces(self, depsgraph: Any) -> None:
        """Of what stands close to another instance of the same: the depsgraph will be gone."""
        close: set[int] = set()
        for group in self._of.values():
            numbers = [place.number for place in group if place.number in self._boxes]
            if len(numbers) > 1:
                near = _touching([self._boxes[number] for number in numbers])
                close |= {number for number, yes in zip(numbers, near, strict=True) if yes}
        by_data: dict[int, _Surface] = {}
        for number, instance in enumerate(depsgraph.object_instances):
            if number not in close:
                continue
            data = instance.object.data
            key = data.as_pointer() if data is not None else 0
            if key not in by_data:
                by_data[key] = _Surface(instance.object)
            self._surfaces[number] = by_data[key]

    def things(
        self,
        shown: "NDArray[np.uint32]",
        objects: list[str],
        points: "Callable[[], NDArray[np.float32]]",
        number_of: "Callable[[str, str], int]",
    ) -> None:
        """Turns numbers of objects into numbers of things, in place.

        Args:
            shown: H × W: 1 + the place in `objects` of what a pixel shows; 0 is nothing.
            objects: names of objects.
            points: gives H × W × 3, the pixels' points in the world.
            number_of: the number of a thing, by its name and its object's.
        """
        table = np.zeros(len(objects) + 1, np.uint32)
        several: list[tuple[int, list[Place]]] = []
        for number, name in enumerate(objects, 1):
            group = self._of.get(name, [])
            if len(group) > 1:
                several.append((number, group))
            thing, shows = (group[0].thing, group[0].object) if group else (name, name)
            table[number] = number_of(thing, shows)
        found = table[shown]
        if several:
            at = points()
            for number, group in several:
                self._choose(shown == number, group, at, found, number_of)
        shown[...] = found

    def _choose(
        self,
        mask: "NDArray[np.bool_]",
        group: list[Place],
        points: "NDArray[np.float32]",
        found: "NDArray[np.uint32]",
        number_of: "Callable[[str, str], int]",
    ) -> None:
        best = np.full(mask.shape, np.inf, np.float32)
        winner = np.zeros(mask.shape, np.int32)
        crowded = np.zeros(mask.shape, np.bool_)
        for nth, place in enumerate(group):
            box = self._boxes[place.number]
            at_rows, at_columns = self._rectangle(box)
            here = mask[at_rows, at_columns]
            if not here.any():
                continue
            outside = box.outside(points[at_rows, at_columns][here])
            before = best[at_rows, at_columns][here]
            better = outside < before
            if not better.all():
                crowd = crowded[at_rows, at_columns]
                crowd[here] |= (outside <= box.near) & (before <= box.near)
            best[at_rows, at_columns][here] = np.minimum(before, outside)
            won = winner[at_rows, at_columns]
            won[here] = np.where(better, nth, won[here])
        if crowded.any():
            winner[crowded] = self._nearest(group, points[crowded].astype(np.float64))
        numbers = np.array([number_of(one.thing, one.object) for one in group], np.uint32)
        found[mask] = numbers[winner[mask]]

    def _rectangle(self, box: _Box) -> tuple[slice, slice]:
        """The rows (from the lowest) and columns around a box."""
        height, width = self._eye.shape
        clip = np.c_[box.world, np.ones(8)] @ (self._eye.projection @ self._eye.view).T
        if (clip[:, 3] <= 1e-9).any():  # It reaches behind the camera.
            return slice(0, height), slice(0, width)
        ndc = clip[:, :2] / clip[:, 3:]
        # Samples of a pixel may lie up to a filter's width outside of it.
        low = (ndc.min(0) + 1) / 2 * (width, height) - 3
        high = (ndc.max(0) + 1) / 2 * (width, height) + 4
        x0, y0 = np.clip(low, 0, (width, height)).astype(int).tolist()
        x1, y1 = np.clip(high, 0, (width, height)).astype(int).tolist()
        return slice(y0, y1), slice(x0, x1)

    def _nearest(self, group: list[Place], at: "NDArray[Any]") -> "NDArray[Any]":
        """For each point the place in `group` of the surface that is nearest."""
        best = np.full(len(at), np.inf)
        winner = np.zeros(len(at), np.int64)
        for nth, place in enumerate(group):
            box, surface = self._boxes[place.number], self._surfaces.get(place.number)
            outside = box.outside(at)
            for i in np.nonzero(outside <= box.near)[0]:
                near = None if surface is None else surface.nearest(box.local(at[i]))
                if near is None:
                    continue
                distance = float(np.linalg.norm(box.matrix @ near + box.at - at[i]))
                if distance < best[i]:
                    best[i], winner[i] = distance, nth
        return winner


class _Surface:
    """The faces of what instances show, in its own coordinates."""

    def __init__(self, obj: Any) -> None:
        self._tree: BVHTree | None = None
        try:
            with meshes.mesh_of(obj) as mesh:
                self._mesh = meshes.vertices(mesh), meshes.triangles(mesh)
        except TypeError:  # It has none: then its box has to do.
            self._mesh = np.empty((0, 3)), np.empty((0, 3), np.int32)

    def nearest(self, point: "NDArray[Any]") -> "NDArray[Any] | None":
        """The point of a face that is nearest; None where there are no faces."""
        if self._tree is None:
            vertices, triangles = self._mesh
            self._tree = BVHTree.FromPolygons(
                vertices.tolist(), triangles.tolist(), all_triangles=True
            )
        found = self._tree.find_nearest(Vector(point))[0]
        return None if found is None else np.array(found)


# Of more instances than this all are taken to be close to others.
_MANY = 2000


def _touching(boxes: list[_Box]) -> "NDArray[np.bool_]":
    """Which boxes meet another one, by the upright boxes around them."""
    if len(boxes) > _MANY:
        return np.ones(len(boxes), np.bool_)
    low = np.array([box.world.min(0) - box.near for box in boxes])
    high = np.array([box.world.max(0) + box.near for box in boxes])
    found = np.zeros(len(boxes), np.bool_)
    for i in range(len(boxes)):
        meets = ((low <= high[i]) & (high >= low[i])).all(-1)
        found[i] = meets.sum() > 1
    return found
