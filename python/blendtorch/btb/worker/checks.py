"""Checks of what a caller gives."""

import math
from collections.abc import Sequence
from typing import Any

from .. import limits

LAST_FRAME = limits.LAST_FRAME - 1
"""The last frame that Blender renders."""


def whole(value: Any, what: str, low: int, high: int) -> int:
    """A whole number within bounds, both included.

    Raises:
        ValueError: it is none, or outside.
    """
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not low <= value <= high or value != int(value):
        raise ValueError(f"{what} must be a whole number from {low} to {high}, not {value!r}")
    return int(value)


def finite(value: Any, what: str) -> float:
    """A number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{what} must be a number, not {value!r}")
    return float(value)


def vector(value: Any, what: str) -> tuple[float, float, float]:
    """Three numbers.

    Raises:
        ValueError: they are none.
    """
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 3:
        raise ValueError(f"{what} must be three numbers, not {value!r}")
    x, y, z = (finite(part, what) for part in value)
    return x, y, z


def square(value: Any, what: str, sizes: tuple[int, ...]) -> list[list[float]]:
    """A square matrix of one of these sizes, as rows.

    Raises:
        ValueError: it is none.
    """
    rows = value if isinstance(value, Sequence) and not isinstance(value, str) else ()
    size = len(rows)
    so = size in sizes and all(isinstance(row, Sequence) and len(row) == size for row in rows)
    if not so:
        wanted = " or ".join(f"{one} x {one}" for one in sizes)
        raise ValueError(f"{what} must be a matrix of {wanted} numbers, as rows, not {value!r}")
    return [[finite(part, what) for part in row] for row in rows]
