"""Networks as cells that can be drawn: populations with places, ids and looks, and their spikes.

Owns how they look in Python: numpy arrays over the memory that was read into. Which file has what
is Rust's: networks of BSB 3 to 8 and SONATA's configurations, results of BSB 3, Neo's (`.nio`) and
SONATA's spikes.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import _blendtorch
from .morphology import Morphology
from .naming import unknown

Path_ = str | os.PathLike[str]


class CellPopulation:
    """The cells of one kind. A cell's *index* is its place in the arrays, its *id* what the file
    calls it."""

    def __init__(self, cells: _blendtorch.CellsOf) -> None:
        self._cells = cells

    @property
    def name(self) -> str:
        """Its name."""
        return self._cells.name()

    @property
    def display_name(self) -> str:
        """The name that people are shown."""
        return self._cells.display_name()

    @property
    def entity(self) -> bool:
        """Whether its cells have no place (fibres, virtual nodes): `positions` is empty then."""
        return self._cells.entity()

    @property
    def up(self) -> str:
        """The axis of `positions` that points up: `y` of BSB 3, else `z`."""
        return self._cells.up()

    def __len__(self) -> int:
        return len(self._cells)

    @cached_property
    def ids(self) -> NDArray[np.int64]:
        """The cells' ids, int64: of BSB 3 unique over all populations, else within this one."""
        return np.asarray(self._cells.ids())

    @cached_property
    def positions(self) -> NDArray[np.float32]:
        """Where the cells are, n × 3 in µm, as in the file."""
        return np.asarray(self._cells.positions())

    @cached_property
    def locations(self) -> NDArray[np.float32]:
        """Where Blender has them, n × 3 in µm: of BSB 3 with y and z changed, as its module has
        it."""
        return np.asarray(self._cells.locations())

    @cached_property
    def rotations(self) -> NDArray[np.float32] | None:
        """How they are turned, n × 3: degrees about the fixed axes x, y, z in this order (Blender's
        Euler `XYZ`); None where nothing says it."""
        return _array(self._cells.rotations())

    @property
    def radius(self) -> float:
        """The radius of the somata in µm; 5 where nothing says it."""
        return self._cells.radius()

    @property
    def radius_known(self) -> bool:
        """Whether the file says the radius."""
        return self._cells.radius_known()

    @cached_property
    def radii(self) -> NDArray[np.float32] | None:
        """The radius of each soma in µm, where they differ."""
        return _array(self._cells.radii())

    @property
    def color(self) -> tuple[float, float, float, float] | None:
        """Red, green, blue, opacity in 0..1 as the file has them (sRGB); None where it has none."""
        return self._cells.color()

    @property
    def morphologies(self) -> list[str]:
        """The names of the morphologies that cells have."""
        return self._cells.morphologies()

    @cached_property
    def morphology_of(self) -> NDArray[np.int32] | None:
        """For each cell the place in `morphologies`, −1 where it has none; None where none has."""
        return _array(self._cells.morphology_of())

    def __repr__(self) -> str:
        return f"CellPopulation({self.name!r}, {len(self)} cells)"


