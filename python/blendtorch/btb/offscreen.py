"""Renders what a camera sees into memory, with or without a display."""

from typing import TYPE_CHECKING, Any, Literal

import bpy
import gpu
import numpy as np

from .. import _blendtorch
from . import alive, drawing, drawn, pictures, runtime, solid, world_light
from .camera import Camera
from .rendering import ensure_gpu
from .solid import looks, rules
from .solid.picture import Solid
from .utils import find_first_view3d
from .viewpoint import Origin

if TYPE_CHECKING:
    from numpy.typing import NDArray


SHADINGS = ("RENDERED", "MATERIAL", "SOLID", "WIREFRAME")
"""How a 3D view can draw."""

# By what it draws then: `VIEW` is the scene's engine.
_WAYS = {"RENDERED": "VIEW", "MATERIAL": "EEVEE", "SOLID": "WORKBENCH", "WIREFRAME": "WORKBENCH"}


class OffScreenRenderer:
    """Draws the 3D view from a camera, with Workbench or EEVEE, and reads it into an array.

    Works in background mode without a display. It borrows the settings of the first 3D view; where
    several renderers share that one, each draws in its own style.

    Output is linear unless `srgb`: proportional to light, as networks like it and displays do not.
    The scene's view transform (AgX, Filmic) is never applied.

    Where the scene's film is transparent (`scene.render.film_transparent`), the background of
    `rgba` is 0 in all channels: colours are multiplied by alpha, as in Cycles' images.
    """

    # Whose style which 3D view has. A script may change the view by hand: only another renderer's
    # style is replaced, and that of another file's view.
    _styled: tuple[tuple[str, bool] | None, tuple[int, ...]] = None, ()

    def __init__(
        self,
        camera: Camera | None = None,
        mode: Literal["rgba", "rgb"] = "rgba",
        origin: Origin = "upper-left",
        srgb: bool = False,
    ) -> None:
        """Renders what `camera` sees (by default the scene's), in its shape.

        Args:
            camera: its matrices are those it has at each `render()`.
            mode: the channels of the images.
            origin: where row 0 is: at the top, or at the bottom.
            srgb: encode colours for display; computed from half floats, so dark tones keep
                their steps.

        Raises:
            ValueError: the 3D view does not draw what such a camera sees (panoramic ones).
        """
        if mode not in ("rgba", "rgb"):
            raise ValueError(f'mode must be "rgba" or "rgb", not {mode!r}')
        if origin not in ("upper-left", "lower-left"):
            raise ValueError(f'origin must be "upper-left" or "lower-left", not {origin!r}')
        ensure_gpu()
        self.camera = camera or Camera()
        self.mode = mode
        self.origin = origin
        drawing.check(self.camera)
        self.channels = len(mode)
        self.flip = origin == "upper-left"  # The GPU's first row is the lowest.
        self.srgb = srgb
        height, width = self.camera.shape
        # Light in 8 bits loses its dark tones, where sRGB has most of its codes.
        self.offscreen = drawing.memory(self, width, height, "RGBA16F" if srgb else "RGBA8")
        self._pixels = np.empty((height, width, 4), np.float32 if srgb else np.uint8)
        self._kind = "FLOAT" if srgb else "UBYTE"
        self._buffer = gpu.types.Buffer(self._kind, self._pixels.shape, self._pixels)
        self._solid = Solid()
        self.drawn_by_blender: str | None = None
        """Why Blender's own 3D view drew the last picture, as words; None where it was drawn by
        ourselves, which is faster and the same (docs/rendering.md)."""
        self.set_render_style()

    # Looked for at each use: loading a file, or a change of the layout, puts others in their place.

    @property
    def area(self) -> Any:
        """The area of the 3D view whose settings are borrowed."""
        return find_first_view3d()[0]

    @property
    def space(self) -> Any:
        """The 3D view whose settings are borrowed."""
        return find_first_view3d()[1]

    @property
    def region(self) -> Any:
        """The region of the 3D view whose settings are borrowed."""
        return find_first_view3d()[2]

    @property
    def shape(self) -> tuple[int, int]:
        """(height, width) of the images: the camera's."""
        return self.camera.shape

    def set_render_style(self, shading: str = "RENDERED", overlays: bool = False) -> None:
        """How the 3D view draws.

        Args:
            shading: `RENDERED` draws with the scene's engine (EEVEE or Workbench), `SOLID` with
                Workbench, `MATERIAL` with EEVEE in studio light, `WIREFRAME` edges.
            overlays: also draw the grid, outlines and axes of the editor.

        Raises:
            ValueError: there is no such style, or the scene's engine has it not.
        """
        if shading not in SHADINGS:
            raise ValueError(f"shading must be one of {', '.join(SHADINGS)}, not {shading!r}")
        if shading == "MATERIAL" and bpy.context.scene.render.engine == "BLENDER_WORKBENCH":
            raise ValueError(
                "Workbench has no style MATERIAL: set scene.render.engine to "
                "btb.rendering.eevee(), or draw SOLID"
            )
        self._style = (shading, overlays)
        _, space, _ = find_first_view3d()
        OffScreenRenderer._styled = self._style, _place(space)
        drawn.tell(self, _WAYS[shading])
        # It multiplies what a frame costs on the CPU, and mixes colours along edges.
        drawing.smooth_nothing()
        space.shading.type = shading
        space.overlay.show_overlays = overlays
        space.show_gizmo = overlays
        for settings in (space.shading, bpy.context.scene.display.shading):
            settings.show_object_outline = overlays
        # Changes of display settings alone do not reach what is drawn.
        bpy.context.scene.update_tag()

    @pictures.told
    def render(self, out: "NDArray[np.uint8] | None" = None) -> "NDArray[np.uint8]":
        """Draws the scene as it is now: uint8, height × width × channels.

        Args:
            out: an array of that shape to write into, as one of a `btb.Draft`; by default a new
                one, which is the caller's own. Linear RGBA is read there directly.

        Raises:
            ValueError: `out` or the camera has another shape, `out` is not C-contiguous or
                read-only, or the 3D view does not draw what such a camera sees.
            TypeError: `out` is not uint8.
            RuntimeError: the style is `RENDERED` and the engine Cycles, which does not draw. Or the
                film is transparent and this Blender (3.4) cannot tell how much of the background
                is seen through blended materials.
            ReferenceError: the camera is gone.
        """
        height, width = self.camera.shape
        if self._pixels.shape[:2] != (height, width):
            raise ValueError(
                f"the camera's shape became {self.camera.shape}: make a new OffScreenRenderer"
            )
        self.camera.check_alive()
        _, space, region = find_first_view3d()
        style, place = OffScreenRenderer._styled
        if style is not self._style or place != _place(space):
            self.set_render_style(*self._style)
        if self._style[0] == "RENDERED" and bpy.context.scene.render.engine == "CYCLES":
            raise RuntimeError(
                "the 3D view of a scene with the engine CYCLES stays black in background mode: "
                "use btb.Renderer, another engine, or set_render_style(shading='SOLID')"
            )
        transparent = bpy.context.scene.render.film_transparent and self.channels == 4
        cut = transparent and not runtime.leaves_background_out()
        if cut:
            self._check_opaque()
        if self._style[0] == "RENDERED" and runtime.engine_of(bpy.context.scene) == "EEVEE":
            world_light.fit(bpy.context.scene)
        self._draw(space, region, background=cut or not transparent)
        if out is None:
            out = np.empty((height, width, self.channels), np.uint8)
        if self._fits(out):
            # The pixels are wanted as they come: they are read to where they stay.
            drawing.read_color(self.offscreen, "UBYTE", gpu.types.Buffer("UBYTE", out.shape, out))
            if self.flip:
                _blendtorch.flip_rows(out)
        else:
            drawing.read_color(self.offscreen, self._kind, self._buffer)
            _blendtorch.convert_pixels(self._pixels, out, srgb=self.srgb, flip=self.flip)
        if cut:
            self._cut_background(out)
        return out

    def _draw(self, space: Any, region: Any, background: bool) -> None:
        """By ourselves where the picture is the same, else as Blender draws its 3D view."""
        self.drawn_by_blender = self._try_solid(space, region, background)
        solid.tell(self.drawn_by_blender)
        if self.drawn_by_blender is not None:
            drawing.draw(self.offscreen, space, region, self.camera, background)

    def _try_solid(self, space: Any, region: Any, background: bool) -> str | None:
        shading = self._workbench(space)
        if shading is None:
            return "another engine than Workbench"
        if (reason := rules.of_shading(shading)) is not None:
            return reason
        look = looks.of_shading(shading, space)
        self._solid.draw(self.offscreen, space, region, self.camera, look, background)
        return self._solid.reason

    def _workbench(self, space: Any) -> Any:
        """The settings by which Workbench draws; None where it does not."""
        if self._style[0] == "SOLID":
            return space.shading
        workbench = bpy.context.scene.render.engine == "BLENDER_WORKBENCH"
        if self._style[0] == "RENDERED" and workbench:
            return bpy.context.scene.display.shading
        return None

    def layout(self) -> "tuple[tuple[int, ...], type[np.uint8]]":
        """Shape and dtype of an image, for `DataPublisher.begin`."""
        height, width = self.camera.shape
        return (height, width, self.channels), np.uint8

    def _fits(self, out: "NDArray[np.uint8]") -> bool:
        """Whether pixels can be read into `out` as they come. What cannot be written at all is
        refused by the conversion: Blender itself would write into read-only arrays."""
        return (
            not self.srgb
            and isinstance(out, np.ndarray)
            and out.shape == self._pixels.shape
            and out.dtype == np.uint8
            and out.flags.c_contiguous
            and out.flags.writeable
        )

    def _check_opaque(self) -> None:
        """Refuses what leaves neither alpha nor depth."""
        if self._style[0] not in ("RENDERED", "MATERIAL"):
            return
        if bpy.context.scene.render.engine == "BLENDER_WORKBENCH":
            return
        blended = [m.name for m in bpy.data.materials if m.users and m.blend_method == "BLEND"]
        if blended:
            raise RuntimeError(
                "scene.render.film_transparent: the 3D view of this Blender has no alpha, and "
                f"blended materials ({', '.join(blended)}) leave no depth to take it from: use "
                'mode="rgb", the blend mode HASHED, btb.Renderer with the engine "CYCLES", or '
                "Blender 4.2 or later"
            )

    def _cut_background(self, out: "NDArray[np.uint8]") -> None:
        """Makes 0 what has no surface, by the depth of what was drawn."""
        depth = np.empty(out.shape[:2], np.float32)
        drawing.read_depth(self.offscreen, gpu.types.Buffer("FLOAT", depth.shape, depth))
        out[(depth[::-1] if self.flip else depth) >= 1] = 0

    def free(self) -> None:
        """Gives back the GPU's memory; the renderer is not usable afterwards."""
        self._solid.free()
        drawing.free(self.offscreen)


def _place(space: Any) -> tuple[int, ...]:
    """What differs between two 3D views, or two scenes in them, also where one has the other's
    place in memory."""
    return *alive.scene_now(), space.as_pointer()
