"""Solid surfaces, drawn into the memory of a renderer.

Owns what is drawn of the scene as it is now, in which colours, and that the first picture of each
kind is compared with Blender's own.
"""

from typing import TYPE_CHECKING, Any

import bpy
import gpu
import numpy as np
from mathutils import Matrix

from .. import drawing, runtime
from . import light, programs, rules, shapes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ..camera import Camera

DIFFERENT = 0.002
"""Up to this part of a picture's pixels may differ by more than 1/255 from Blender's: along edges,
and in the sharpest highlights of metals."""
_DEFAULT = (0.8, 0.8, 0.8)
_ROUGH = 0.4
"""The colour and roughness of what has no material."""
_SCREEN = np.array([(-1, -1), (3, -1), (-1, 3)], np.float32)
Item = tuple[Any, Matrix, tuple[float, ...]]


class Solid:
    """Draws the solid surfaces of the current scene."""

    def __init__(self) -> None:
        """Nothing is drawn yet."""
        self._shapes = shapes.Shapes()
        self._program: Any = None
        self._ground_program: Any = None
        self._ground: Any = None
        self._kind: Any = None
        self._differs = False
        self.reason: str | None = "nothing is drawn yet"
        """Why the last picture was not drawn here; None where it was."""

    def draw(
        self, offscreen: Any, space: Any, region: Any, shading: Any, camera: "Camera",
        background: bool,
    ) -> bool:  # fmt: skip
        """Draws the scene as it is now into `offscreen`, as `drawing.draw` does; whether it did. Why
        not says `reason`: then nothing has been drawn."""
        self.reason = rules.of_view(space, shading, runtime.region_3d(space, region))
        if self.reason is not None:
            return False
        camera.check_alive()
        drawing.check(camera)
        bpy.context.view_layer.update()
        items = self._items(shading)
        if items is None:
            return False
        kind = (_settings(shading, space), background, offscreen.width, offscreen.height)
        if kind != self._kind:
            self._look(kind, offscreen, space, region, camera, background)
            self._draw(offscreen, shading, camera, items, background)
            self._compare(offscreen, space, region, camera, background)
        if self._differs:
            self.reason = "its picture differs from Blender's"
            return False
        self._draw(offscreen, shading, camera, items, background)
        return True

    def _items(self, shading: Any) -> "list[Item] | None":
        """What is drawn: batches, each with the matrix and the colour that it has."""
        self._shapes.begin()
        color_of = _colors(shading)
        items: list[Item] = []
        depsgraph = bpy.context.evaluated_depsgraph_get()
        for count, instance in enumerate(depsgraph.object_instances):
            obj = instance.object
            if obj.type in rules.WITHOUT_SURFACE or not instance.show_self:
                continue
            self.reason = rules.of_instance(instance, obj)
            if count > rules.MOST_INSTANCES:
                self.reason = f"more than {rules.MOST_INSTANCES} objects"
            if self.reason is not None:
                return None
            matrix = instance.matrix_world.copy()
            for slot, batch in self._shapes.of(obj):
                color = color_of(obj, slot)
                if color is None:
                    self.reason = "a surface that is seen through"
                    return None
                items.append((batch, matrix, color))
        return items

    def _draw(
        self, offscreen: Any, shading: Any, camera: "Camera", items: "list[Item]", background: bool
    ) -> None:
        if self._program is None:
            self._program, self._ground_program = programs.surfaces(), programs.ground()
        view, program = camera.view_matrix, self._program
        block = light.block(light.numbers(shading), view, camera.proj_matrix)
        with offscreen.bind(), drawing.state_kept():
            self._draw_ground(background)
            gpu.state.depth_test_set("LESS_EQUAL")
            gpu.state.depth_mask_set(True)
            program.bind()
            program.uniform_block("solid", block)
            turn_of = view.to_3x3()
            # The nearest first: what is behind them costs no light.
            away = view[2].to_3d()
            for batch, matrix, color in sorted(items, key=lambda one: -away.dot(one[1].translation)):
                turn = (turn_of @ matrix.to_3x3()).inverted_safe().transposed()
                program.uniform_float("model", matrix)
                program.uniform_float("turn", turn)
                program.uniform_float("surface", color)
                batch.draw(program)
        drawing.is_last(offscreen)

    def _draw_ground(self, background: bool) -> None:
        framebuffer = gpu.state.active_framebuffer_get()
        plain = isinstance(self._ground, tuple)
        color = self._ground if background and plain else (0.0, 0.0, 0.0, 0.0)
        framebuffer.clear(color=color, depth=1.0)
        if background and not plain:
            gpu.state.depth_test_set("NONE")
            program = self._ground_program
            program.bind()
            program.uniform_sampler("ground", self._ground)
            _screen().draw(program)

    def _look(
        self, kind: Any, offscreen: Any, space: Any, region: Any, camera: "Camera", background: bool
    ) -> None:
        """Sees what Blender draws behind everything: one colour, or more."""
        self._kind, self._differs = kind, False
        drawing.draw(offscreen, space, region, camera, background, nothing=True)
        seen = _pixels(offscreen)
        if (seen == seen[0, 0]).all():
            self._ground = tuple(map(float, seen[0, 0]))
            return
        buffer = gpu.types.Buffer("FLOAT", seen.size, seen.reshape(-1))
        size = (offscreen.width, offscreen.height)
        self._ground = gpu.types.GPUTexture(size, format="RGBA16F", data=buffer)

    def _compare(
        self, offscreen: Any, space: Any, region: Any, camera: "Camera", background: bool
    ) -> None:
        ours = _pixels(offscreen)
        drawing.draw(offscreen, space, region, camera, background)
        # Where bytes are drawn, half a step is what rounding makes of no difference.
        apart = np.abs(np.clip(ours, 0, 1) - np.clip(_pixels(offscreen), 0, 1)).max(2) > 1.5 / 255
        self._differs = float(apart.mean()) > DIFFERENT