class CellNetwork:
    """A network: an HDF5 file of BSB 3 to 8, or a SONATA configuration (`.json`).

    ```python
    network = CellNetwork("net.hdf5")
    golgi = network.population("golgi_cell")
    golgi.positions                               # n × 3, µm
    ```

    Raises:
        ValueError: The file is damaged, or no network.
        OSError: It cannot be read.
    """

    def __init__(self, path: Path_) -> None:
        self._files = _blendtorch.CellFiles(os.fspath(path))
        self._populations = {one.name(): CellPopulation(one) for one in self._files.populations()}

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self._files.path)

    @property
    def format(self) -> str:
        """`bsb-v3`, `bsb` (4 to 8) or `sonata`."""
        return self._files.format

    @property
    def version(self) -> str:
        """The version of the program that wrote it."""
        return self._files.version

    @property
    def warnings(self) -> list[str]:
        """What was found that is no error: cells that were left out, looks that are not known, …"""
        return self._files.warnings

    @cached_property
    def identity(self) -> dict[str, str]:
        """What tells it from other networks, by key: results are checked by it."""
        return dict(self._files.identity())

    @property
    def names(self) -> list[str]:
        """The populations, in the order of the file, those without places included."""
        return list(self._populations)

    @property
    def summary(self) -> str:
        """Its cells in one line."""
        parts = [f"{len(one)} {name}" for name, one in self._populations.items()]
        return f"{self.format} {self.version}".rstrip() + f": {', '.join(parts) or 'no cells'}"

    def population(self, name: str) -> CellPopulation:
        """The population of that name.

        Raises:
            KeyError: There is none; it says the nearest name.
        """
        try:
            return self._populations[name]
        except KeyError:
            raise unknown("population", name, self._populations) from None

    @property
    def morphology_names(self) -> list[str]:
        """The morphologies: of BSB those that the file has, of SONATA those that cells have."""
        return self._files.morphology_names()

    def morphology(self, name: str) -> Morphology:
        """A morphology of the network. One of SONATA has its soma at 0, as its guide has it; one of
        BSB is as the file has it.

        Raises:
            ValueError: There is none of this name, or it is damaged.
            OSError: Its file cannot be read.
        """
        return Morphology(self._files.morphology(name))

    @property
    def connection_names(self) -> list[str]:
        """The sets of connections, by name; of SONATA the populations of edges."""
        return self._files.connection_names()

    def connections(
        self, name: str, pre: str | None = None, post: str | None = None
    ) -> tuple[str, str, NDArray[np.int64]]:
        """The connections of a set: the population that they come from, the one that they go to,
        and the indices of both cells, n × 2. Those of cells that were left out are left out, with a
        warning.

        Args:
            name: The set.
            pre: Which population is meant, of a set of BSB 3 that joins several.
            post: Likewise.

        Raises:
            ValueError: There is no such set, it joins several populations, or it is damaged.
        """
        source, target, pairs, left_out = self._files.connections(name, pre, post)
        if left_out:
            text = f"{self.path}: {name}: {left_out} connections are of cells that are not there"
            warnings.warn(text, stacklevel=2)
        return source, target, np.asarray(pairs)

    def __repr__(self) -> str:
        return f"CellNetwork({str(self.path)!r}, {self.summary})"


class Results:
    """What the cells of a network did: spikes by the cells' indices.

    ```python
    results = Results("results.nio", network)
    index, times_ms = results.spikes("golgi_cell")
    ```

    A file of BSB 3 (`/recorders`), Neo's of BSB 4 to 8 (`.nio`), or SONATA's spikes.

    Args:
        path: The file.
        network: The network that was simulated.
        group: Of BSB 3: the recorder that has the spikes; by itself, each that has some counts.

    Raises:
        ValueError: The file is damaged, has no spikes, or none of this network's cells.
        OSError: It cannot be read.
    """

    def __init__(self, path: Path_, network: CellNetwork, group: str | None = None) -> None:
        self._network = network
        self._results = _blendtorch.CellResults(os.fspath(path), network._files, group)
        self._counts = dict(self._results.populations())

    @property
    def path(self) -> Path:
        """The file."""
        return Path(self._results.path)

    @property
    def warnings(self) -> list[str]:
        """What does not fit the network, and what was left out, with counts."""
        return self._results.warnings

    @property
    def duration_ms(self) -> float | None:
        """How long was simulated where the file says it, else the time of the last spike."""
        return self._results.duration_ms

    @property
    def populations(self) -> list[str]:
        """The populations that were recorded, in the order of the network."""
        return list(self._counts)

    @property
    def counts(self) -> dict[str, int]:
        """The number of spikes of each population that was recorded."""
        return dict(self._counts)

    def missing(self, name: str) -> NDArray[np.uint32] | None:
        """The indices of the cells of a population that were not recorded: they are not silent,
        nobody looked. None where the file does not say whom it recorded (SONATA, NEST's devices);
        all where the population was not recorded at all.

        Raises:
            KeyError: The network has no such population.
        """
        if name not in self._counts:
            return np.arange(len(self._network.population(name)), dtype=np.uint32)
        return _array(self._results.missing(name))

    def spikes(self, name: str) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
        """The spikes of a population in the order of time: cells' indices (uint32), and ms
        (float64). None where it was not recorded.

        Raises:
            KeyError: The network has no such population.
        """
        if name not in self._counts:
            self._network.population(name)
            return np.empty(0, np.uint32), np.empty(0, np.float64)
        index, times = self._results.spikes(name)
        return np.asarray(index), np.asarray(times)

    def __repr__(self) -> str:
        return f"Results({str(self.path)!r}, {self.counts})"


