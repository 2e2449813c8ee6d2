"""Colours of received images."""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def gamma(x: "NDArray[Any]", coeff: float = 2.2) -> "NDArray[np.uint8]":
    """An image for display of a linear one: each colour value v of 255 becomes v ** (1 / coeff).

    What publishers render is linear unless they say otherwise. For the exact sRGB curve, which
    this approximates, render with `srgb=True`.

    Args:
        x: … × 3 (RGB) or … × 4 (RGBA), 0 to 255; alpha, which is linear by nature, is kept.
        coeff: the exponent of the display.

    Returns:
        An array of the same shape, uint8. Values are rounded down.

    Raises:
        ValueError: an image with another number of channels, or a `coeff` that is not above 0.
    """
    x = np.asarray(x)
    if x.ndim < 1 or x.shape[-1] not in (3, 4):
        raise ValueError(f"x has shape {x.shape}: needs 3 or 4 channels in its last dimension")
    if not coeff > 0:
        raise ValueError(f"coeff is {coeff}: must be above 0")
    # Images have few different values: each is computed once.
    table = np.uint8(255.0 * (np.arange(256, dtype=np.float32) / 255) ** (1 / coeff))
    values = x if x.dtype == np.uint8 else np.clip(x, 0, 255).astype(np.uint8)
    out = table[values]
    out[..., 3:] = values[..., 3:]
    return out
