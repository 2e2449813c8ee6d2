"""What was recorded of cells, as activity: a SONATA membrane report at any frame.

Owns how it looks in Python. Which rows are read and kept, Rust knows.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _blendtorch
from .activity import Activity, Timeline


@dataclass(frozen=True)
class Compartments:
    """The compartments of a cell that were recorded."""

    #: Where in `Traces.row` they are.
    columns: slice
    #: The element of each, uint64; 0 is the soma.
    elements: NDArray[np.uint64]
    #: Where along its element each is, from 0 to 1; None where the report does not say.
    places: NDArray[np.float64] | None


class Traces(Activity):
    """A value for each cell from a report, in the report's unit, at any frame.

    Args:
        path: The report, HDF5.
        population: Its population.
        line: Which time a frame shows.
        variable: What is shown, for what is said of it; the file's name where it is not said.
        low: The lowest value that is told apart; the report's lowest where it is not said.
        high: The highest one likewise. Of a report with more than about 64 MB both are looked for
            in rows at even distances, and `sampled` is True.
        interpolation: `linear`, on the line between two recorded moments, or `previous`, the last
            one. Before the first moment and after the last one their values stay.
        cells: How many cells there are, or their ids in order; without it as many as the largest id
            in the report asks for.
        missing: What cells show that were not recorded, or whose value is no number: `low` where
            it is not said. With `float("nan")`, `colorize` shows them grey.

    A cell with several compartments shows its soma, element 0, or else its first one. Reports are
    read a piece at a time, and two pieces are kept.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no report, has no such population, or nothing in it; or a number means
            nothing.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        population: str,
        line: Timeline | None = None,
        variable: str | None = None,
        low: float | None = None,
        high: float | None = None,
        interpolation: str = "linear",
        cells: int | ArrayLike | None = None,
        missing: float | None = None,
    ) -> None:
        if interpolation not in ("linear", "previous"):
            raise ValueError(
                f'interpolation is {interpolation!r}; there are "linear" and "previous"'
            )
        line = line or Timeline()
        count: int | None = None
        ids: NDArray[np.int64] | None = None
        if isinstance(cells, (int, np.integer)):
            count = int(cells)
        elif cells is not None:
            ids = np.ascontiguousarray(cells, np.int64)
        self._traces = _blendtorch.TracesOf(
            path,
            population,
            (count, ids),
            line._numbers(),
            (low, high, missing),
            interpolation == "previous",
        )
        said: dict[str, Any] = {"report": os.fspath(path), "interpolation": interpolation}
        #: What is shown, where it is known.
        self.variable: str | None = variable or self._traces.variable()
        if self.variable is not None:
            said["variable"] = self.variable
        super().__init__(self._traces.activity(), line, **said)
        #: The unit of the values, where the file says it.
        self.units: str | None = self._traces.units()
        #: The ends of the scale of colours.
        self.low: float
        self.high: float
        self.low, self.high = self.range
        #: How many of the report's nodes are none of the cells.
        self.outside: int
        #: How many cells the report does not have.
        self.missing: int
        self.outside, self.missing = self._traces.outside()
        #: Whether `low` and `high` were looked for in a part of the rows.
        self.sampled: bool = self._traces.sampled()
        #: The first and the last recorded moment in ms.
        self.first_ms: float
        self.last_ms: float
        self.first_ms, self.last_ms = self._traces.times()
        #: How many columns the report has: compartments of all cells.
        self.n_columns: int = self._traces.columns()

    def compartments(self, cell: int) -> Compartments | None:
        """The compartments of a cell; None where it was not recorded."""
        found = self._traces.compartments(cell) if 0 <= cell < self.n_cells else None
        if found is None:
            return None
        (start, stop), elements, places = found
        return Compartments(
            slice(start, stop),
            np.asarray(elements),
            None if places is None else np.asarray(places),
        )

    def row(self, frame: float) -> NDArray[np.float32]:
        """The values of all compartments at a frame, float32 `(n_columns,)`."""
        return np.asarray(self._traces.row(frame))
