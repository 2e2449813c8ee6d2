"""Values as colours: maps that can be named. Colours are sRGB from 0 to 1."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _blendtorch

#: The names of the colour maps, which are matplotlib's.
color_maps: list[str] = _blendtorch.color_map_names()


def color_map(name: str, n: int = 256) -> NDArray[np.float32]:
    """`n` colours of a map at even distances, sRGB from 0 to 1, float32 `(n, 3)`."""
    return np.asarray(_blendtorch.color_map_of(name, n))


def colorize(
    values: ArrayLike,
    low: float,
    high: float,
    name: str = "viridis",
    out: NDArray[Any] | None = None,
    linear: bool = False,
) -> NDArray[Any]:
    """The colours of values, `(n, 4)`: into `out`, float32 from 0 to 1 or uint8, or a new array.

    `low` gets the first colour of the map and `high` the last one; what is beyond them the same.
    What is no number is grey. `linear` gives linear light, as Blender reckons with, not sRGB.
    """
    given = np.ascontiguousarray(values, np.float32).reshape(-1)
    if out is None:
        out = np.empty((len(given), 4), np.float32)
    _blendtorch.colorize_into(given, (low, high), name, linear, out)
    return out
