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

    path: Path | None = None
    group: str | None = None
    whole: bool = False
    """Whether `circuit.Results` of it gives the same spikes."""


def take(
    results: Any, source: Any, rows: "dict[str, tuple[BlenderPopulation, NDArray[Any] | None]]"
) -> tuple[dict[str, Taken], Origin, list[str]]:
    """The spikes of populations, of some rows of each or of all (None); where they come from; and
    what is to be said.

    Raises:
        TypeError: the results are of no such kind.
    """
    notes: list[str] = []
    if isinstance(results, str | os.PathLike):
        results = circuit.Results(os.fspath(results), network=native(source))
    if hasattr(results, "spikes") and hasattr(results, "populations"):
        notes += [str(one) for one in getattr(results, "warnings", ())]
        there = set(results.populations)
        taken = {}
        for name, (population, some) in rows.items():
            pair = results.spikes(name) if name in there else _none()
            taken[name] = _taken(pair, population, some)
            if name not in there:
                taken[name].missing = taken[name].asked
        path = getattr(results, "path", None)
        whole = path is not None and all(some is None for _, some in rows.values())
        origin = Origin(Path(path) if path else None, getattr(results, "group", None), whole)
        return taken, origin, notes
    if isinstance(results, Mapping) or hasattr(results, "keys"):
        taken = {}
        for name, (population, some) in rows.items():
            index, times, report = circuit.spikes_from_mapping(results, np.asarray(population.ids))
            one = taken[name] = _taken((index, times), population, some)
            one.missing = _count(report.get("missing"), population, some)
            one.notes = _told(report)
        return taken, _origin_of_group(results), notes
    raise TypeError(
        "results must be a path, circuit.Results, a group of an h5py file, or a dict of cell id to "
        f"times, not {type(results).__name__}"
    )


def native(source: Any) -> Any:
    """A network as `circuit.Results` takes it: None where it is of arrays."""
    return source if isinstance(source, circuit.CellNetwork) else None


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


def _none() -> "tuple[NDArray[np.uint32], NDArray[np.float64]]":
    return np.zeros(0, np.uint32), np.zeros(0, np.float64)


def _count(missing: Any, population: "BlenderPopulation", some: "NDArray[Any] | None") -> int:
    if missing is None or isinstance(missing, int):
        return int(missing or 0)
    names = np.asarray(list(missing), np.int64)
    asked = np.asarray(population.ids) if some is None else np.asarray(population.ids)[some]
    return int(np.isin(names, asked).sum())


def _told(report: Mapping[str, Any]) -> list[str]:
    words = {
        "unsorted": "cells whose spikes are not in order, which does not matter here",
        "negative": "spikes before 0, which are left out",
        "nan": "spikes without a time, which are left out",
    }
    counts = {
        key: len(value) if isinstance(value, list | tuple) else int(value or 0)
        for key, value in report.items()
    }
    return [f"{counts[key]} {text}" for key, text in words.items() if counts.get(key)]


def _origin_of_group(results: Any) -> Origin:
    """The file of an h5py group; of a dict there is none."""
    file = getattr(getattr(results, "file", None), "filename", None)
    if not isinstance(file, str):
        return Origin()
    return Origin(Path(file).resolve(), str(getattr(results, "name", "/")))
