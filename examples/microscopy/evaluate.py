"""What the ways to find cells and spikes are worth, on movies that none of them has seen.

Owns which numbers are reported, and the table. Every way gets the same movies made ready.
"""

from dataclasses import dataclass
from typing import Protocol

import classical
import movies
import numpy as np
import scores
from films import Film
from numpy.typing import NDArray


class FindsCells(Protocol):
    """A way to find cells."""

    def find(self, ready: movies.Ready) -> scores.Found:
        """Cells in a movie."""


class FindsSpikes(Protocol):
    """A way to find spikes."""

    def rates(self, traces: NDArray[np.float32]) -> NDArray[np.float64]:
        """How much spikes each of some cells, cells × frames."""

    def said(self, rates: NDArray[np.float64]) -> NDArray[np.bool_]:
        """In which frames there are spikes."""


@dataclass
class Blind:
    """What one gets without looking: discs on a grid, and a spike in every frame."""

    pitch: float
    radius: float

    def find(self, ready: movies.Ready) -> scores.Found:
        """Discs on a grid, as many as there are cells on the average."""
        rows, columns = np.mgrid[: ready.pictures.shape[1], : ready.pictures.shape[2]] + 0.5
        across = int(ready.pictures.shape[2] // self.pitch) + 1
        row, column = rows // self.pitch, columns // self.pitch
        away = np.hypot(
            rows - (row + 0.5) * self.pitch,
            columns - (column + 0.5) * self.pitch,
        )
        labels = np.where(away < self.radius, row * across + column + 1, 0).astype(np.int64)
        there, labels = np.unique(labels, return_inverse=True)
        return scores.Found(labels.reshape(rows.shape), np.ones(len(there) - 1))

    def rates(self, traces: NDArray[np.float32]) -> NDArray[np.float64]:
        """The same everywhere."""
        return np.zeros((len(traces), traces.shape[-1]))

    def said(self, rates: NDArray[np.float64]) -> NDArray[np.bool_]:
        """In every frame."""
        return np.ones(rates.shape, bool)

    @staticmethod
    def tuned(films: list[Film]) -> "Blind":
        """As dense and as large as cells are in these movies."""
        shape = films[0].truth.mask.shape
        number = np.mean([len(one.truth.wanted) for one in films])
        area = np.mean([np.isin(one.truth.mask, one.truth.wanted).sum() for one in films])
        each = max(number, 1.0)
        return Blind(
            float((shape[0] * shape[1] / each) ** 0.5), float((area / each / np.pi) ** 0.5)
        )


def cells(way: FindsCells, films: list[Film]) -> dict[str, float]:
    """How well it finds cells."""
    return scores.cells([one.truth for one in films], [way.find(one.ready) for one in films])


def spikes(way: FindsSpikes, films: list[Film]) -> dict[str, float]:
    """How well it finds spikes of cells whose true masks it is given."""
    rates = np.concatenate([way.rates(one.traces) for one in films])
    true = np.concatenate([one.spikes for one in films])
    return _spikes(rates, way.said(rates), true, 0)


def end_to_end(finds: FindsCells, way: FindsSpikes, films: list[Film]) -> dict[str, float]:
    """How well it finds spikes of cells that it has found itself. A cell that is not found has
    none; what is said of something that is no cell is wrong."""
    rates_all, said_all, false = [], [], 0
    for one in films:
        found = finds.find(one.ready)
        matched = scores.match(one.truth, found)
        traces = one.ready.traces(found.labels, np.arange(1, len(found.scores) + 1))
        rates = way.rates(traces)
        said = way.said(rates)
        at = matched.of_truth - 1
        there = (at >= 0)[:, None]
        none = np.zeros((1, one.spikes.shape[1]))
        rates_all.append(np.where(there, np.concatenate([rates, none])[at], 0.0))
        said_all.append(np.where(there, np.concatenate([said, none.astype(bool)])[at], False))
        false += int(said[matched.counts & ~matched.right].sum())
    true = np.concatenate([one.spikes for one in films])
    return _spikes(np.concatenate(rates_all), np.concatenate(said_all), true, false)


def _spikes(
    rates: NDArray[np.float64], said: NDArray[np.bool_], true: NDArray[np.int64], false: int
) -> dict[str, float]:
    active = true.sum(1) > 0
    counts = scores.hits(said, true) + np.array([0, false, 0])
    fits = scores.correlation(rates, true)[active]
    return {"correlation": float(fits.mean()) if len(fits) else 0.0, "f1": scores.f1(counts)}


def noiseless(training: list[Film], films: list[Film], decay_ms: float, frame_ms: float) -> dict:
    """How well deconvolution does on each cell's ΔF/F as it is: no noise, nothing of others. What
    is lost then is lost in the indicator and between frames."""

    def courses(some: list[Film]) -> NDArray[np.float32]:
        own = np.concatenate([one.truth.fluorescence[:, one.truth.wanted - 1].T for one in some])
        return np.stack([own, np.zeros_like(own)], 1)

    true = np.concatenate([one.spikes for one in training])
    way = classical.Deconvolution.tuned(courses(training), true, decay_ms, frame_ms)
    rates = way.rates(courses(films))
    return _spikes(rates, way.said(rates), np.concatenate([one.spikes for one in films]), 0)


def drift_error(films: list[Film]) -> tuple[float, float]:
    """How far the estimated drift is off, and how large drift is: both root mean square, pixels."""
    wrong = np.concatenate([one.ready.drift - one.truth.drift for one in films])
    true = np.concatenate([one.truth.drift for one in films])
    return tuple(float(np.sqrt((part**2).sum(1).mean())) for part in (wrong, true))


def table(results: dict[str, dict[str, dict[str, float]]]) -> str:
    """All of it, as Markdown."""
    heads = {
        "cells": ("precision", "recall", "f1", "ap", "dice"),
        "spikes": ("correlation", "f1"),
        "end to end": ("correlation", "f1"),
    }
    lines = [["", *(f"{part}: {name}" for part, names in heads.items() for name in names)]]
    lines.append(["---"] * len(lines[0]))
    for way, parts in results.items():
        told = [way]
        for part, names in heads.items():
            told += [f"{parts[part][name]:.2f}" if part in parts else "" for name in names]
        lines.append(told)
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
