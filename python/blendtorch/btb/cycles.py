"""Renders with Cycles into memory.

Owns the hook: a render operator of Blender in background mode writes files only, but within the
engine's own `render` the result's passes can be read. It must never raise there: an exception in an
engine ends the render and leaves the operator content.
"""

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from . import alive, looking, runtime
from .quiet import quiet
from .settings import changed
from .stills import still_of
from .viewpoint import Viewpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from .camera import Camera

# Passes of a view layer, by the names that Blender 4 gives them in a result.
SWITCHES = {
    "Combined": "use_pass_combined",
    "Depth": "use_pass_z",
    "Normal": "use_pass_normal",
    "Vector": "use_pass_vector",
    "Position": "use_pass_position",
    "IndexOB": "use_pass_object_index",
    "IndexMA": "use_pass_material_index",
    "DiffDir": "use_pass_diffuse_direct",
    "DiffInd": "use_pass_diffuse_indirect",
    "DiffCol": "use_pass_diffuse_color",
    "GlossDir": "use_pass_glossy_direct",
    "GlossInd": "use_pass_glossy_indirect",
    "GlossCol": "use_pass_glossy_color",
    "Emit": "use_pass_emit",
    **{f"CryptoObject{n:02d}": "use_pass_cryptomatte_object" for n in range(8)},
    **{f"CryptoMaterial{n:02d}": "use_pass_cryptomatte_material" for n in range(8)},
}

# Those that say where a surface is, or which: of one moment, which motion blur has not.
OF_A_MOMENT = {"Depth", "Normal", "Vector", "Position", "IndexOB", "IndexMA"}

# The view layers that were rendered with persistent data: their passes must stay as they are.
_rendered: set[tuple[tuple[int, int], str]] = set()


class Reader:
    """Takes passes out of the result of one render."""

    def __init__(
        self,
        layer: str,
        passes: tuple[str, ...],
        memory: "Callable[[str, tuple[int, int, int]], NDArray[np.float32]]",
        look: "Callable[[Any], None] | None" = None,
    ) -> None:
        """Takes `passes` of the view layer `layer`.

        Args:
            layer: its name.
            passes: by the names of `SWITCHES`.
            memory: gives the array, C-contiguous, that a pass of a shape is to lie in.
            look: called with the render's depsgraph before Cycles renders, which may free it.
        """
        self.layer = layer
        self.passes = passes
        self.memory = memory
        self.look = look
        self.arrays: dict[str, NDArray[np.float32]] = {}
        self.error: str | None = None

    def before(self, depsgraph: Any) -> None:
        """Before Cycles renders."""
        if self.look is not None and depsgraph.view_layer.name == self.layer:
            self.look(depsgraph)

    def read(self, engine: Any) -> None:
        """Takes them, after it did."""
        result = engine.get_result()
        layers = [layer for layer in result.layers if layer.name == self.layer]
        if not layers:  # The render of another one, which the compositor wants.
            return
        there = {one.name: one for one in layers[0].passes}
        for name in self.passes:
            found = runtime.result_name(name)
            if found not in there:
                self.error = f"Cycles gave no pass {found!r}; there are: {', '.join(there)}"
                return
            one = there[found]
            shape = (result.resolution_y, result.resolution_x, one.channels)
            pixels = self.memory(name, shape)
            runtime.read_pass(one, pixels.reshape(-1, one.channels))
            self.arrays[name] = pixels.reshape(shape)


_reader: Reader | None = None

# Memory for each pass, used again: new memory for each frame costs more than reading into it.
_own_memory: dict[str, "NDArray[np.float32]"] = {}


def _own(name: str, shape: tuple[int, int, int]) -> "NDArray[np.float32]":
    if name not in _own_memory or _own_memory[name].shape != shape:
        _own_memory[name] = np.empty(shape, np.float32)
    return _own_memory[name]


