"""Reports: what was recorded over time, read a window at a time.

Owns how windows look in Python. Files are read in Rust.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import _blendtorch
from .ids import id_of
from .naming import unknown
from .tables import pandas

if TYPE_CHECKING:
    import pandas as pd


class ReportPopulation:
    """The recorded cells of a population: a row for each time, columns for each cell."""

    def __init__(self, report: _blendtorch.ReportOf) -> None:
        self._report = report

    @property
    def name(self) -> str:
        """The population."""
        return self._report.name()

    @property
    def variable(self) -> str | None:
        """What was recorded, where the file says it."""
        return self._report.variable()

    @property
    def units(self) -> str | None:
        """The unit of the values, where the file says it; BMTK's do not."""
        return self._report.units()

    @property
    def shape(self) -> tuple[int, int]:
        """How many times and columns."""
        return self._report.shape()

    @property
    def times(self) -> NDArray[np.float64]:
        """Of the rows, in ms."""
        return np.asarray(self._report.times())

    @property
    def node_ids(self) -> NDArray[np.uint64]:
        """The cells, in the order of their columns."""
        return np.asarray(self._report.node_ids())

    @property
    def element_ids(self) -> NDArray[np.uint64]:
        """The element of each column: 0 is the soma."""
        return np.asarray(self._report.element_ids())

    @property
    def element_pos(self) -> NDArray[np.float64] | None:
        """Where along its element each column is, 0 to 1; None where the file does not say."""
        places = self._report.element_pos()
        return None if places is None else np.asarray(places)

    @property
    def index_pointers(self) -> NDArray[np.uint64]:
        """Where the columns of each cell begin, and where those of the last one end."""
        return np.asarray(self._report.index_pointers())

    def read(
        self, start: float = -np.inf, end: float = np.inf, node_id: int | None = None
    ) -> NDArray[np.float64]:
        """The values from `start` to before `end` in ms, times × columns.

        Args:
            start: In ms.
            end: In ms.
            node_id: Only the columns of this cell.

        Raises:
            KeyError: The cell is not in the report.
        """
        first, last = self._report.window(start, end)
        cell = None if node_id is None else id_of(node_id)
        return np.asarray(self._report.read(first, last, cell))

    def __getitem__(self, node_id: int) -> NDArray[np.float64]:
        """The trace of a cell; of one with several elements a column for each."""
        values = self.read(node_id=node_id)
        return values[:, 0] if values.shape[1] == 1 else values

    def to_pandas(self, start: float = -np.inf, end: float = np.inf) -> pd.DataFrame:
        """A row for each time in ms, a column for each cell, or each cell and element."""
        pd = pandas()
        first, last = self._report.window(start, end)
        pointers = self.index_pointers.astype(np.int64)
        cells = np.repeat(self.node_ids, np.diff(pointers))
        columns: Any = pd.Index(cells, name="node_id")
        if len(cells) != len(self.node_ids):
            columns = pd.MultiIndex.from_arrays(
                [cells, self.element_ids], names=["node_id", "element_id"]
            )
        index = pd.Index(self.times[first:last], name="time")
        return pd.DataFrame(self.read(start, end), index=index, columns=columns)

    def __repr__(self) -> str:
        rows, columns = self.shape
        return f"ReportPopulation({self.name!r}, {rows} times of {columns} columns)"


class Report(Mapping[str, ReportPopulation]):
    """A report of single cells, by population.

    ```python
    v = Report.open("output/v.h5")["cortex"]
    v[7]                      # the whole trace of cell 7
    v.read(100.0, 200.0)      # all cells, times × columns
    ```
    """

    def __init__(self, populations: Mapping[str, ReportPopulation]) -> None:
        self._populations = dict(populations)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Report:
        """That of a file, in SONATA's or BMTK's form; no value is read yet.

        Raises:
            ValueError: It is no report, or is damaged.
            OSError: It cannot be read.
        """
        found = _blendtorch.open_report(os.fspath(path))
        return cls({one.name(): ReportPopulation(one) for one in found})

    def __getitem__(self, population: str) -> ReportPopulation:
        try:
            return self._populations[population]
        except KeyError:
            raise unknown("report of", population, self._populations) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._populations)

    def __len__(self) -> int:
        return len(self._populations)

    def __repr__(self) -> str:
        return f"Report({list(self._populations.values())})"


class Electrodes:
    """Potentials at electrodes: a row for each time, a column for each channel."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._file = _blendtorch.ElectrodesOf(os.fspath(path))

    @property
    def units(self) -> str | None:
        """The unit of the potentials, where the file says it."""
        return self._file.units()

    @property
    def channel_ids(self) -> NDArray[np.int64]:
        """The channels, in the order of their columns."""
        return np.asarray(self._file.channel_ids())

    @property
    def times(self) -> NDArray[np.float64]:
        """Of the rows, in ms."""
        return np.asarray(self._file.times())

    def read(self, start: float = -np.inf, end: float = np.inf) -> NDArray[np.float64]:
        """The potentials from `start` to before `end` in ms, times × channels."""
        return np.asarray(self._file.read(*self._file.window(start, end)))