def spikes_from_mapping(
    mapping: Mapping[Any, Any], ids: Iterable[int]
) -> tuple[NDArray[np.uint32], NDArray[np.float64], dict[str, Any]]:
    """The spikes of some cells in a dictionary or a group of h5py, as programs of BSB 3 have them.

    Args:
        mapping: The key `str(cell id)` has the spikes of a cell: an array n × k with the times (ms)
            in column 1, or of the times alone. Any other key is a device: n × 2 with cells' ids in
            column 0.
        ids: The ids of the cells, by index.

    Returns:
        The cells' indices (uint32) and the times in ms (float64) in the order of time, and a
        report: `missing`: the ids that have no entry (of devices: no spike); `empty`: how many
        entries have no spike; `unsorted`: how many are not in order; `negative`, `nan`: spikes that
        were left out since they are before 0 or have no time; `unknown`: spikes of other cells;
        `others`: how many of those each other id has; `ignored`: keys that hold no spikes.

    Raises:
        ValueError: An id is there twice.
    """
    wanted = np.fromiter((int(one) for one in ids), np.int64)
    order = np.argsort(wanted, kind="stable")
    ranked = wanted[order]
    if len(ranked) and (ranked[1:] == ranked[:-1]).any():
        raise ValueError(f"the id {ranked[:-1][ranked[1:] == ranked[:-1]][0]} is there twice")
    report: dict[str, Any] = dict.fromkeys(("empty", "unsorted", "negative", "nan", "unknown"), 0)
    report["ignored"] = []
    found = np.zeros(len(wanted), bool)
    indices, times, others = [], [], []
    for key in mapping:
        name = key.decode() if isinstance(key, bytes) else str(key)
        values = _numbers(mapping[key])
        cell = int(name) if name.lstrip("-").isdecimal() else None
        if values is None or (values.ndim == 2 and values.shape[1] < 2 and values.size):
            report["ignored"].append(name)
            continue
        if cell is None and values.ndim != 2:
            report["ignored"].append(name)
            continue
        at = values if values.ndim == 1 else values[:, 1] if values.size else np.empty(0)
        of = np.full(len(at), cell, np.float64) if cell is not None else values[:, 0]
        place = np.searchsorted(ranked, of).clip(max=max(len(ranked) - 1, 0))
        known = ranked[place] == of if len(ranked) else np.zeros(len(at), bool)
        index = order[place[known]]
        if cell is not None:
            here = np.searchsorted(ranked, cell)
            if here < len(ranked) and ranked[here] == cell:
                found[order[here]] = True
                report["empty"] += not len(at)
        found[index] = True
        report["unknown"] += int((~known).sum())
        others.append(of[~known].astype(np.float64))
        at = at[known].astype(np.float64)
        real = np.isfinite(at)
        report["nan"] += int((~real).sum())
        report["unsorted"] += bool((np.diff(at[real]) < 0).any())
        report["negative"] += int((at[real] < 0).sum())
        kept = real & (at >= 0)
        indices.append(index[kept])
        times.append(at[kept])
    index = np.concatenate([*indices, np.empty(0, np.int64)]).astype(np.uint32)
    at = np.concatenate([*times, np.empty(0)])
    sorting = np.lexsort((index, at))
    report["missing"] = wanted[~found].tolist()
    names, counts = np.unique(np.concatenate([*others, np.empty(0)]), return_counts=True)
    report["others"] = {_plain(one): int(n) for one, n in zip(names, counts, strict=True)}
    return index[sorting], at[sorting], report


def _numbers(value: Any) -> NDArray[Any] | None:
    """A table or a list of numbers; None where it is something else."""
    try:
        values = np.asarray(value[()] if hasattr(value, "dtype") else value)
    except (TypeError, ValueError, KeyError):
        return None
    return values if values.dtype.kind in "fiu" and values.ndim in (1, 2) else None


def _plain(number: Any) -> int | float:
    """An id as people write it; of what is none, the number."""
    return int(number) if float(number).is_integer() else float(number)


def _array(column: _blendtorch.Numbers | None) -> NDArray[Any] | None:
    return None if column is None else np.asarray(column)
