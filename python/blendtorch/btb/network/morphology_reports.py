"""The values of compartments over time, of a SONATA report (`membrane_report`).

Owns which row is a frame's, and how many are read at once. It must never know Blender.
"""

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .morphology_sections import Compartments

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_BYTES = 16 * 2**20
"""Of the rows that are kept."""


class _Report(Protocol):
    """What `circuit.Report` has of a population."""

    @property
    def shape(self) -> tuple[int, int]: ...
    @property
    def times(self) -> "NDArray[np.float64]": ...
    @property
    def node_ids(self) -> "NDArray[np.uint64]": ...
    @property
    def element_ids(self) -> "NDArray[np.uint64]": ...
    @property
    def element_pos(self) -> "NDArray[np.float64] | None": ...
    @property
    def index_pointers(self) -> "NDArray[np.uint64]": ...
    def read(self, start: float, end: float) -> "NDArray[np.float64]": ...


class ReportValues:
    """A report as what `morphologies.draw` takes: `compartments`, and `values` by calling it.

    report = ReportValues(circuit.Report.open("v.h5")["cortex"], timeline, cells.ids)
    morphologies.draw(scene, root, network, "cortex", compartments=report.compartments,
                      values=report, bar=...)
    """

    def __init__(self, report: _Report, timeline: Any, ids: "ArrayLike") -> None:
        """Of a population of a report; `timeline.ms(frame)` is a frame's time, and `ids` are what
        the population's cells are called, by their index.

        Raises:
            ValueError: it has no rows, or none of its cells is in the network.
        """
        self._report, self._timeline = report, timeline
        self._times = np.asarray(report.times, float)
        rows, columns = report.shape
        if not rows or not columns:
            raise ValueError(f"the report has {rows} times of {columns} columns: nothing to show")
        counts = np.diff(np.asarray(report.index_pointers, np.int64))
        known = np.asarray(ids, np.int64).reshape(-1)
        order = np.argsort(known)
        cells = np.asarray(report.node_ids).astype(np.int64)
        at = np.searchsorted(known, cells, sorter=order)
        index = order[np.minimum(at, len(order) - 1)] if len(order) else np.full(len(cells), -1)
        missing = known[index] != cells if len(order) else np.ones(len(cells), bool)
        if missing.all():
            raise ValueError("no cell of the report is in the network: it is of another one")
        self.problems: list[str] = []
        if missing.any():
            self.problems.append(
                f"{missing.sum()} of {len(cells)} cells of the report are not in the network"
            )
        positions = report.element_pos
        self.compartments = Compartments(
            np.repeat(np.where(missing, -1, index), counts),
            np.asarray(report.element_ids).astype(np.int64),
            np.full(columns, 0.5) if positions is None else np.asarray(positions, float),
        )
        self._at_once = max(1, _BYTES // (8 * columns))
        self._first, self._rows = 0, np.empty((0, columns))

    def __call__(self, frame: float) -> "NDArray[np.float64]":
        """The values of the columns at a frame: of the last row that is not after it, or of the
        first one."""
        ms = float(self._timeline.ms(frame))
        row = max(int(np.searchsorted(self._times, ms + 1e-9, side="right")) - 1, 0)
        if not 0 <= row - self._first < len(self._rows):
            # From a little before, since frames may also go backwards.
            first = max(row - self._at_once // 8, 0)
            end = first + self._at_once
            stop = self._times[end] if end < len(self._times) else np.inf
            self._rows = self._report.read(float(self._times[first]), float(stop))
            self._first = first
        return np.asarray(self._rows[min(row - self._first, len(self._rows) - 1)])
