"""Frames of plots: a network's pictures that we draw ourselves, as screens have colours.

Owns how they become what other engines give: linear light, and images for displays. They have no
passes beside the image.
"""

from typing import TYPE_CHECKING, Any

import bpy
import numpy as np

from ..network.plotted.picture import Plot
from ..screen import linear as light_of
from .job import Job
from .kinds import Display

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .intrinsics import Intrinsics

_LIGHT = light_of(np.arange(256, dtype=np.float32)[:, None].repeat(3, 1) / 255)[:, 0]


class Plots:
    """Draws frames, and keeps what they have in common."""

    def __init__(self) -> None:
        """Nothing is drawn yet.

        Raises:
            RuntimeError: there is nothing to draw with.
        """
        self._plot = Plot()

    def render(self, job: Job, eye: "Intrinsics") -> "dict[str, NDArray[Any]]":
        """As `traced.render`: `Combined` (row 0 the lowest) and `display`, as far as wanted."""
        clear = bpy.context.scene.render.film_transparent
        screen = job.array("plot", (*eye.shape, 4 if clear else 3), np.uint8)
        self._plot.draw(eye.view, eye.projection, screen)
        out: dict[str, NDArray[Any]] = {}
        if job.display is not None:
            out["display"] = shown(screen, job.display, job)
        if "Combined" in job.passes:
            combined = job.array("Combined", (*eye.shape, 4))
            combined[..., 3] = screen[::-1, :, 3] / np.float32(255) if clear else 1.0
            np.take(_LIGHT, screen[::-1, :, :3], out=combined[..., :3])
            out["Combined"] = combined
        return out

    def free(self) -> None:
        """Gives back the memory of pictures."""
        self._plot.free()


def linear(screen: "NDArray[np.uint8]") -> None:
    """Makes light of a screen's colours, H × W × 3 or 4, where they lie."""
    light = np.rint(_LIGHT * 255).astype(np.uint8)
    np.take(light, screen[..., :3], out=screen[..., :3])


def shown(screen: "NDArray[np.uint8]", display: Display, job: Job) -> "NDArray[Any]":
    """An image for a display, of a screen's colours: with the channels and bits that it has."""
    pixels: NDArray[Any] = screen
    if display.color == "BW":
        weights = np.array((0.2126, 0.7152, 0.0722), np.float32)
        pixels = np.rint(screen[..., :3] @ weights)[..., None]
    elif display.color == "RGB":
        pixels = screen[..., :3]
    else:
        alpha = screen[..., 3:] if screen.shape[2] == 4 else np.full_like(screen[..., :1], 255)
        # Files have colours that are not multiplied by alpha.
        whole = screen[..., :3] * (np.float32(255) / np.maximum(alpha, 1))
        pixels = np.concatenate([np.clip(np.rint(whole), 0, 255), alpha], axis=2)
    if display.bits == 8 and pixels.dtype == np.uint8 and pixels.flags.c_contiguous:
        return pixels
    dtype = np.uint8 if display.bits == 8 else np.uint16
    out: NDArray[Any] = job.array("display", pixels.shape, dtype)
    np.multiply(pixels, 1 if display.bits == 8 else 257, out=out, casting="unsafe")
    return out