def prepare(
    scene: Any, layer: Any, passes: tuple[str, ...], samples: int | None, denoise: bool | None
) -> None:
    """Switches on what `render` will read. Call it before each render: the scene may be another
    one, or set otherwise, since. `samples` and `denoise` are the scene's own where they are None.

    Raises:
        ValueError: this Blender has no denoiser.
        RuntimeError: the view layer was rendered with persistent data, and a pass or another
            setting would change: Cycles would ignore it, or worse. Or motion blur is on and depth
            or normals are wanted.
    """
    # Cycles takes the depth from the first sample, which is of any moment within the shutter.
    blurred = scene.render.use_motion_blur and getattr(layer, "use_motion_blur", True)
    if blurred and OF_A_MOMENT & set(passes):
        raise RuntimeError(
            "with motion blur Cycles' depth, normals, flow, places and ids are of any moment "
            "within the shutter, not of the frame: switch scene.render.use_motion_blur off, or "
            "render the image alone"
        )
    # Without the library denoising fails once, then all renders are black.
    if denoise and not has_denoiser():
        raise ValueError("this Blender is built without OpenImageDenoise: it cannot denoise")
    wanted: list[tuple[Any, str, Any]] = [(layer, SWITCHES[name], True) for name in passes]
    if denoise is not None:
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
    look: "Callable[[Any], None] | None" = None,
) -> "dict[str, NDArray[np.float32]]":
    """The passes by name, float32 H × W × channels with the lowest row first.

    Renders the current view layer from `camera`, in its shape. The compositor, the sequencer,
    Freestyle, the render border, markers and other view layers take no part.

    Args:
        camera: what to see it from.
        passes: Cycles' names of them.
        into: memory for some of them, C-contiguous, writable and of their size. The others lie in
            memory that the next call uses again.
        look: called with the render's depsgraph before Cycles renders.

    Raises:
        ValueError: Blender renders no images of that shape.
        RuntimeError: Cycles failed, or gave no such pass.
    """
    check_size(camera.shape)
    scene, layer = bpy.context.scene, bpy.context.view_layer
    given = into or {}

    def memory(name: str, shape: tuple[int, int, int]) -> "NDArray[np.float32]":
        return given[name] if name in given else _own(name, shape)

    with (
        still_of(camera),
        changed(scene.render, use_compositing=False, use_sequencer=False, use_freestyle=False),
        only(scene, layer),
        reading(Reader(layer.name, passes, memory, look)) as reader,
    ):
        bpy.ops.render.render(layer=layer.name, scene=scene.name)
    return reader.arrays


def check_size(shape: tuple[int, int]) -> None:
    """Refuses pictures that are rendered in tiles.

    Raises:
        ValueError: this Blender does so with images of that shape.
    """
    height, width = shape
    if height * width > runtime.most_pixels_without_tiles():
        raise ValueError(
            f"the camera's shape is {shape}: this Blender renders more than "
            f"{runtime.LARGEST_TILE} x {runtime.LARGEST_TILE} pixels in tiles, of which Cycles "
            "gives out none: render a smaller picture, or with Blender 4.5 or earlier"
        )


@contextmanager
def reading(reader: Reader) -> "Iterator[Reader]":
    """Lets `reader` take its passes of the render in this block.

    Raises:
        RuntimeError: at its end, if Cycles failed or gave no such pass.
    """
    global _reader
    _hook()
    scene = bpy.context.scene
    # Of a picture in tiles Cycles gives out nothing before it has left the engine.
    whole = changed(scene.cycles, use_auto_tile=False, tile_size=runtime.LARGEST_TILE)
    _reader = reader
    try:
        with whole, quiet():
            yield reader
    finally:
        _reader = None
    if scene.render.use_persistent_data:
        _rendered.add((alive.scene_now(), reader.layer))
    error = reader.error or (None if reader.arrays else "Cycles rendered nothing")
    if error:
        raise RuntimeError(error)


def forget(scene: Any, layer: Any) -> None:
    """Makes Cycles give back what it kept of renders with persistent data, so that the view layer
    can have other passes."""
    if (alive.scene_now(), layer.name) not in _rendered or scene.camera is None:
        return
    with changed(scene.render, use_persistent_data=False):
        looking.in_render(Viewpoint(), scene, layer, lambda _: None)
    _rendered.difference_update({one for one in _rendered if one[0] == alive.scene_now()})


@contextmanager
def only(scene: Any, layer: Any) -> "Iterator[None]":
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
        _safely(lambda reader: reader.before(depsgraph))
        inner(self, depsgraph)
        _safely(lambda reader: reader.read(self))

    render._blendtorch = True  # type: ignore[attr-defined]
    cycles.CyclesRender.render = render


def _safely(act: "Callable[[Reader], None]") -> None:
    """Does it with the reader, if there is one; an error is said by whoever asked for the
    render."""
    if _reader is None or _reader.error is not None:
        return
    try:
        act(_reader)
    except Exception as error:
        _reader.error = f"reading Cycles' result failed: {error}"


def has_denoiser() -> bool:
    try:
        import _cycles
    except ImportError:
        return False
    return bool(getattr(_cycles, "with_openimagedenoise", False))
