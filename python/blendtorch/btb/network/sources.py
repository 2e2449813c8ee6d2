"""From what a script calls results to the spikes of each population.

    a path, `circuit.Results`     of a file, for all populations that it has
    a group of h5py, or a dict    keyed by cell id, as the BSB's module takes it

Owns which kind is which, and the words for cells that have none. It must never drop a spike without
counting it.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import circuit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .population import BlenderPopulation

_NAMED = 5
"""So many cells are named, of those that are counted."""


@dataclass
class Taken:
    """The spikes of one population."""

    index: "NDArray[np.uint32]"
    times: "NDArray[np.float64]"
    asked: int
    """How many cells."""
    silent: int = 0
    """How many of those have no spikes."""
    missing: int = 0
    """How many of those the results do not name."""
    notes: list[str] = field(default_factory=list)


@dataclass
class Origin:
    """Where spikes come from, as far as that can be opened again."""

    paths: list[Path] = field(default_factory=list)
    """Files that give the same spikes when they are read again; none where that is not so."""
    group: str | None = None


def take(
    results: Any,
    source: Any,
    rows: "Mapping[str, tuple[BlenderPopulation, NDArray[Any] | None]]",
    group: str | None = None,
) -> tuple[dict[str, Taken], Origin, list[str]]:
    """The spikes of populations, of some rows of each or of all (None); where they come from; and
    what is to be said.

    Raises:
        TypeError: the results are of no such kind.
    """
    notes: list[str] = []
    if isinstance(results, str | os.PathLike):
        results = read(Path(results), source, group)
    if hasattr(results, "spikes") and hasattr(results, "populations"):
        if group is None and getattr(results, "group", None):
            group = str(results.group)
        there = set(results.populations)
        taken = {}
        for name, (population, some) in rows.items():
            pair = results.spikes(name) if name in there else _none()
            taken[name] = _taken(pair, population, some)
            if name not in there:
                taken[name].missing = taken[name].asked
            else:
                # Of all cells the reader says it itself, with their ids.
                missing = results.missing(name) if hasattr(results, "missing") else None
                whole = missing is None or some is None
                taken[name].missing = 0 if whole else _among(missing, some)
        # Of arrays' networks they are known when the spikes have been taken.
        notes += [str(one) for one in getattr(results, "warnings", ())]
        path = getattr(results, "path", None)
        whole = path is not None and all(some is None for _, some in rows.values())
        origin = Origin([Path(path).absolute()] if path and whole else [], group)
        return taken, origin, notes
    if isinstance(results, Mapping) or hasattr(results, "keys"):
        taken = {}
        for name, (population, some) in rows.items():
            index, times, report = circuit.spikes_from_mapping(results, np.asarray(population.ids))
            one = taken[name] = _taken((index, times), population, some)
            one.missing = _count(report.get("missing"), population, some)
            one.notes = _told(report)
            if len(taken) == 1:  # Each says the same of what is of no population.
                notes += _of_nobody(report, source)
        return taken, Origin(), notes
    raise TypeError(
        "results must be a path, circuit.Results, a group of an h5py file, or a dict of cell id to "
        f"times, not {type(results).__name__}"
    )


def read(path: Path, source: Any, group: str | None) -> Any:
    """The results of a file, as `circuit.Results` has them.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged, or has none of the network's cells.
    """
    if isinstance(source, circuit.CellNetwork):
        return circuit.Results(os.fspath(path), source, group)
    return _OfArrays(path, source)


class _OfArrays:
    """SONATA's spikes of a network of arrays: by the populations' names and the cells' ids."""

    def __init__(self, path: Path, source: Any) -> None:
        self.path = path
        self.warnings: list[str] = []
        self._source, self._spikes = source, circuit.Spikes.read(path)
        self.populations = [name for name in source.names if name in set(self._spikes)]
        others = sorted(set(self._spikes) - set(source.names))
        if others:
            self.warnings.append(f"{path} has spikes of {', '.join(others)}, which are not here")

    def spikes(self, name: str) -> "tuple[NDArray[np.uint32], NDArray[np.float64]]":
        """Those of a population, in the order of time."""
        trains, ids = self._spikes[name], np.asarray(self._source.population(name).ids)
        order = np.argsort(ids, kind="stable")
        of = trains.node_ids.astype(np.int64)
        at = np.searchsorted(ids[order], of).clip(max=max(len(ids) - 1, 0))
        known = ids[order][at] == of if len(ids) else np.zeros(len(of), bool)
        if not known.all():
            self.warnings.append(f"{self.path}: {int((~known).sum())} spikes of no cell of {name}")
        index, times = order[at[known]].astype(np.uint32), trains.timestamps[known]
        sorting = np.argsort(times, kind="stable")
        return index[sorting], times[sorting]


