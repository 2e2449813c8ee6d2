"""The light of a 3D view's studio, as the program takes it.

Owns the layout of its block of numbers. It must never change a setting.
"""

from typing import TYPE_CHECKING, Any

import gpu
import numpy as np

from .. import runtime
from . import programs

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LAMPS = 4


def numbers(shading: Any) -> "NDArray[np.float32]":
    """The lamps of a shading: 13 × 4, directions, diffuse and highlights' colours, ambient."""
    found = none()
    if shading.light == "FLAT":
        return found
    studio = shading.selected_studio_light
    for row, lamp in enumerate(list(studio.solid_lights)[:_LAMPS]):
        if lamp.use:
            found[row, :3] = lamp.direction
            found[_LAMPS + row, :3] = lamp.diffuse_color
            found[_LAMPS + row, 3] = lamp.smooth
            found[2 * _LAMPS + row, :3] = lamp.specular_color
    found[-1, :3] = studio.light_ambient
    return found


def kind(shading: Any) -> programs.Kind:
    """Which program has that light."""
    if shading.light == "FLAT":
        return "flat"
    has = shading.selected_studio_light.has_specular_highlight_pass
    return "shining" if shading.show_specular_highlight and has else "soft"


def none() -> "NDArray[np.float32]":
    """The same without lamps."""
    found = np.zeros((3 * _LAMPS + 1, 4), np.float32)
    found[:_LAMPS, 0] = 1.0
    return found


def block(lamps: "NDArray[np.float32]", view: Any, projection: Any) -> Any:
    """The block `solid` of a picture."""
    lamps[0, 3] = runtime.matcap_towards(projection)
    # Columns first, as graphics libraries have matrices.
    matrices = [np.array(one, np.float32).T for one in (view, projection)]
    return gpu.types.GPUUniformBuf(np.ascontiguousarray(np.concatenate([*matrices, lamps])))
