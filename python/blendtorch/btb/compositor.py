"""What a scene's compositor makes of a render, as arrays.

Blender hands the pixels of compositor nodes to nobody in background mode: File Output nodes write
them into files, which are read and deleted. Those are OpenEXR in floats, in a folder of memory
where there is one.
"""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from .. import _blendtorch
from . import drawn, pictures, runtime
from .camera import Camera
from .folder import RenderFolder
from .quiet import quiet
from .settings import changed
from .stills import still_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


@dataclass
class CompositeSelection:
    """What to take from a slot of a File Output node."""

    key: str
    """Its name in what `CompositeRenderer.render` returns."""
    node: str
    """The name of the File Output node."""
    slot: str
    """The name of its slot."""
    channels: str
    """A letter for each channel, in the order wanted: of `RGBA` for colours, `XYZ` for vectors,
    `V` for values such as depth."""


class CompositeRenderer:
    """Renders the scene with its engine and its compositor, and returns slots of File Output nodes.

        renderer = btb.CompositeRenderer([
            btb.CompositeSelection("color", "File Output", "Color", "RGB"),
            btb.CompositeSelection("depth", "File Output", "Depth", "V"),
        ])
        pub.publish(**renderer.render())

    The nodes' own paths and formats count for other renders; during `render` they write floats
    elsewhere. Other File Output nodes write what they always do.
    """

    def __init__(
        self,
        slots: "Iterable[CompositeSelection]",
        camera: Camera | None = None,
        delete_render_files: bool = True,
        btid: int | None = 1,
    ) -> None:
        """Renders what `camera` sees (by default the scene's), in its shape.

        Args:
            slots: what to return, in any order.
            camera: the scene's camera while rendering.
            delete_render_files: delete files once they are read, and `folder` at exit; else both
                stay.
            btid: the instance's number; part of the folder's name.

        Raises:
            ValueError: no slots, two of one key, no channels, or the scene has no compositor nodes.
            KeyError: there is no such node or slot; the message lists those there.
        """
        self.slots = list(slots)
        self.camera = camera or Camera()
        drawn.tell(self, "RENDER")
        self.delete_render_files = delete_render_files
        keys = [selection.key for selection in self.slots]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if not keys or twice:
            raise ValueError(f"several slots have the key {twice[0]!r}" if twice else "no slots")
        if empty := [s.key for s in self.slots if not s.channels]:
            raise ValueError(f"the slot with the key {empty[0]!r} has no channels: say e.g. 'RGB'")
        self._by_node = _grouped(self.slots)
        self._folder = RenderFolder(btid or 0, keep=not delete_render_files)
        self._renders = 0

    @property
    def folder(self) -> str:
        """Where the files are written."""
        return self._folder.path

    @pictures.told
    def render(self) -> "dict[str, NDArray[np.float32]]":
        """The slots by their keys: float32 H × W × channels, row 0 at the top.

        Raises:
            KeyError: a slot has no such channel; the message lists those there.
            RuntimeError: a node wrote no file, or a picture of another size; or a view layer that
                the nodes show is not rendered.
            ValueError: the camera is panoramic, and the engine none that renders such.
        """
        scene = bpy.context.scene
        nodes = _output_nodes(scene)
        _check_layers(scene)
        if scene.render.engine != "CYCLES" and scene.render.engine.startswith("BLENDER_"):
            _check_camera(self.camera, scene.render.engine)
        self._renders += 1
        names = {node: f"{n:02d}-{self._renders:06d}-" for n, node in enumerate(self._by_node)}
        with ExitStack() as stack:
            stack.enter_context(still_of(self.camera))
            stack.enter_context(changed(scene.render, use_compositing=True, use_sequencer=False))
            for node, name in names.items():
                _send(stack, _found("File Output node", node, nodes), self.folder, name)
            stack.enter_context(quiet())
            bpy.ops.render.render()
        out: dict[str, NDArray[np.float32]] = {}
        for node, name in names.items():
            path = self._written(node, name)
            try:
                out.update(_read(path, node, self._by_node[node], tuple(self.camera.shape)))
            finally:
                if self.delete_render_files:
                    path.unlink()
        return {selection.key: out[selection.key] for selection in self.slots}

    def _written(self, node: str, name: str) -> Path:
        # Blender adds the frame, in as many digits as it takes.
        paths = list(Path(self.folder).glob(f"{name}*.exr"))
        if len(paths) != 1:
            raise RuntimeError(
                f"the File Output node {node!r} wrote {len(paths)} files: is it muted, or are none "
                "of its slots connected?"
            )
        return paths[0]


