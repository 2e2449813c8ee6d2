"""Which frames a scene has, and how fast they go by.

Frames are counted from 0, as the BSB's formula counts them: frame 0 is the start of the simulation,
and a scene that starts at 1 would not show it.
"""

import math
import warnings
from typing import Any

from ..limits import LAST_FRAME


def set_range(scene: Any, fps: float, last: float | None) -> None:
    """Sets frames a second, exactly also where that is no whole number, and the range 0 to `last`,
    rounded up. What Blender has no frames for is said.

    Raises:
        ValueError: they are not positive.
    """
    if not (fps > 0 and math.isfinite(fps)):
        raise ValueError(f"fps must be more than 0, not {fps}")
    whole = min(max(round(fps), 1), 32767)
    scene.render.fps, scene.render.fps_base = whole, whole / fps
    scene.frame_start = 0
    if last is not None:
        end = math.ceil(round(last, 6))
        if end > LAST_FRAME:
            warnings.warn(
                f"the last frame would be {end}, and Blender has none after {LAST_FRAME}: what "
                "comes later is not shown; take a greater ms_per_s",
                RuntimeWarning,
                stacklevel=2,
            )
        scene.frame_end = min(max(end, 0), LAST_FRAME)
