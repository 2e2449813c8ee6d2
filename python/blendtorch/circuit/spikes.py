"""Spikes in files: what cells did, and what virtual cells are told to do.

Owns how trains of spikes look in Python. Reading, ordering and writing are Rust's.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _blendtorch
from .ids import id_of, ids_of
from .naming import unknown
from .tables import pandas

if TYPE_CHECKING:
    import pandas as pd


class SpikeTrains:
    """The spikes of a population: spike k is of cell `node_ids[k]` at `timestamps[k]` (ms)."""

    def __init__(self, population: str, node_ids: ArrayLike, timestamps: ArrayLike) -> None:
        #: The population.
        self.population = population
        #: The cells, uint64.
        self.node_ids: NDArray[np.uint64] = ids_of(node_ids, "node_ids")
        #: The times in ms, float64.
        self.timestamps: NDArray[np.float64] = np.ascontiguousarray(timestamps, np.float64)
        if self.node_ids.shape != self.timestamps.shape or self.node_ids.ndim != 1:
            raise ValueError(
                f"as many cells as times are needed, in lists: there are {self.node_ids.shape} "
                f"and {self.timestamps.shape}"
            )

    def __len__(self) -> int:
        return len(self.node_ids)

    def times(self, node_id: int) -> NDArray[np.float64]:
        """The times of one cell in ms, in the order of the file."""
        return np.asarray(self.timestamps[self.node_ids == id_of(node_id)])

    def within(self, start: float, end: float) -> SpikeTrains:
        """The spikes from `start` to `end` in ms, both included."""
        kept = (self.timestamps >= start) & (self.timestamps <= end)
        return SpikeTrains(self.population, self.node_ids[kept], self.timestamps[kept])

    def rates(self, node_ids: ArrayLike, start: float, end: float) -> NDArray[np.float64]:
        """The rates of these cells in Hz, of the spikes from `start` to before `end` in ms."""
        if end <= start:
            raise ValueError(f"there is no time from {start} to {end} ms")
        kept = (self.timestamps >= start) & (self.timestamps < end)
        cells, counts = np.unique(self.node_ids[kept], return_counts=True)
        wanted = ids_of(node_ids, "node_ids")
        found = np.isin(wanted, cells)
        rates = np.zeros(len(wanted))
        rates[found] = counts[np.searchsorted(cells, wanted[found])] * 1000.0 / (end - start)
        return rates

    def to_pandas(self) -> pd.DataFrame:
        """A row for each spike: `timestamps`, `population`, `node_ids`."""
        pd = pandas()
        columns = {
            "timestamps": self.timestamps,
            "population": pd.Categorical.from_codes(
                np.zeros(len(self), np.int64), categories=[self.population]
            ),
            "node_ids": self.node_ids,
        }
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        return f"SpikeTrains({self.population!r}, {len(self)} spikes)"


class Spikes(Mapping[str, SpikeTrains]):
    """The spikes of a file, by population.

    ```python
    spikes = Spikes.read("output/spikes.h5")
    spikes["cortex"].rates([0, 1, 2], 0.0, 1000.0)
    Spikes({"ext": ([0, 0, 1], [5.0, 9.5, 7.0])}).write("inputs/ext.h5")
    ```

    Cells are ids: a mask or fractions raise TypeError, negative numbers ValueError.
    """

    def __init__(self, trains: Mapping[str, SpikeTrains | tuple[ArrayLike, ArrayLike]]) -> None:
        self._trains = {
            name: one if isinstance(one, SpikeTrains) else SpikeTrains(name, *one)
            for name, one in trains.items()
        }

    @classmethod
    def read(cls, path: str | os.PathLike[str], *, units: str | None = None) -> Spikes:
        """Those of an h5 file, in SONATA's or BMTK's form, or of a text file (`.csv`).

        Args:
            path: The file.
            units: `ms` or `s`, of a file that does not say it.

        Raises:
            ValueError: It holds no spikes, or is damaged.
            OSError: It cannot be read.
        """
        trains, said = _blendtorch.read_spikes(os.fspath(path), units)
        for text in said:
            warnings.warn(text, stacklevel=2)
        return cls(
            {name: SpikeTrains(name, np.asarray(ids), np.asarray(at)) for name, ids, at in trains}
        )

    def write(self, path: str | os.PathLike[str], *, order: str = "by_time") -> None:
        """Writes them: h5 as the specification, libsonata and BMTK read it, text for `.csv`.

        Args:
            path: The file; one that is there is replaced.
            order: `by_time`, `by_id` or `none`.
        """
        parts = [(name, one.node_ids, one.timestamps) for name, one in self._trains.items()]
        _blendtorch.write_spikes(os.fspath(path), parts, order)

    def __getitem__(self, population: str) -> SpikeTrains:
        try:
            return self._trains[population]
        except KeyError:
            raise unknown("spikes of", population, self._trains) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._trains)

    def __len__(self) -> int:
        return len(self._trains)

    def to_pandas(self, populations: Sequence[str] | None = None) -> pd.DataFrame:
        """A row for each spike of all populations, or of these: `timestamps`, `population`,
        `node_ids`."""
        pd = pandas()
        names: list[Any] = list(self) if populations is None else list(populations)
        parts = [self[name] for name in names]
        lengths = [len(part) for part in parts]
        columns = {
            "timestamps": np.concatenate([part.timestamps for part in parts] or [np.empty(0)]),
            "population": pd.Categorical.from_codes(
                np.repeat(np.arange(len(parts)), lengths), categories=names
            ),
            "node_ids": np.concatenate(
                [part.node_ids for part in parts] or [np.empty(0, np.uint64)]
            ),
        }
        return pd.DataFrame(columns)

    def __repr__(self) -> str:
        return f"Spikes({list(self._trains.values())})"
