"""Shapes around +z, turned to where a device looks."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def turned(points: "NDArray[np.float64]", direction: "ArrayLike") -> "NDArray[np.float64]":
    """Points around +z, turned the shortest way so that z lies along a direction."""
    d = np.asarray(direction, float).reshape(3)
    length = np.linalg.norm(d)
    if not np.isfinite(length) or length == 0:
        raise ValueError(f"a direction is {d.tolist()}: it needs a length")
    x, y, z = d / length
    if z > 1 - 1e-12:
        return points
    if z < -1 + 1e-12:
        return points * (1, -1, -1)
    # Rodrigues' formula about (-y, x, 0), the axis at right angles to both.
    k = np.array([[0, 0, x], [0, 0, y], [-x, -y, 0]])
    turn = np.eye(3) + k + k @ k / (1 + z)
    return np.asarray(points @ turn.T)
