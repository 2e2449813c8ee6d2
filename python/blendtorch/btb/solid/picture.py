"""Solid surfaces, drawn into the memory of a renderer.

Owns what is drawn of the scene as it is now, and that the first picture of each kind is compared
with Blender's own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy
import gpu
import numpy as np

from .. import batches, drawing, runtime
from ..drawn import drawable
from . import light, programs, rules
from .looks import Color, Look
from .shapes import Shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..camera import Camera

DIFFERENT = 0.002
"""Up to this part of a picture's pixels may differ by more than 2/255 from Blender's: along edges,
and in the sharpest highlights of metals."""
_STEP = 2.5 / 255
"""Where bytes are drawn, rounding makes a step of next to no difference, on either side."""
_DEPTH = 1e-6
_AWAY = -0.7
"""A normal of the camera's space so far away from it is of the back, but in the widest lenses."""
_SCREEN = np.array([(-1, -1), (3, -1), (-1, 3)], np.float32)
Item = tuple[Any, Any, Color]
"""A batch, its matrix and its colour."""


_MOST_KINDS = 32


@dataclass
class _Kind:
    """Pictures of one kind: with one light, one ground, one size."""

    differs: bool = False
    """Whether they are not Blender's."""
    ground: Any = None
    """What is behind everything, where no setting says it."""


class _Programs:
    """The programs and the meshes that all pictures have in common."""

    def __init__(self) -> None:
        self.ground = programs.ground()
        self.screen = batches.triangles(batches.vertices(corner=_SCREEN))
        self.shapes = Shapes()
        self._surfaces: dict[str, Any] = {}
        drawing.keep(self)

    def surfaces(self, kind: programs.Kind) -> Any:
        """The program that draws surfaces so."""
        if kind not in self._surfaces:
            self._surfaces[kind] = programs.surfaces(kind)
        return self._surfaces[kind]

    def free(self) -> None:
        """Gives them back, before Blender ends."""
        global _shared
        _shared = None


_shared: _Programs | None = None


def _common() -> _Programs:
    global _shared
    if _shared is None:
        _shared = _Programs()
    return _shared


class Solid:
    """Draws the solid surfaces of the current scene."""

    def __init__(self) -> None:
        """Nothing is drawn yet."""
        self._kinds: dict[tuple[Any, ...], _Kind] = {}
        self.reason: str | None = "nothing is drawn yet"
        """Why the last picture was not drawn here; None where it was."""
        drawing.keep(self)

    def draw(
        self,
        offscreen: Any,
        space: Any,
        region: Any,
        camera: "Camera",
        look: Look,
        background: bool = True,
    ) -> bool:
        """Draws the scene as it is now into `offscreen`, as `drawing.draw` does; whether it did.
        Why not says `reason`, and then nothing is drawn.

        Args:
            offscreen: what to draw into.
            space: the 3D view whose settings it has.
            region: of that.
            camera: what to see it from.
            look: what surfaces look like.
            background: whether to draw it, where `look` is of a picture; else it is 0.
        """
        refused = self.reason is not None
        self.reason = rules.of_space(space, runtime.region_3d(space, region))
        if self.reason is not None:
            return False
        camera.check_alive()
        drawing.check(camera)
        bpy.context.view_layer.update()
        key = (*look.kind, background, offscreen.width, offscreen.height)
        kind = self._kinds.get(key)
        if kind is not None and kind.differs:
            self.reason = "its picture differs from Blender's"
            return False
        depsgraph = bpy.context.evaluated_depsgraph_get()
        # Where the picture before was refused, this one is too as a rule: then nothing is made.
        if refused and self._refuses(depsgraph, look):
            return False
        items = self._items(depsgraph, look)
        if items is None:
            return False
        if kind is None:
            kind = self._new_kind(key)
            if look.is_picture and background and look.ground is None:
                kind.ground = _ground_of(offscreen, space, region, camera)
            self._draw(offscreen, camera, look, items, kind, background)
            kind.differs = _differs(offscreen, space, region, camera, look, background)
            if kind.differs:
                self.reason = "its picture differs from Blender's"
                return False
        self._draw(offscreen, camera, look, items, kind, background)
        return True

    def free(self) -> None:
        """Gives back what it has of the graphics library."""
        self._kinds = {}

    def _new_kind(self, key: tuple[Any, ...]) -> "_Kind":
        if len(self._kinds) >= _MOST_KINDS:
            del self._kinds[next(iter(self._kinds))]
        made = self._kinds[key] = _Kind()
        return made

    def _refuses(self, depsgraph: Any, look: Look) -> bool:
        """Whether something is there that is not drawn here."""
        if len(depsgraph.object_instances) > (most := rules.most()):
            self.reason = f"more than {most} surfaces"
            return True
        for instance, obj in _drawn(depsgraph):
            self.reason = rules.of_instance(instance, obj)
            for slot in range(max(len(obj.material_slots), 1)) if self.reason is None else ():
                color = look.color(instance, obj, slot)
                self.reason = color if isinstance(color, str) else self.reason
            if self.reason is not None:
                return True
        return False

    def _items(self, depsgraph: Any, look: Look) -> "list[Item] | None":
        """What is drawn: batches, each with the matrix and the colour that it has."""
        shapes = _common().shapes
        shapes.begin()
        items: list[Item] = []
        most = rules.most()
        for instance, obj in _drawn(depsgraph):
            self.reason = rules.of_instance(instance, obj)
            parts = None if self.reason is not None else shapes.of(obj)
            if parts is None:
                self.reason = self.reason or "meshes that change in each picture"
                return None
            matrix = instance.matrix_world.copy()
            for slot, batch in parts:
                color = look.color(instance, obj, slot)
                if isinstance(color, str):
                    self.reason = color
                    return None
                items.append((batch, matrix, color))
            if len(items) > most:
                self.reason = f"more than {most} surfaces"
                return None
        return items

    def _draw(
        self,
        offscreen: Any,
        camera: "Camera",
        look: Look,
        items: "list[Item]",
        kind: "_Kind",
        background: bool,
    ) -> None:
        view, program = camera.view_matrix, _common().surfaces(look.program)
        block = light.block(look.lamps, view, camera.proj_matrix)
        turn_of = view.to_3x3()
        with offscreen.bind(), drawing.state_kept():
            _draw_ground((look.ground or kind.ground) if background else None)
            gpu.state.depth_test_set("LESS")
            gpu.state.depth_mask_set(True)
            program.bind()
            program.uniform_block("solid", block)
            # In Blender's order: of two that lie in one plane the first one is seen.
            for batch, matrix, color in items:
                program.uniform_float("model", matrix)
                # A mirror turns the front to the back.
                gpu.state.front_facing_set(matrix.is_negative)
                # What a program does not use it does not have.
                if look.program != "flat":
                    turn = (turn_of @ matrix.to_3x3()).inverted_safe().transposed()
                    program.uniform_float("turn", turn)
                if look.program != "normals":
                    program.uniform_float("surface", color)
                batch.draw(program)
        drawing.is_last(offscreen)


