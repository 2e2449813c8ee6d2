"""The values of a device over time: which one holds at a moment.

Owns that a value holds until the next one comes, as of a stimulus that is set. It must never know
Blender, nor read a file.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Read = Callable[[Mapping[str, Any]], Any]
"""Reads the array (steps, sources) that `file` and `array` of a description name."""


class Values:
    """Rows of values, each from its time on."""

    def __init__(self, times_ms: Any, values: Any, name: str) -> None:
        """`times_ms` (k,), `values` (k,) or (k, n).

        Raises:
            ValueError: they do not fit each other, are not numbers, or times are not ascending.
        """
        self._times = np.asarray(times_ms, float).reshape(-1)
        rows = np.asarray(values, float)
        self._rows = rows.reshape(len(rows), -1) if rows.ndim else rows.reshape(1, 1)
        if len(self._times) != len(self._rows):
            raise ValueError(
                f"device {name!r} has {len(self._rows)} rows of values and {len(self._times)} times"
            )
        if not len(self._rows):
            raise ValueError(f"device {name!r} has no row of values")
        if not np.isfinite(self._times).all() or (np.diff(self._times) < 0).any():
            raise ValueError(f"the times of device {name!r} must ascend, and be finite")
        bad = np.argwhere(np.isnan(self._rows))
        if len(bad):
            raise ValueError(f"row {bad[0][0]} of the values of device {name!r} has a NaN")

    def at(self, ms: float) -> "NDArray[np.float64]":
        """The row that holds at a time; the first one before that."""
        row = int(np.searchsorted(self._times, ms, side="right")) - 1
        return np.asarray(self._rows[max(row, 0)])

    @property
    def largest(self) -> float:
        """The largest value there is."""
        return float(self._rows.max())


def values_of(device: Mapping[str, Any], read: Read | None = None) -> Values | None:
    """The values that a device is declared with; None where it has none.

    `values` is a number, a row of one for each source, or rows, of which row k holds from
    `values_ms[k]` (or k · `values_dt_ms`) on; or, as descriptions have it, a mapping of `file`,
    `array`, `dt_ms` and `start_ms`, whose array `read` reads.
    """
    name, given = str(device["name"]), device.get("values")
    times, step, start = device.get("values_ms"), device.get("values_dt_ms"), 0.0
    if given is None:
        return None
    if isinstance(given, Mapping):
        if read is None:
            raise ValueError(f"the values of device {name!r} are in a file, and nobody reads it")
        step, start, given = given["dt_ms"], float(given.get("start_ms") or 0.0), read(given)
    rows = np.asarray(given, float)
    if times is None and step is not None:
        times = start + np.arange(len(rows)) * float(step)
    if times is None:
        if rows.ndim > 1 and len(rows) > 1:
            raise ValueError(f"the values of device {name!r} have no times: give `values_ms`")
        return Values([0.0], rows.reshape(1, -1), name)
    return Values(times, rows, name)