# A slot as it is asked for, and the name of its layer in the file.
_Layer = tuple[CompositeSelection, str]


def _grouped(slots: list[CompositeSelection]) -> dict[str, list[_Layer]]:
    """The slots of each node, wherever they are in the list."""
    nodes = _output_nodes(bpy.context.scene)
    grouped: dict[str, list[_Layer]] = {}
    for selection in slots:
        node = _found("File Output node", selection.node, nodes)
        layers = {name: names[0] for names in runtime.output_slots(node) for name in names[::-1]}
        layer = _found(f"slot of the node {selection.node!r}", selection.slot, layers)
        grouped.setdefault(selection.node, []).append((selection, layer))
    return grouped


def _output_nodes(scene: Any) -> dict[str, Any]:
    tree = runtime.compositor_tree(scene)
    if tree is None:
        raise ValueError(
            f"the scene {scene.name!r} has no compositor nodes: enable `Use Nodes` in its "
            "compositor and add a File Output node"
        )
    return {node.name: node for node in tree.nodes if node.type == "OUTPUT_FILE"}


def _check_layers(scene: Any) -> None:
    """Of a view layer that is not rendered nodes show nothing, without a word."""
    for node in runtime.compositor_tree(scene).nodes:
        shown = node.type == "R_LAYERS" and not node.mute and node.scene is not None
        if not shown or not any(output.is_linked for output in node.outputs):
            continue
        layer = node.scene.view_layers.get(node.layer)
        if layer is not None and not layer.use:
            raise RuntimeError(
                f"the compositor node {node.name!r} shows the view layer {layer.name!r}, which is "
                f"not rendered: switch its `use` on"
            )


def _check_camera(camera: Camera, engine: str) -> None:
    if camera.type not in ("PERSP", "ORTHO"):
        raise ValueError(
            f"camera {camera.bpy_camera.name!r} is of type {camera.type}, which {engine} renders "
            "as if it were perspective: use CYCLES, or change its lens type"
        )


def _found(what: str, name: str, there: dict[str, Any]) -> Any:
    if name not in there:
        names = ", ".join(map(repr, there)) or "none"
        raise KeyError(f"no {what} is called {name!r}; there are: {names}")
    return there[name]


def _send(stack: ExitStack, node: Any, folder: str, name: str) -> None:
    """Makes a node write one file of all its slots, in floats."""
    stack.enter_context(
        changed(
            node.format,
            media_type="MULTI_LAYER_IMAGE",
            file_format="OPEN_EXR_MULTILAYER",
            color_mode="RGBA",
            color_depth="32",
            exr_codec="NONE",
            color_management="FOLLOW_SCENE",
        )
    )
    stack.enter_context(changed(node, **runtime.output_path(folder, name)))


def _read(
    path: Path, node: str, layers: list[_Layer], shape: tuple[int, ...]
) -> "dict[str, NDArray[np.float32]]":
    exr = _blendtorch.Exr(path)
    out: dict[str, NDArray[np.float32]] = {}
    for selection, layer in layers:
        there = [name for name in exr.channels if name.rpartition(".")[0] == layer]
        names = [f"{layer}.{letter}" for letter in selection.channels]
        if missing := [name for name in names if name not in there]:
            letters = ", ".join(name.rpartition(".")[2] for name in there)
            raise KeyError(
                f"slot {selection.slot!r} of the node {node!r} has no channel "
                f"{missing[0].rpartition('.')[2]!r}; "
                + (f"there are: {letters}" if there else "it was not written: is it connected?")
            )
        if tuple(exr.shape(names[0])) != shape:
            raise RuntimeError(
                f"the node {node!r} wrote pixels of the shape {tuple(exr.shape(names[0]))}, the "
                f"camera's is {shape}: nothing that was rendered reaches it, or a node on the way "
                "scales or crops"
            )
        pixels = np.empty((*shape, len(names)), np.float32)
        exr.read(names, pixels)
        out[selection.key] = pixels
    return out
