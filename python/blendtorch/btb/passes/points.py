"""Points of the world that pixels show, from their depth and the camera.

It must never be used where an engine gives the points itself: depth and places of one sample fit
each other only at the centres of pixels.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .intrinsics import Eye

FAR = 1e10
"""What Blender says of a pixel without a surface."""


def points_of_depth(
    depth: "NDArray[np.float32]", eye: "Eye", memory: "Callable[..., NDArray[Any]]"
) -> "NDArray[np.float32]":
    """World coordinates (H × W × 3) of planar depth (H × W, row 0 the lowest); 0 where nothing
    is."""
    height, width = depth.shape
    p = eye.projection
    x = ((np.arange(width) + 0.5) / width * 2 - 1)[None, :]
    y = ((np.arange(height) + 0.5) / height * 2 - 1)[:, None]
    there = depth < FAR / 2
    z = np.where(there, depth, 0).astype(np.float64)
    if p[3, 3] == 0:
        across, up = (x + p[0, 2]) / p[0, 0] * z, (y + p[1, 2]) / p[1, 1] * z
    else:
        across = np.broadcast_to((x - p[0, 3]) / p[0, 0], z.shape)
        up = np.broadcast_to((y - p[1, 3]) / p[1, 1], z.shape)
    pose = eye.pose
    out: NDArray[np.float32] = memory("points of depth", (height, width, 3), np.float32)
    for axis in range(3):
        a, b, c, d = pose[axis]
        np.copyto(out[..., axis], (a * across + b * up - c * z + d) * there, casting="unsafe")
    return out