def _drawn(depsgraph: Any) -> Iterator[tuple[Any, Any]]:
    """The instances that may have a surface, each valid until the next one, with its object."""
    for instance in depsgraph.object_instances:
        obj = instance.object
        if instance.show_self and drawable(obj):
            yield instance, obj


def _draw_ground(ground: Any) -> None:
    """Clears everything to one colour, or draws a texture; None is nothing at all."""
    framebuffer = gpu.state.active_framebuffer_get()
    color = ground if isinstance(ground, tuple) else (0.0, 0.0, 0.0, 0.0)
    framebuffer.clear(color=color, depth=1.0)
    if ground is not None and not isinstance(ground, tuple):
        gpu.state.depth_test_set("NONE")
        program = _common().ground
        program.bind()
        program.uniform_sampler("ground", ground)
        _common().screen.draw(program)


def _ground_of(offscreen: Any, space: Any, region: Any, camera: "Camera") -> Any:
    """What Blender draws behind everything: one colour, or a texture of more."""
    drawing.draw(offscreen, space, region, camera, nothing=True)
    seen = _colors(offscreen)
    if (seen == seen[0, 0]).all():
        return tuple(map(float, seen[0, 0]))
    buffer = gpu.types.Buffer("FLOAT", seen.size, seen.reshape(-1))
    size = (offscreen.width, offscreen.height)
    return gpu.types.GPUTexture(size, format="RGBA16F", data=buffer)


def _differs(
    offscreen: Any, space: Any, region: Any, camera: "Camera", look: Look, background: bool
) -> bool:
    """Whether what was drawn is not what Blender draws."""
    colors, depths = _colors(offscreen), _depths(offscreen)
    drawing.draw(offscreen, space, region, camera, background)
    apart = np.abs(depths - _depths(offscreen)) > _DEPTH
    if look.is_picture:
        both = (np.clip(one, 0, 1) for one in (colors, _colors(offscreen)))
        apart |= np.abs(np.subtract(*both)).max(2) > _STEP
    if look.program == "normals":
        # What is seen is turned to the camera: else front and back are mixed up here.
        apart |= (colors[..., 3] > 0) & (colors[..., 2] < _AWAY)
    return float(apart.mean()) > DIFFERENT


def _colors(offscreen: Any) -> "NDArray[np.float32]":
    seen = np.empty((offscreen.height, offscreen.width, 4), np.float32)
    drawing.read_color(offscreen, "FLOAT", gpu.types.Buffer("FLOAT", seen.shape, seen))
    return seen


def _depths(offscreen: Any) -> "NDArray[np.float32]":
    seen = np.empty((offscreen.height, offscreen.width), np.float32)
    drawing.read_depth(offscreen, gpu.types.Buffer("FLOAT", seen.shape, seen))
    return seen
