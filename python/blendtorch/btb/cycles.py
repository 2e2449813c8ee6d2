"""Renders with Cycles into memory.

Owns the hook: a render operator of Blender in background mode writes files only, but within the
engine's own `render` the result's passes can be read. It must never raise there: an exception in an
engine ends the render and leaves the operator content.
"""

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from . import alive, runtime
from .quiet import quiet
from .settings import changed
from .stills import still_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from .camera import Camera

# Passes of a view layer, by the names that its result gives them.
SWITCHES = {"Combined": "use_pass_combined", "Depth": "use_pass_z", "Normal": "use_pass_normal"}

# The view layers that were rendered with persistent data: their passes must stay as they are.
_rendered: set[tuple[tuple[int, int], str]] = set()


class _Reader:
    """Takes passes out of the result of one render."""

    def __init__(
        self, layer: str, passes: tuple[str, ...], into: "Mapping[str, NDArray[np.float32]]"
    ) -> None:
        self.layer = layer
        self.passes = passes
        self.into = into
        self.arrays: dict[str, NDArray[np.float32]] = {}
        self.error: str | None = None

    def read(self, engine: Any) -> None:
        result = engine.get_result()
        layers = [layer for layer in result.layers if layer.name == self.layer]
        if not layers:
            self.error = f"Cycles gave no result for the view layer {self.layer!r}"
            return
        there = {one.name: one for one in layers[0].passes}
        for name in self.passes:
            if name not in there:
                self.error = f"Cycles gave no pass {name!r}; there are: {', '.join(there)}"
                return
            one = there[name]
            shape = (result.resolution_y, result.resolution_x, one.channels)
            pixels = self.into[name] if name in self.into else _own(name, shape)
            runtime.read_pass(one, pixels.reshape(-1, one.channels))
            self.arrays[name] = pixels.reshape(shape)


_reader: _Reader | None = None

# Memory for each pass, used again: new memory for each frame costs more than reading into it.
_own_memory: dict[str, "NDArray[np.float32]"] = {}


def _own(name: str, shape: tuple[int, int, int]) -> "NDArray[np.float32]":
    if name not in _own_memory or _own_memory[name].shape != shape:
        _own_memory[name] = np.empty(shape, np.float32)
    return _own_memory[name]


def prepare(
    scene: Any, layer: Any, passes: tuple[str, ...], samples: int | None, denoise: bool
) -> None:
    """Switches on what `render` will read. Call it before each render: the scene may be another
    one, or set otherwise, since.

    Raises:
        ValueError: this Blender has no denoiser.
        RuntimeError: the view layer was rendered with persistent data, and a pass or another
            setting would change: Cycles would ignore it, or worse. Or motion blur is on and depth
            or normals are wanted.
    """
    # Cycles takes the depth from the first sample, which is of any moment within the shutter.
    blurred = scene.render.use_motion_blur and getattr(layer, "use_motion_blur", True)
    if blurred and {"Depth", "Normal"} & set(passes):
        raise RuntimeError(
            "with motion blur Cycles' depth and normals are of any moment within the shutter, not "
            "of the frame: switch scene.render.use_motion_blur off, or render the image alone"
        )
    # Without the library denoising fails once, then all renders are black.
    if denoise and not has_denoiser():
        raise ValueError("this Blender is built without OpenImageDenoise: it cannot denoise")
    wanted: list[tuple[Any, str, Any]] = [(layer, SWITCHES[name], True) for name in passes]
    wanted.append((scene.cycles, "use_denoising", denoise))
    if samples is not None:
        wanted.append((scene.cycles, "samples", samples))
        wanted.append((layer, "samples", 0))  # The view layer's own would count instead.
    changes = [change for change in wanted if getattr(change[0], change[1]) != change[2]]
    rendered = (alive.scene_now(), layer.name) in _rendered
    if changes and rendered and scene.render.use_persistent_data:
        raise RuntimeError(
            f"{', '.join(name for _, name, _ in changes)} cannot change after the first frame with "
            "persistent data: make the Renderer with all its passes before, or switch "
            "scene.render.use_persistent_data off"
        )
    for owner, name, value in changes:
        setattr(owner, name, value)


def render(
    camera: "Camera",
    passes: tuple[str, ...],
    into: "Mapping[str, NDArray[np.float32]] | None" = None,
) -> "dict[str, NDArray[np.float32]]":
    """The passes by name, float32 H × W × channels with the lowest row first.

    Renders the current view layer from `camera`, in its shape. The compositor, the sequencer,
    Freestyle, the render border, markers and other view layers take no part.

    Args:
        camera: what to see it from.
        passes: Cycles' names of them.
        into: memory for some of them, C-contiguous, writable and of their size. The others lie in
            memory that the next call uses again.

    Raises:
        ValueError: Blender renders no images of that shape.
        RuntimeError: Cycles failed, or gave no such pass.
    """
    global _reader
    height, width = camera.shape
    if height * width > runtime.most_pixels_without_tiles():
        raise ValueError(
            f"the camera's shape is {camera.shape}: this Blender renders more than "
            f"{runtime.LARGEST_TILE} x {runtime.LARGEST_TILE} pixels in tiles, of which Cycles "
            "gives out none: render a smaller picture, or with Blender 4.5 or earlier"
        )
    _hook()
    scene, layer = bpy.context.scene, bpy.context.view_layer
    reader = _reader = _Reader(layer.name, passes, into or {})
    try:
        without = changed(
            scene.render, use_compositing=False, use_sequencer=False, use_freestyle=False
        )
        # Of a picture in tiles Cycles gives out nothing before it has left the engine.
        whole = changed(scene.cycles, use_auto_tile=False, tile_size=runtime.LARGEST_TILE)
        with still_of(camera), without, whole, _only(scene, layer), quiet():
            bpy.ops.render.render(layer=layer.name, scene=scene.name)
    finally:
        _reader = None
    if scene.render.use_persistent_data:
        _rendered.add((alive.scene_now(), layer.name))
    error = reader.error or (None if reader.arrays else "Cycles rendered nothing")
    if error:
        raise RuntimeError(error)
    return reader.arrays


@contextmanager
def _only(scene: Any, layer: Any) -> "Iterator[None]":
    """Makes renders those of one view layer. In background mode Blender does not heed which layer
    its operator is told, but which ones are used."""
    with ExitStack() as stack:
        for one in scene.view_layers:
            stack.enter_context(changed(one, use=one == layer))
        yield


def _hook() -> None:
    """Wraps the engine's `render`, once a process."""
    try:
        import cycles
    except ImportError as error:
        raise RuntimeError(
            "this Blender has no Cycles (its add-on `cycles` cannot be imported)"
        ) from error
    inner = cycles.CyclesRender.render
    if getattr(inner, "_blendtorch", False):
        return

    def render(self: Any, depsgraph: Any) -> None:
        inner(self, depsgraph)
        if _reader is not None:
            try:
                _reader.read(self)
            except Exception as error:  # Said by whoever asked for the render.
                _reader.error = f"reading Cycles' result failed: {error}"

    render._blendtorch = True  # type: ignore[attr-defined]
    cycles.CyclesRender.render = render


def has_denoiser() -> bool:
    try:
        import _cycles
    except ImportError:
        return False
    return bool(getattr(_cycles, "with_openimagedenoise", False))
