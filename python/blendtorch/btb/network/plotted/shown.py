"""What a scene's plots show: which objects, as discs or as surfaces, and what is kept of them from
picture to picture.

Owns which objects are drawn, in which order discs are, and that what has not changed is not made
again.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from ...changes import Changes
from .. import marked
from . import DISC, discs, surfaces

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .surfaces import Surface


class Shown:
    """Discs and surfaces of the scene as it is now."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._changes = Changes()
        self._surfaces: dict[str, Surface | None] = {}
        self._points: dict[str, discs.OfPoints] = {}
        self._discs: list[discs.Discs] = []
        self._view: NDArray[np.float64] | None = None
        self.flat: list[tuple[Surface, NDArray[np.float64]]] = []
        """Surfaces, each with the matrix of its object."""
        self.order: NDArray[np.intp] = np.empty(0, np.intp)
        """Of all discs, the farthest first."""
        self.depths: NDArray[np.float32] = np.empty(0, np.float32)
        """How far they are before the camera, in that order."""
        self.places: NDArray[np.float32] = np.empty((0, 3), np.float32)
        """In that order, as radii are."""
        self.radii: NDArray[np.float32] = np.empty(0, np.float32)

    def look(self, scene: Any, layer: Any, depsgraph: Any, view: "NDArray[np.float64]") -> None:
        """Reads what has changed, seen by a view (world to camera)."""
        changed = self._changes.take()
        if changed is None:
            self._surfaces, self._points, changed = {}, {}, set()
        before = self._surfaces
        self._surfaces, self.flat = {}, []
        kept: dict[str, discs.OfPoints] = {}
        moved = False
        cells: dict[str, tuple[Any, list[Any]]] = {}
        for obj, collection in _drawn(scene, layer):
            name = obj.name_full
            if _is_cell(obj, collection):
                cells.setdefault(collection.name_full, (collection, []))[1].append(obj)
            elif obj.get(marked.ROLE) == "points" or DISC in obj:
                key = f"{name} {len(obj.data.vertices)} {DISC in obj}"
                one = self._points.get(key)
                if one is None:
                    of = discs.Cloud if DISC in obj else discs.Cells
                    one, moved = of(obj, collection), True
                else:
                    moved |= one.look(obj, collection)
                kept[key] = one
            elif obj.type in surfaces.SHAPES:
                made = before.get(name)
                stays = name in before and not _is_in(changed, obj)
                if not stays or (made is not None and made.color != surfaces.color_of(obj)):
                    made = surfaces.made(obj, depsgraph)
                self._surfaces[name] = made
                if made is not None:
                    matrix = np.array(obj.evaluated_get(depsgraph).matrix_world, np.float64)
                    self.flat.append((made, matrix))
        alone = [discs.CellObjects(objects, collection) for collection, objects in cells.values()]
        others = list(kept) != list(self._points) or len(kept) + len(alone) != len(self._discs)
        moved |= bool(alone) or others
        self._points = kept
        self._discs = [*kept.values(), *alone]
        if moved or self._view is None or not np.array_equal(view, self._view):
            self._sort(view)

    def colors(self) -> "NDArray[np.uint8]":
        """Of all discs now, in the order of `order`: n × 4."""
        every = [one.colors() for one in self._discs]
        if not every:
            return np.empty((0, 4), np.uint8)
        joined = np.ascontiguousarray(np.concatenate(every)).view(np.uint32)[:, 0]
        return joined[self.order].view(np.uint8).reshape(-1, 4)

    def _sort(self, view: "NDArray[np.float64]") -> None:
        self._view = view.copy()
        every = self._discs
        if not every:
            self.order = np.empty(0, np.intp)
            self.depths = self.radii = np.empty(0, np.float32)
            self.places = np.empty((0, 3), np.float32)
            return
        places = np.concatenate([one.places for one in every])
        radii = np.concatenate([one.radii for one in every])
        depths = (-(places @ view[2, :3] + view[2, 3])).astype(np.float32)
        self.order = np.argsort(-depths, kind="stable")
        self.depths, self.radii = depths[self.order], radii[self.order]
        self.places = places[self.order]


def _is_cell(obj: Any, collection: Any) -> bool:
    """Whether it is an object that is one cell of a population."""
    return bool(collection.get("blendtorch_as_objects")) and obj.get("cell_id") is not None


def _is_in(changed: "set[str]", obj: Any) -> bool:
    data = obj.data
    names = {obj.name_full, data.name_full}
    names |= {slot.material.name_full for slot in obj.material_slots if slot.material}
    return bool(names & changed)


def _drawn(scene: Any, layer: Any) -> Iterator[tuple[Any, Any]]:
    """The objects that pictures show, each once, with the collection that has it."""
    out = _excluded(layer)
    seen: set[str] = set()
    left = [scene.collection]
    while left:
        one = left.pop()
        if one.hide_render or one.name_full in out:
            continue
        left += reversed(one.children)
        for obj in one.objects:
            if not obj.hide_render and obj.name_full not in seen:
                seen.add(obj.name_full)
                yield obj, one


def _excluded(layer: Any) -> "set[str]":
    """The names of the collections that a view layer leaves out."""
    out: set[str] = set()
    left: list[Any] = [layer.layer_collection]
    while left:
        one = left.pop()
        if one.exclude:
            out.add(one.collection.name_full)
        left += one.children
    return out
