"""Image, depth, normals and more of a camera in one call, in memory; what is more is made in
passes/."""

from typing import TYPE_CHECKING, Any, Literal

import bpy
import numpy as np

from .. import _blendtorch
from . import alive, cycles, drawing, drawn, pictures
from .camera import Camera
from .compositor import CompositeRenderer, CompositeSelection
from .network import plotted
from .offscreen import OffScreenRenderer
from .passes import streams
from .passes.drawn_ids import DrawnExtras
from .passes.kinds import Ids
from .passes.points import FAR
from .surfaces import DepthBuffer, SurfaceView

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

# The original has the compositor's under this module's name.
__all__ = ["PASSES", "CompositeRenderer", "CompositeSelection", "Renderer"]

PASSES = ("image", "linear", "depth", "normal", *streams.EXTRA)
"""What a Renderer can be asked for."""

# What of it an engine has, and by which of Cycles' passes.
_CYCLES = {"image": "Combined", "linear": "Combined", "depth": "Depth", "normal": "Normal"}
_DRAWN = ("image", "depth", "normal", *streams.DRAWN)
_ENGINES = ("CYCLES", "EEVEE", "WORKBENCH", plotted.ENGINE)


class Renderer:
    """Renders images and ground truth with Cycles, EEVEE or Workbench.

        renderer = btb.Renderer(passes=("image", "depth", "normal"), engine="CYCLES", samples=16)
        pub.publish(**renderer.render())

    Passes are chosen here, before the first frame, and stay. What each engine can do, and how exact
    it is, say docs/rendering.md and docs/passes.md.

    image    uint8 H × W × C. Linear light unless `srgb`; the scene's view transform is not applied.
             Of `rgba` colours are multiplied by alpha; where the scene's film is transparent, the
             background is 0 in all channels.
    linear   float32 H × W × C: the image before it is cut to bytes. Cycles only.
    depth    float32 H × W: the distance from the camera's plane along its −Z (not along the ray),
             in world units: metres. Infinite where there is no surface.
    normal   float32 H × W × 3: unit vectors in the camera's frame as OpenCV has it (x right, y
             down, z away from the camera), so that a surface that faces the camera has (0, 0, −1).
             0 where there is no surface.
    instance, category, material  uint32 H × W: ids, those of `ids`; 0 is nothing.
    flow_forward, flow_backward   float32 H × W × 2: pixels to where the surface is seen in the next
             and in the previous frame, x right, y down. Cycles only.
    points   float32 H × W × 3: where in the world. diffuse, specular, emission: light, as many,
             linear; cryptomatte: H × W × C ranks of objects, then of materials. Cycles only, but
             points.

    Row 0 is at the top. Both fit OpenCV's intrinsics: a pixel's point is `depth · K⁻¹ (x, y, 1)`.
    Of a panoramic camera there is the image alone, by Cycles.

    Each picture is of `camera` at the scene's current frame, whole: neither a marker of the
    timeline that binds another camera, nor stereo, a border or another view layer changes that.
    """

    def __init__(
        self,
        passes: "Sequence[str]" = ("image", "depth", "normal"),
        camera: Camera | None = None,
        engine: str | None = None,
        samples: int | None = None,
        mode: Literal["rgb", "rgba"] = "rgb",
        srgb: bool = False,
        denoise: bool = False,
    ) -> None:
        """Renders what `camera` sees (by default the scene's), in its shape.

        Args:
            passes: what `render` returns, of `PASSES`.
            camera: as it is at each `render`, by matrices that were set where it is drawn.
            engine: `CYCLES`, `EEVEE` or `WORKBENCH`; by default the scene's. The scene gets it, at
                each `render` too. Of networks of neurons also `PLOT`, which has the image alone.
            samples: a pixel's samples, of Cycles or EEVEE; by default the scene's. The scene gets
                them, as above.
            mode: the channels of the images.
            srgb: encode the image for display.
            denoise: with Cycles' denoiser, which costs a CPU a second or more for a frame. The
                scene's own setting, on in a new file, is replaced.

        Raises:
            ValueError: a pass or an engine that does not exist, or a pass, samples, a denoiser or a
                kind of camera that this engine lacks.
            RuntimeError: Cycles has rendered before, and would not notice what changes; or motion
                blur is on, and depth or normals are wanted of it.
        """
        passes = (passes,) if isinstance(passes, str) else tuple(passes)
        unknown = [name for name in passes if name not in PASSES]
        if unknown or not passes:
            raise ValueError(f"passes must be some of {', '.join(PASSES)}, not {unknown or passes}")
        if mode not in ("rgb", "rgba"):
            raise ValueError(f'mode must be "rgb" or "rgba", not {mode!r}')
        scene = bpy.context.scene
        self.engine = _chosen(scene, engine)
        has = {"CYCLES": PASSES, plotted.ENGINE: ("image",)}.get(self.engine, _DRAWN)
        if lacks := [name for name in passes if name not in has]:
            raise ValueError(
                f"{self.engine} has no pass {', '.join(lacks)}; it has {', '.join(has)}"
            )
        self.passes = passes
        self.camera = camera or Camera()
        self.channels = len(mode)
        self.srgb = srgb
        self._samples = samples
        self._denoise = denoise
        self._drawn: OffScreenRenderer | None = None
        self._depth: DepthBuffer | None = None
        self._surfaces: SurfaceView | None = None
        self._extras: streams.TracedExtras | DrawnExtras | None = None
        self._plot: Any = None
        self._scene = alive.scene_now()
        if self.engine == "CYCLES":
            # Each once, in the order of our passes.
            wanted = [_CYCLES[name] for name in passes if name in _CYCLES]
            if set(passes) & set(streams.EXTRA):
                self._check_planar()
                self._extras = streams.TracedExtras(passes, self.camera)
                wanted += self._extras.wanted
            self._wanted = tuple(dict.fromkeys(wanted))
            self._prepare()
            drawn.tell(self, self.engine)
            return
        if denoise:
            raise ValueError(f"{self.engine} has no denoiser")
        if samples is not None and self.engine in ("WORKBENCH", plotted.ENGINE):
            raise ValueError(f"{self.engine} takes no samples")
        self._prepare()
        if self.engine == plotted.ENGINE:
            from .network.plotted.picture import Plot

            self._plot = Plot()
            drawn.tell(self, "WORKBENCH")
            return
        if "image" in passes:
            self._drawn = OffScreenRenderer(self.camera, mode=mode, srgb=srgb)
        if set(passes) & set(streams.EXTRA):
            self._extras = DrawnExtras(passes, self.camera)
        self._choose_drawing()

    @property
    def ids(self) -> "dict[str, dict[str, Any]]":
        """The ids of `instance`, `category` and `material`: `{"instances": {name: [id, category]},
        "materials": {name: id}}`.

        By default they are counted from 1 by sorted names as the renderer is made; what is seen
        later is added behind. A category is the object's own property `category_id`, else the
        number of its collection. Setting some keeps the others. Names: docs/passes.md.
        """
        table = self._extras and self._extras.table
        return table.given if table else {"instances": {}, "materials": {}}

    @ids.setter
    def ids(self, table: Ids) -> None:
        if not (self._extras and self._extras.table):
            raise ValueError("this renderer has no pass of ids: instance, category or material")
        self._extras.table.give(table)

    def _choose_drawing(self) -> None:
        """By what of the scene that is there depth and normals are drawn."""
        self._scene = alive.scene_now()
        if self._surfaces is not None:
            self._surfaces.free()
        self._depth = self._surfaces = None
        # Workbench's image has the depth of its surfaces, unless they are drawn to be seen through;
        # EEVEE leaves none.
        see_through = bpy.context.scene.display.shading.show_xray
        opaque = self.engine == "WORKBENCH" and not see_through
        if opaque and set(self.passes) == {"image", "depth"}:
            self._depth = DepthBuffer(self.camera)
        elif {"depth", "normal"} & set(self.passes):
            self._surfaces = SurfaceView(self.camera)
        drawn.tell(self, self.engine if "image" in self.passes else "WORKBENCH")

    @pictures.told
    def render(self, out: "Mapping[str, NDArray[Any]] | None" = None) -> "dict[str, NDArray[Any]]":
        """The passes of the scene as it is now, by name.

        Args:
            out: arrays to write into by name, as a `btb.Draft` with our `layout()`; passes that it
                has not, and by default all, are new arrays, the caller's own.

        Raises:
            RuntimeError: Cycles failed, or one of those of the constructor.
            ValueError: the camera has another shape than when this was made, or became one that
                this engine or a pass lacks, or has matrices that were set and that Cycles does not
                know. Or an array of `out` has another shape or dtype than in
                `layout()`, or cannot be written in C order.
            ReferenceError: the camera is gone.
        """
        self.camera.check_alive()
        if self.engine == "CYCLES":
            self.camera.check_unset()
        self._prepare()
        arrays = self._arrays({} if out is None else out)
        if self.engine == "CYCLES":
            self._trace(arrays)
        elif self._plot is not None:
            self._plot_into(arrays["image"])
        else:
            if self._scene != alive.scene_now():
                self._choose_drawing()
            self._draw(arrays)
        return arrays

    def _prepare(self) -> None:
        """Gives the scene what this renderer was made with: it may be another scene since, or a
        script or another renderer may have changed it."""
        scene = bpy.context.scene
        _choose(scene, self.engine)
        if self.engine == "CYCLES":
            self._check_planar()
            cycles.prepare(
                scene, bpy.context.view_layer, self._wanted, self._samples, self._denoise
            )
            return
        drawing.check(self.camera)
        if self._samples is not None and scene.eevee.taa_samples != self._samples:
            scene.eevee.taa_samples = self._samples
            scene.update_tag()

    def _check_planar(self) -> None:
        lacks = [n for n in self.passes if n in ("depth", "normal", *streams.OF_A_PLANE)]
        if lacks and self.camera.type not in ("PERSP", "ORTHO"):
            raise ValueError(
                f"camera {self.camera.bpy_camera.name!r} is of type {self.camera.type}: it has no "
                f"{' and no '.join(lacks)}, for want of a plane and of axes; ask for image or "
                "linear alone, or change its lens type"
            )

    def layout(self) -> "dict[str, tuple[tuple[int, ...], Any]]":
        """Shape and dtype of each pass, for `DataPublisher.begin`."""
        height, width = self.camera.shape
        every: dict[str, tuple[tuple[int, ...], Any]] = {
            "image": ((height, width, self.channels), np.uint8),
            "linear": ((height, width, self.channels), np.float32),
            "depth": ((height, width), np.float32),
            "normal": ((height, width, 3), np.float32),
        }
        if self._extras is not None:
            every |= self._extras.layout()
        return {name: every[name] for name in self.passes}

    def _arrays(self, out: "Mapping[str, NDArray[Any]]") -> "dict[str, NDArray[Any]]":
        arrays: dict[str, NDArray[Any]] = {}
        for name, (shape, dtype) in self.layout().items():
            array = out[name] if name in out else np.empty(shape, dtype)
            if array.shape != shape or array.dtype != dtype:
                raise ValueError(
                    f"out['{name}'] is {array.dtype} {array.shape}, the pass {np.dtype(dtype)} "
                    f"{shape}"
                )
            if not (array.flags.writeable and array.flags.c_contiguous):
                raise ValueError(f"out['{name}'] is read-only, or not C-contiguous")
            arrays[name] = array
        return arrays

    def free(self) -> None:
        """Gives back the GPU's memory, and the scene's pass indices; the renderer is not usable
        afterwards."""
        for owner in (self._drawn, self._surfaces, self._extras, self._plot):
            if owner is not None:
                owner.free()

    def _plot_into(self, image: "NDArray[np.uint8]") -> None:
        self._plot.draw(self.camera.view_matrix, self.camera.proj_matrix, image)
        if not self.srgb:
            from .passes.plotted import linear

            linear(image)

    def _draw(self, out: "dict[str, NDArray[Any]]") -> None:
        if self._drawn is not None:
            self._drawn.render(out=out["image"])
            if self._depth is not None:
                self._depth.read(self._drawn.offscreen, out["depth"])
        if self._surfaces is not None:
            self._surfaces.draw()
            if "depth" in self.passes:
                self._surfaces.depth(out["depth"])
            if "normal" in self.passes:
                self._surfaces.normal(out["normal"])
        if isinstance(self._extras, DrawnExtras):
            self._extras.fill(out)

    def _trace(self, out: "dict[str, NDArray[Any]]") -> None:
        # What is wanted as Cycles has it is read to where it stays, and turned there.
        into = {"Depth": out["depth"]} if "depth" in out else {}
        if "linear" in out and self.channels == 4:
            into["Combined"] = out["linear"]
        extras = self._extras if isinstance(self._extras, streams.TracedExtras) else None
        if extras is not None:
            extras.mark()
        look = None if extras is None else extras.look
        raw = cycles.render(self.camera, self._wanted, into, look)
        if extras is not None:
            extras.fill(raw, out)
        if "image" in out:
            _blendtorch.convert_pixels(raw["Combined"], out["image"], srgb=self.srgb, flip=True)
        if "linear" in out and self.channels != 4:
            out["linear"][...] = raw["Combined"][::-1, :, : self.channels]
        for array in into.values():
            _blendtorch.flip_rows(array.view(np.uint8))
        if "depth" in out:
            depth = out["depth"]
            depth[depth >= FAR] = np.inf
        if "normal" in out:
            view = [list(row) for row in self.camera.view_matrix]
            _blendtorch.camera_normals(view, raw["Normal"], out["normal"], flip=True)


def _chosen(scene: Any, engine: str | None) -> str:
    """The name that we use of an engine; by default the scene's."""
    if engine is not None:
        short = engine.upper().removeprefix("BLENDER_").removesuffix("_NEXT")
        if short not in _ENGINES:
            raise ValueError(f"engine must be {', '.join(_ENGINES)} or None, not {engine!r}")
        return short
    short = plotted.engine_of(scene)
    if short not in _ENGINES:
        raise ValueError(f"{scene.render.engine}, the scene's engine, gives no passes: set engine")
    return short


def _choose(scene: Any, engine: str) -> None:
    """Gives the scene the engine that we call so."""
    before = plotted.name_of(scene)
    plotted.choose(scene, engine)
    if plotted.name_of(scene) != before:
        scene.update_tag()  # Else the 3D view may be drawn as before.
