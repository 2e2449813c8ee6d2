"""Files that Blender writes of a render, in memory where there is such a place, read into arrays.

Owns what a display shows of a render, as Blender itself saves it, and the passes of engines that
give them to files only. It must never leave a file or a setting behind.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ... import _blendtorch
from ..folder import RenderFolder
from ..settings import changed
from .kinds import Display

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_CHANNELS = {"BW": 1, "RGB": 3, "RGBA": 4}


class Saves:
    """Writes what was rendered into a folder of its own, and reads it."""

    def __init__(self) -> None:
        """Makes the folder."""
        self._folder = RenderFolder(0, keep=False)

    @contextmanager
    def still(self, scene: Any, display: Display) -> Iterator[str]:
        """Makes a render that writes its image write one that `shown` reads: without loss, and
        cheap. Gives the path."""
        path = os.path.join(self._folder.path, "display")
        with (
            self._as(scene, display),
            changed(scene.render, filepath=path, use_file_extension=False),
        ):
            yield path

    def shown(
        self, path: str, display: Display, memory: "Callable[..., NDArray[Any]]"
    ) -> "NDArray[Any]":
        """What such a file has: H × W × C, uint8 or uint16, row 0 at the top. The file goes."""
        try:
            read = _read_targa if display.bits == 8 else _read_png
            return read(path, _CHANNELS[display.color], memory)
        finally:
            os.unlink(path)

    def of_pixels(
        self,
        scene: Any,
        pixels: "NDArray[np.float32]",
        display: Display,
        memory: "Callable[..., NDArray[Any]]",
    ) -> "NDArray[Any]":
        """The same of linear pixels (H × W × 4, row 0 the lowest); not dithered."""
        height, width, _ = pixels.shape
        image = bpy.data.images.new("blendtorch", width, height, alpha=True, float_buffer=True)
        path = os.path.join(self._folder.path, "display")
        try:
            image.alpha_mode = "PREMUL"
            image.pixels.foreach_set(pixels.reshape(-1))
            image.update()
            with self._as(scene, display):
                image.save_render(path, scene=scene)
        finally:
            bpy.data.images.remove(image)
        return self.shown(path, display, memory)

    def layers(
        self, scene: Any, layer: str, passes: "dict[str, str]", memory: "Callable[..., Any]"
    ) -> "dict[str, NDArray[np.float32]]":
        """Passes of the render that was made last: H × W × C, row 0 the lowest.

        Args:
            scene: which was rendered.
            layer: the view layer.
            passes: the names in the result, by ours.
            memory: gives the array for a name and a shape.

        Raises:
            RuntimeError: the result has no such pass.
        """
        path = os.path.join(self._folder.path, "layers.exr")
        with changed(
            scene.render.image_settings,
            media_type="MULTI_LAYER_IMAGE",
            file_format="OPEN_EXR_MULTILAYER",
            color_mode="RGBA",
            color_depth="32",
            exr_codec="NONE",
        ):
            _result().save_render(path, scene=scene)
        try:
            return _read_layers(path, layer, passes, memory)
        finally:
            os.unlink(path)

    @contextmanager
    def _as(self, scene: Any, display: Display) -> Iterator[None]:
        eight = display.bits == 8
        with changed(
            scene.render.image_settings,
            media_type="IMAGE",
            file_format="TARGA_RAW" if eight else "PNG",
            color_mode=display.color,
            color_depth=str(display.bits),
            compression=0,
        ):
            yield


def _result() -> Any:
    found = [image for image in bpy.data.images if image.type == "RENDER_RESULT"]
    if not found:
        raise RuntimeError("Blender has no result of a render")
    return found[0]


def _read_targa(
    path: str, channels: int, memory: "Callable[..., NDArray[Any]]"
) -> "NDArray[np.uint8]":
    """Truevision TGA 2.0, uncompressed, the lowest row first, blue before red."""
    data = np.fromfile(path, np.uint8)
    kind = int(data[2])
    width, height = (int(side) for side in data[12:16].view("<u2"))
    start = 18 + int(data[0])
    if kind not in (2, 3) or data[16] != 8 * channels or data[17] & 0x30:
        raise RuntimeError(f"Blender wrote a Targa of another kind: {bytes(data[:18]).hex()}")
    pixels = data[start : start + width * height * channels].reshape(height, width, channels)[::-1]
    out: NDArray[np.uint8] = memory("display", (height, width, channels), np.uint8)
    for channel in range(channels):
        swapped = 2 - channel if channel < 3 and channels >= 3 else channel
        out[..., channel] = pixels[..., swapped]
    return out


def _read_png(
    path: str, channels: int, memory: "Callable[..., NDArray[Any]]"
) -> "NDArray[np.uint16]":
    image = bpy.data.images.load(path)
    try:
        image.colorspace_settings.name = "Non-Color"
        image.alpha_mode = "CHANNEL_PACKED"
        width, height = image.size
        pixels = np.empty(width * height * image.channels, np.float32)
        image.pixels.foreach_get(pixels)
        shaped = pixels.reshape(height, width, image.channels)[::-1, :, :channels]
    finally:
        bpy.data.images.remove(image)
    out: NDArray[np.uint16] = memory("display", (height, width, channels), np.uint16)
    out[...] = shaped * np.float32(65535) + np.float32(0.5)
    return out


def _read_layers(
    path: str, layer: str, passes: "dict[str, str]", memory: "Callable[..., Any]"
) -> "dict[str, NDArray[np.float32]]":
    exr = _blendtorch.Exr(Path(path))
    out: dict[str, NDArray[np.float32]] = {}
    for ours, theirs in passes.items():
        there = {
            name.rpartition(".")[2]: name
            for name in exr.channels
            if name.rpartition(".")[0] == f"{layer}.{theirs}"
        }
        order = next((o for o in ("RGBA", "rgba", "XYZW", "RGB", "XYZ", "Z", "X", "V")
                      if set(o) == set(there)), None)  # fmt: skip
        if order is None:
            raise RuntimeError(f"the render gave no pass {theirs!r}; there are: {exr.channels}")
        names = [there[letter] for letter in order]
        array = memory(ours, (*exr.shape(names[0]), len(names)))
        exr.read(names, array)
        _blendtorch.flip_rows(array.view(np.uint8).reshape(array.shape[0], array.shape[1], -1))
        out[ours] = array
    return out
