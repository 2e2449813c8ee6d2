"""Colours of screens and files, and the light that Blender calculates with (IEC 61966-2-1).

Owns the two ways between them, for arrays of any shape. Pictures go by Rust (`btb/src/pixels`).
"""

from typing import Any

import numpy as np


def linear(srgb: Any) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """Colours as Blender calculates with them, of those that files and screens have; alpha, the
    fourth channel, stays as it is."""
    values = np.array(srgb, np.float32)
    part = values[..., :3]
    values[..., :3] = np.where(
        part <= 0.04045, part / 12.92, ((np.maximum(part, 0) + 0.055) / 1.055) ** 2.4
    )
    return values


def on_screen(linear: Any) -> "np.ndarray[Any, np.dtype[np.float32]]":
    """Colours as screens have them, 0 to 1, of those that Blender calculates with: the way back
    from `linear`. What is brighter than a screen is cut; alpha stays as it is."""
    values = np.clip(np.array(linear, np.float32), 0, 1)
    part = values[..., :3]
    values[..., :3] = np.where(
        part <= 0.0031308, part * 12.92, 1.055 * part ** np.float32(1 / 2.4) - 0.055
    )
    return values