def _pixels(offscreen: Any) -> "NDArray[np.float32]":
    seen = np.empty((offscreen.height, offscreen.width, 4), np.float32)
    drawing.read_color(offscreen, "FLOAT", gpu.types.Buffer("FLOAT", seen.shape, seen))
    return seen


def _screen() -> Any:
    form = gpu.types.GPUVertFormat()
    form.attr_add(id="corner", comp_type="F32", len=2, fetch_mode="FLOAT")
    corners = gpu.types.GPUVertBuf(form, len(_SCREEN))
    corners.attr_fill("corner", _SCREEN)
    return gpu.types.GPUBatch(type="TRIS", buf=corners)


def _settings(shading: Any, space: Any) -> tuple[Any, ...]:
    """What makes pictures of another kind: with another light, or another ground."""
    kind: tuple[Any, ...] = (
        space.as_pointer(), shading.light, shading.color_type, shading.show_specular_highlight,
        shading.studio_light if shading.light == "STUDIO" else None, shading.background_type,
    )  # fmt: skip
    if shading.background_type == "VIEWPORT":
        return *kind, tuple(shading.background_color)
    if shading.background_type == "WORLD":
        world = bpy.context.scene.world
        return *kind, None if world is None else tuple(world.color)
    theme = bpy.context.preferences.themes[0].view_3d.space.gradients
    return *kind, theme.background_type, tuple(theme.high_gradient), tuple(theme.gradient)


def _colors(shading: Any) -> Any:
    """How an object's slot gets its colour: red, green, blue, and its roughness and metalness in
    one; None for what is seen through."""
    if shading.color_type == "SINGLE":
        single = (*shading.single_color, _packed(_ROUGH, 0.0))
        return lambda obj, slot: single
    if shading.color_type == "OBJECT":
        packed = _packed(_ROUGH, 0.0)

        def of_object(obj: Any, slot: int) -> "tuple[float, ...] | None":
            red, green, blue, alpha = obj.color
            return (red, green, blue, packed) if alpha >= 1 else None

        return of_object
    known: dict[int, tuple[float, ...] | None] = {}

    def of_material(obj: Any, slot: int) -> "tuple[float, ...] | None":
        slots = obj.material_slots
        material = slots[min(slot, len(slots) - 1)].material if len(slots) else None
        if material is None:
            return *_DEFAULT, _packed(_ROUGH, 0.0)
        key = material.as_pointer()
        if key not in known:
            red, green, blue, alpha = material.diffuse_color
            packed = _packed(material.roughness, material.metallic)
            known[key] = (red, green, blue, packed) if alpha >= 1 else None
        return known[key]

    return of_material


def _packed(roughness: float, metalness: float) -> float:
    """Both in the steps that Workbench has: from bytes of the root and of the value."""
    rough = round(max(roughness, 0.0) ** 0.5 * 255) / 255 * programs.ROUGHNESS_STEPS
    metal = round(metalness * 255) / 255 * programs.METALNESS_STEPS
    return 32.0 * int(metal) + int(rough)