def joined(one: Taken | None, other: Taken) -> Taken:
    """The spikes of two files."""
    if one is None:
        return other
    index = np.concatenate([one.index, other.index])
    times = np.concatenate([one.times, other.times])
    spiking = len(np.unique(index))
    missing = min(one.missing, other.missing)
    notes = one.notes + other.notes
    return Taken(index, times, one.asked, one.asked - spiking, missing, notes)


def summary(taken: Mapping[str, Taken], notes: Iterable[str]) -> list[str]:
    """What is to be said of spikes that were taken: cells without any, by their number."""
    said = list(notes)
    for name, one in taken.items():
        said += [f"{name}: {note}" for note in one.notes]
        if one.missing:
            said.append(f"{name}: the results have no entry for {one.missing} of {one.asked} cells")
        if one.asked and one.silent == one.asked:
            said.append(f"{name}: none of the {one.asked} cells has a spike: nothing will be seen")
    return said


def _taken(
    pair: "tuple[NDArray[Any], NDArray[Any]]",
    population: "BlenderPopulation",
    some: "NDArray[Any] | None",
) -> Taken:
    index = np.ascontiguousarray(pair[0], np.uint32)
    times = np.ascontiguousarray(pair[1], np.float64)
    count = len(population)
    asked = np.ones(count, bool)
    if some is not None:
        asked[:] = False
        asked[some] = True
        inside = index < count
        kept = np.zeros(len(index), bool)
        kept[inside] = asked[index[inside]]
        index, times = index[kept], times[kept]
    spiking = np.zeros(count, bool)
    spiking[index[index < count]] = True
    silent = int((asked & ~spiking).sum())
    return Taken(index, times, int(asked.sum()), silent)


def _among(rows: Any, some: Any) -> int:
    """How many rows are of those that are asked for."""
    return int(np.isin(rows, some).sum())


def _none() -> "tuple[NDArray[np.uint32], NDArray[np.float64]]":
    return np.zeros(0, np.uint32), np.zeros(0, np.float64)


def _count(missing: Any, population: "BlenderPopulation", some: "NDArray[Any] | None") -> int:
    if missing is None or isinstance(missing, int):
        return int(missing or 0)
    names = np.asarray(list(missing), np.int64)
    asked = np.asarray(population.ids) if some is None else np.asarray(population.ids)[some]
    return int(np.isin(names, asked).sum())


def _of_nobody(report: Mapping[str, Any], source: Any) -> list[str]:
    """What is said of spikes of cells that are in no population of the network, and of entries
    that are no cells' spikes."""
    told = []
    others: Mapping[Any, int] = report["others"]
    if others:
        ids = np.concatenate([np.asarray(source.population(name).ids) for name in source.names])
        here = np.isin(np.array(list(others), np.float64), ids)
        lost = [name for name, known in zip(others, here, strict=True) if not known]
        if lost:
            count = sum(others[name] for name in lost)
            told.append(
                f"{count} spikes are of cells that the network does not have ({_some(lost)}); they "
                "are left out"
            )
    if ignored := report["ignored"]:
        told.append(f"{len(ignored)} entries are no spikes of cells ({_some(ignored)})")
    return told


def _some(names: list[Any]) -> str:
    return ", ".join(str(one) for one in names[:_NAMED]) + (", …" if len(names) > _NAMED else "")


def _told(report: Mapping[str, Any]) -> list[str]:
    words = {
        "unsorted": "cells whose spikes are not in order, which does not matter here",
        "negative": "spikes before 0, which are left out",
        "nan": "spikes without a time, which are left out",
    }
    return [f"{report[key]} {text}" for key, text in words.items() if report[key]]
