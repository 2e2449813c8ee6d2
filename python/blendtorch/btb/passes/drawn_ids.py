"""Ids and points of what the 3D view shows, for a `btb.Renderer` that draws with EEVEE or
Workbench: drawn flat by Workbench, in colours that are numbers.

It leaves the 3D view's settings and all colours as they were.
"""

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import bpy
import gpu
import numpy as np

from .. import drawing, surfaces
from ..rendering import ensure_gpu
from ..settings import changed
from ..solid import looks
from ..solid.picture import Solid
from ..utils import find_first_view3d
from . import things
from .colors import Colors
from .instances import Which
from .intrinsics import Eye
from .memory import Memory
from .points import FAR, points_of_depth
from .streams import DRAWN, Table, fill_instances, fill_materials, kinds_of, layout

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from ..camera import Camera


class DrawnExtras:
    """`instance`, `category`, `material` and `points` of a drawing."""

    def __init__(self, passes: tuple[str, ...], camera: "Camera") -> None:
        """For those of them that are wanted."""
        drawing.check(camera)
        ensure_gpu()
        self.passes = tuple(name for name in passes if name in DRAWN)
        self._camera = camera
        kinds = kinds_of(self.passes)
        self.table = Table(bpy.context.scene, bpy.context.view_layer) if kinds else None
        self._colors = {
            kind: Colors("OBJECT" if kind == "segmentations" else "MATERIAL")
            for kind in sorted(kinds)
        }
        height, width = camera.shape
        self._offscreen = drawing.memory(self, width, height, "RGBA16F")
        self._pixels = np.empty((height, width, 4), np.float32)
        self._buffer = gpu.types.Buffer("FLOAT", self._pixels.shape, self._pixels)
        self._depth = surfaces.DepthBuffer(camera)
        self._solids = {kind: Solid() for kind in ("SINGLE", "OBJECT", "MATERIAL")}
        self._memory = Memory()

    def layout(self) -> "dict[str, tuple[tuple[int, ...], Any]]":
        """Shape and dtype of each."""
        return layout(self.passes, self._camera.shape)

    def fill(self, out: "dict[str, NDArray[Any]]") -> None:
        """Draws them, and writes them."""
        found: list[NDArray[np.float32]] = []

        def points() -> "NDArray[np.float32]":
            # All that is drawn here has the same depth.
            if not found:
                found.append(self._points())
            return found[0]

        for colors in self._colors.values() or [None]:
            self._draw(colors)
            if colors is None or self.table is None:
                continue
            numbers = self._memory.array("numbers", tuple(self._camera.shape), np.uint32)
            colors.read(self._pixels, numbers)
            if colors.kind == "MATERIAL":
                fill_materials(self.table, numbers, colors.names.names, out)
                continue
            self._tell(numbers, colors.names.names, points, self.table)
            fill_instances(self.table, numbers, out)
        if "points" in out:
            out["points"][...] = points()[::-1]

    def free(self) -> None:
        """Gives back the GPU's memory."""
        for solid in self._solids.values():
            solid.free()
        drawing.free(self._offscreen)

    def _tell(
        self,
        numbers: "NDArray[np.uint32]",
        names: list[str],
        points: "Callable[[], NDArray[np.float32]]",
        table: Table,
    ) -> None:
        depsgraph = bpy.context.evaluated_depsgraph_get()
        there = things.places(depsgraph) if things.may_have_instances() else []
        eye = Eye(self._camera)
        which = Which(depsgraph, there, eye, lambda place: place.instancer)
        which.things(numbers, names, points, table.number_of)

    def _points(self) -> "NDArray[np.float32]":
        depth = self._memory.array("depth", tuple(self._camera.shape))
        self._depth.read(self._offscreen, depth)
        lowest_first = np.ascontiguousarray(depth[::-1])
        lowest_first[~np.isfinite(lowest_first)] = FAR
        return points_of_depth(lowest_first, Eye(self._camera), self._memory.array)

    def _draw(self, colors: Colors | None) -> None:
        drawing.smooth_nothing()
        _, space, region = find_first_view3d()
        shading = space.shading
        with (
            changed(space, show_gizmo=False),
            changed(space.overlay, show_overlays=False),
            changed(shading, type="SOLID"),
            changed(shading, light="FLAT", **surfaces.PLAIN_VIEW),
        ):
            kind = "SINGLE" if colors is None else colors.kind
            look = looks.numbers(_color_of(colors), kind)
            if not self._solids[kind].draw(self._offscreen, space, region, self._camera, look):
                with ExitStack() as stack:
                    if colors is not None:
                        stack.enter_context(colors.shown())
                    stack.enter_context(changed(shading, color_type=kind))
                    drawing.draw(self._offscreen, space, region, self._camera)
        drawing.read_color(self._offscreen, "FLOAT", self._buffer)


def _color_of(colors: Colors | None) -> "Callable[[Any, Any, int], looks.Color | str]":
    """The colours of numbers, as `colors.shown` gives them to objects or materials."""
    if colors is None:
        return lambda instance, obj, slot: (1.0, 1.0, 1.0, 0.0)
    known: dict[int, looks.Color] = {}

    def of_object(instance: Any, obj: Any, slot: int) -> looks.Color:
        # An instance has the colour of the object that makes it.
        owner = (instance.parent if instance.is_instance else obj).original
        return *colors.color(owner.name_full)[:3], 0.0

    def of_material(instance: Any, obj: Any, slot: int) -> looks.Color:
        material = looks.material_of(obj, slot)
        if material is None:  # Blender's own grey, which is no number.
            return *looks.GREY, 0.0
        key = material.as_pointer()
        if key not in known:
            known[key] = (*colors.color(material.original.name_full)[:3], 0.0)
        return known[key]

    return of_object if colors.kind == "OBJECT" else of_material
