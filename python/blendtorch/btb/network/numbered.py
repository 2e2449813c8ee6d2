"""Which pixel shows which cell: ids as a picture, for masks and annotations.

    ids = network.cell_ids(bpy.context.scene)
    mask = ids.of("golgi_cell", 7)              # height by width, row 0 at the top

One more render, by Cycles with one sample a pixel, which it takes in the middle, in which
everything shines with its number: what an engine draws of a cell may differ from it along its
outline. Owns the numbers, and that the scene is afterwards as it was. It must never be needed for
anything else.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ..passes.job import Job
from ..passes.memory import Memory
from ..passes.saved import Saves
from ..settings import changed
from . import activity, marked, objects, points

if TYPE_CHECKING:
    from numpy.typing import NDArray

_NUMBER = "cell_number"
_MOST = 2**24 - 1
"""Up to so many a float32 counts."""
_SEE_THROUGH = ("legend", "axes", "devices")


@dataclass
class CellIds:
    """The cells of a picture, row 0 at the top."""

    numbers: "NDArray[np.uint32]"
    """Height by width: 0 where no cell is, else 1 + its row among all, in the order of `names`."""
    names: list[str]
    """The populations."""
    firsts: list[int]
    """Of each, the number of its first cell."""
    counts: list[int]
    """Of each, how many cells it has."""
    ids: "dict[str, NDArray[np.int64]]"
    """What the file calls the cells of each."""

    def of(self, name: str, row: int | None = None) -> "NDArray[np.bool_]":
        """The pixels of a population, or of its cell in a row: height by width.

        Raises:
            KeyError: there is no such population.
            IndexError: it has no such row.
        """
        if name not in self.names:
            raise KeyError(f"no population {name!r} is drawn; there are: {', '.join(self.names)}")
        nth = self.names.index(name)
        first, count = self.firsts[nth], self.counts[nth]
        if row is None:
            return (self.numbers >= first) & (self.numbers < first + count)
        if not 0 <= row < count:
            raise IndexError(f"population {name!r} has {count} cells, and no row {row}")
        return np.asarray(self.numbers == first + row)

    def rows(self, name: str) -> "NDArray[np.int64]":
        """The row of each pixel's cell in a population, −1 elsewhere: height by width."""
        first = self.firsts[self.names.index(name)]
        return np.where(self.of(name), self.numbers.astype(np.int64) - first, -1)


def cell_ids(scene: Any = None) -> CellIds:
    """Renders which cell each pixel of the scene's camera shows, at the current frame.

    Cells count however dark they are at the moment; what is seen through by its nature (legends,
    boxes, devices) hides none. Up to 16.7 million cells.

    Raises:
        ValueError: there is no camera, or there are more cells.
    """
    scene = scene or bpy.context.scene
    if scene.camera is None:
        raise ValueError("ids are rendered through the scene's camera, and it has none")
    found = _Numbered()
    with ExitStack() as stack:
        stack.callback(found.forget)
        for root in marked.networks(scene):
            for collection in marked.populations(root):
                found.add(collection)
        stack.enter_context(activity.as_it_is())
        stack.enter_context(_plain(scene))
        layer = scene.view_layers[0]
        job = Job(scene, layer, ("Combined",), None, None, Memory(), Saves())
        job.run()
        seen = job.layers()["Combined"][::-1]
    numbers = np.rint(np.where(seen[..., 3] > 0.5, seen[..., 0], 0.0)).astype(np.uint32)
    return CellIds(numbers, found.names, found.firsts, found.counts, found.ids)


class _Numbered:
    """Numbers of cells, as long as a render needs them."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.firsts: list[int] = []
        self.counts: list[int] = []
        self.ids: dict[str, NDArray[np.int64]] = {}
        self._next = 1
        self._meshes: list[Any] = []
        self._objects: list[Any] = []

    def add(self, collection: Any) -> None:
        name = str(collection.get(marked.NAME))
        of_cells = sorted(objects.by_id(collection).items())
        for obj in marked.objects(collection, "points"):
            count = len(obj.data.vertices)
            attribute = obj.data.attributes.new(_NUMBER, "FLOAT", "POINT")
            self._meshes.append(obj.data)
            values = np.arange(self._next, self._next + count, dtype=np.float32)
            if count:
                attribute.data.foreach_set("value", values)
            obj.data.update_tag()
            self._note(name, points.get(obj, "cell_id").astype(np.int64))
            return
        for nth, (_, obj) in enumerate(of_cells):
            obj[_NUMBER] = float(self._next + nth)
            self._objects.append(obj)
        self._note(name, np.array([number for number, _ in of_cells], np.int64))

    def _note(self, name: str, ids: "NDArray[np.int64]") -> None:
        self.names.append(name)
        self.firsts.append(self._next)
        self.counts.append(len(ids))
        self.ids[name] = ids
        self._next += len(ids)
        if self._next > _MOST:
            raise ValueError(f"more than {_MOST} cells: too many for ids in a picture")

    def forget(self) -> None:
        for mesh in self._meshes:
            there = mesh.attributes.get(_NUMBER)
            if there is not None:
                mesh.attributes.remove(there)
        for obj in self._objects:
            obj.pop(_NUMBER, None)


@contextmanager
def _plain(scene: Any) -> Iterator[None]:
    """Everything shines with its number, and nothing else has an effect."""
    material = _material()
    layer, cycles = scene.view_layers[0], scene.cycles
    hidden = [
        child
        for root in marked.networks(scene)
        for child in root.children
        if child.get("blendtorch_part") in _SEE_THROUGH
    ]
    with ExitStack() as stack:
        stack.callback(bpy.data.materials.remove, material)
        for child in hidden:
            stack.enter_context(changed(child, hide_render=True))
        stack.enter_context(changed(layer, material_override=material))
        stack.enter_context(changed(scene.camera.data.dof, use_dof=False))
        stack.enter_context(
            changed(
                scene.render, engine="CYCLES", film_transparent=True, use_motion_blur=False,
                use_sequencer=False, dither_intensity=0.0,
            )
        )  # fmt: skip
        stack.enter_context(
            changed(
                cycles, samples=1, use_adaptive_sampling=False, use_denoising=False,
                film_exposure=1.0, sample_clamp_direct=0.0, sample_clamp_indirect=0.0,
                max_bounces=0,
            )
        )  # fmt: skip
        yield


def _material() -> Any:
    material = bpy.data.materials.new("cell numbers")
    if not material.use_nodes:
        material.use_nodes = True
    tree = material.node_tree
    tree.nodes.clear()
    end, light = (
        tree.nodes.new(kind) for kind in ("ShaderNodeOutputMaterial", "ShaderNodeEmission")
    )
    both = tree.nodes.new("ShaderNodeMath")
    both.operation = "ADD"
    for nth, kind in enumerate(("GEOMETRY", "OBJECT")):
        number = tree.nodes.new("ShaderNodeAttribute")
        number.attribute_type = kind
        number.attribute_name = _NUMBER if kind == "GEOMETRY" else f'["{_NUMBER}"]'
        tree.links.new(number.outputs["Fac"], both.inputs[nth])
    light.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    tree.links.new(both.outputs[0], light.inputs["Strength"])
    tree.links.new(light.outputs[0], end.inputs["Surface"])
    return material
