"""The passes of a `btb.Renderer` beyond image, depth and normals.

Owns what each is made of, its shape, and a table of ids that needs no one to give it. Row 0 is at
the top, as in all that a Renderer gives; docs/passes.md has the conventions.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .. import cycles
from . import ids, marks, things
from .crypto import ranks_of
from .instances import Which
from .intrinsics import Eye
from .kinds import Ids, Things
from .memory import Memory
from .traced import CRYPTO, IDS, Told

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..viewpoint import Viewpoint

_MADE_OF: dict[str, tuple[str, ...]] = {
    "flow_forward": ("Vector",),
    "flow_backward": ("Vector",),
    "instance": (),
    "category": (),
    "material": (),
    "diffuse": ("DiffDir", "DiffInd", "DiffCol"),
    "specular": ("GlossDir", "GlossInd", "GlossCol"),
    "points": ("Position",),
    "emission": ("Emit",),
    "cryptomatte": (),
}
EXTRA = tuple(_MADE_OF)
"""The passes that are made here, of a Renderer with Cycles."""

DRAWN = ("instance", "category", "material", "points")
"""Those of drawings of the 3D view."""

OF_A_PLANE = ("flow_forward", "flow_backward")
"""Those that panoramic cameras lack."""


class Table:
    """Ids that renders get by themselves: by sorted names, and those that come later the next."""

    def __init__(self, scene: Any, layer: Any) -> None:
        """Of what the scene can show now."""
        self.objects, self.materials = ids.Labels(2), ids.Labels(1)
        self.shows: dict[str, str] = {}
        self.given: dict[str, dict[str, Any]] = {"instances": {}, "materials": {}}
        self._collections: dict[str, int] = {}
        self._add(things.all_things(scene, layer))

    def give(self, table: Ids) -> None:
        """Sets ids; see `Capture.give`."""
        ids.give(self.objects, self.materials, table)
        for kind, values in table.items():
            self.given[kind].update(values)

    def number_of(self, thing: str, shows: str) -> int:
        """As `Which.things` asks for it."""
        self.shows[thing] = shows
        return self.objects.names.number(thing)

    def fill(
        self,
        kind: str,
        numbers: "NDArray[np.uint32]",
        outs: "list[NDArray[np.uint32]]",
    ) -> None:
        """Writes ids of numbers; what has none yet gets some."""
        labels = self.objects if kind == "segmentations" else self.materials
        if left := labels.fill(numbers, outs):
            if kind == "segmentations":
                pairs = [(name, self.shows.get(name, name)) for name in left]
                self._add(Things(things.named(pairs), []))
            else:
                self._add(Things([], left))
            labels.fill(numbers, outs)

    def _add(self, new: Things) -> None:
        instances, materials = self.given["instances"], self.given["materials"]
        table: dict[str, dict[str, Any]] = {"instances": {}, "materials": {}}
        said = [one.category_id for one in new.objects if one.category_id is not None]
        last = max([*said, *(pair[1] for pair in instances.values())], default=0)
        for name in sorted({one.collection for one in new.objects if one.category_id is None}):
            if name not in self._collections:
                last += 1
                self._collections[name] = last
        first = max((pair[0] for pair in instances.values()), default=0) + 1
        for number, one in enumerate(new.objects, first):
            of_collection = self._collections.get(one.collection, 0)
            category = of_collection if one.category_id is None else one.category_id
            table["instances"][one.name] = [number, category]
        largest = max(materials.values(), default=0)
        table["materials"] = {name: n for n, name in enumerate(new.materials, largest + 1)}
        self.give(table)


def kinds_of(passes: Iterable[str]) -> set[str]:
    """Which ids some passes are of."""
    found = {"segmentations"} if {"instance", "category"} & set(passes) else set()
    return found | ({"materials"} if "material" in passes else set())


class TracedExtras:
    """Those of a Renderer with Cycles."""

    def __init__(self, passes: tuple[str, ...], camera: "Viewpoint") -> None:
        """For the passes that are of this file."""
        self.passes = tuple(name for name in passes if name in _MADE_OF)
        self._camera = camera
        kinds = kinds_of(self.passes)
        scene, layer = bpy.context.scene, bpy.context.view_layer
        self.table = Table(scene, layer) if kinds else None
        self._told = Told(kinds, by_index=marks.used_by() is None)
        self._memory = Memory()
        self._levels = (int(layer.pass_cryptomatte_depth) + 1) // 2
        wanted = [one for name in self.passes for one in _MADE_OF[name]]
        wanted += self._told.passes(self._levels)
        self._instances = "segmentations" in kinds and things.may_have_instances()
        if self._instances:
            wanted.append("Position")
        if "cryptomatte" in self.passes:
            wanted += [f"{kind}{n:02d}" for kind in CRYPTO.values() for n in range(self._levels)]
        self.wanted = tuple(dict.fromkeys(wanted))
        self._which: Which | None = None

    def layout(self) -> "dict[str, tuple[tuple[int, ...], Any]]":
        """Shape and dtype of each."""
        return layout(self.passes, self._camera.shape, 8 * self._levels)

    def mark(self) -> None:
        """Before each render."""
        self._told.mark()
        self._which = None

    def look(self, depsgraph: Any) -> None:
        """Within each render: sees where instances are."""
        if self._instances:
            there = things.places(depsgraph)
            self._which = Which(depsgraph, there, Eye(self._camera._still(depsgraph)))

    def fill(self, raw: "dict[str, NDArray[np.float32]]", out: "dict[str, NDArray[Any]]") -> None:
        """Writes the passes of what was rendered."""
        for name in self.passes:
            if name in ("flow_forward", "flow_backward"):
                # Blender's: to the frame before in XY, from the one after in ZW, y up.
                first, signs = (0, (1, -1)) if name == "flow_backward" else (2, (-1, 1))
                np.multiply(raw["Vector"][::-1, :, first : first + 2], signs, out=out[name],
                            casting="unsafe")  # fmt: skip
            elif name in ("diffuse", "specular"):
                direct, indirect, color = (raw[one] for one in _MADE_OF[name])
                np.add(direct[::-1], indirect[::-1], out=out[name])
                out[name] *= color[::-1]
            elif name in ("points", "emission"):
                out[name][...] = raw[_MADE_OF[name][0]][::-1]
            elif name == "cryptomatte":
                ranks = [ranks_of(raw, kind) for kind in CRYPTO.values()]
                np.concatenate(ranks, -1, out=out[name])
                out[name][...] = out[name][::-1].copy()
        if self.table is not None:
            self._fill_ids(raw, out, self.table)

    def _fill_ids(
        self,
        raw: "dict[str, NDArray[np.float32]]",
        out: "dict[str, NDArray[Any]]",
        table: Table,
    ) -> None:
        numbers = self._memory.array("numbers", tuple(self._camera.shape), np.uint32)
        if "segmentations" in self._told.kinds:
            self._told.read("segmentations", raw, numbers)
            names = self._told.names("segmentations")
            which = self._which or Which(None, [], Eye(self._camera))
            which.things(numbers, names, lambda: raw["Position"], table.number_of)
            fill_instances(table, numbers, out)
        if "material" in out:
            self._told.read("materials", raw, numbers)
            fill_materials(table, numbers, self._told.names("materials"), out)

    def free(self) -> None:
        """The scene's pass indices are the user's again."""
        self._told.release()


def layout(
    passes: tuple[str, ...], shape: tuple[int, int], crypto: int = 0
) -> "dict[str, tuple[tuple[int, ...], Any]]":
    """Shape and dtype of passes of this file; `crypto` is how many channels that one has."""
    every: dict[str, tuple[tuple[int, ...], Any]] = {
        "flow_forward": ((*shape, 2), np.float32),
        "flow_backward": ((*shape, 2), np.float32),
        "instance": (tuple(shape), np.uint32),
        "category": (tuple(shape), np.uint32),
        "material": (tuple(shape), np.uint32),
        "cryptomatte": ((*shape, crypto), np.float32),
    }
    return {name: every.get(name, ((*shape, 3), np.float32)) for name in passes}


def fill_instances(
    table: Table, things: "NDArray[np.uint32]", out: "dict[str, NDArray[Any]]"
) -> None:
    """Writes `instance` and `category` of numbers of things, the lowest row first."""
    upright = np.ascontiguousarray(things[::-1])
    spare = np.empty_like(upright) if not {"instance", "category"} <= set(out) else None
    outs = [out.get(name, spare) for name in ("instance", "category")]
    table.fill("segmentations", upright, outs)  # type: ignore[arg-type]


def fill_materials(
    table: Table,
    numbers: "NDArray[np.uint32]",
    names: list[str],
    out: "dict[str, NDArray[Any]]",
) -> None:
    """Writes `material` of numbers of `names`, the lowest row first."""
    lut = np.array([0, *(table.materials.names.number(name) for name in names)], np.uint32)
    table.fill("materials", np.take(lut, numbers[::-1], mode="clip"), [out["material"]])


def check_blur_free(passes: Iterable[str]) -> bool:
    """Whether some passes are of one moment, which motion blur has not."""
    made = {one for name in passes for one in _MADE_OF.get(name, ())}
    return bool(made & cycles.OF_A_MOMENT or kinds_of(passes))


__all__ = ["DRAWN", "EXTRA", "IDS", "OF_A_PLANE", "Table", "TracedExtras", "layout"]
