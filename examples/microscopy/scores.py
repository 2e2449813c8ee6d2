"""How well cells and spikes were found, against what is true.

Owns the measures, which are the same for all that find.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# A cell is to be found if so many pixels of it are in focus: a third of a common one's. What is
# less, or out of focus but seen, counts neither as found nor as wrong.
LEAST_PIXELS = 24
BLURRED_UM = 4.0


@dataclass
class Truth:
    """What is true of a movie."""

    mask: NDArray[np.uint16]
    """H by W: the cell in focus, from 1 on."""
    wanted: NDArray[np.int64]
    """The cells to be found."""
    neither: NDArray[np.bool_]
    """H by W: where cells are seen that count neither way."""
    spikes: NDArray[np.uint16]
    """frames by all cells."""
    fluorescence: NDArray[np.float32]
    """frames by all cells: ΔF/F without noise."""
    drift: NDArray[np.float32]
    """frames by 2."""

    @staticmethod
    def of(item: dict, pixel_um: float) -> "Truth":
        """Of what the microscope published."""
        mask = item["mask"]
        pixels = np.bincount(mask.ravel(), minlength=len(item["cells"]) + 1)
        wanted = np.flatnonzero(pixels >= LEAST_PIXELS)
        wanted = wanted[wanted > 0]
        rows, columns = np.mgrid[: mask.shape[0], : mask.shape[1]] + 0.5
        neither = np.zeros(mask.shape, bool)
        for cell, (x, y, z, radius) in enumerate(item["cells"], 1):
            if pixels[cell] < LEAST_PIXELS and abs(z) < radius + BLURRED_UM:
                neither |= np.hypot(columns - x, rows - y) < radius / pixel_um
        neither &= ~np.isin(mask, wanted)
        about = (item[name] for name in ("spikes", "fluorescence", "drift"))
        return Truth(mask, wanted, neither, *about)


@dataclass
class Found:
    """Cells that something found in a picture."""

    labels: NDArray[np.int64]
    """H by W: from 1 on, 0 is none."""
    scores: NDArray[np.float64]
    """How sure it is of each."""


@dataclass
class Matches:
    """Which of what was found is which cell."""

    of_truth: NDArray[np.int64]
    """For each cell to be found: what found it (from 1 on), or 0."""
    right: NDArray[np.bool_]
    """For each that was found."""
    counts: NDArray[np.bool_]
    """For each that was found: False where it counts neither way."""


def match(truth: Truth, found: Found, least: float = 0.5) -> Matches:
    """The surest first, each takes the cell that it covers best, by at least `least` of both (the
    intersection over the union)."""
    number = len(found.scores)
    own = np.searchsorted(truth.wanted, truth.mask)
    wanted = np.isin(truth.mask, truth.wanted)
    places = np.where(wanted, own + 1, 0)
    table = np.zeros((number + 1, len(truth.wanted) + 1))
    np.add.at(table, (found.labels.ravel(), places.ravel()), 1)
    of_found, of_cells = table.sum(1), table.sum(0)
    overlap = table[1:, 1:] / (of_found[1:, None] + of_cells[None, 1:] - table[1:, 1:])
    of_truth = np.zeros(len(truth.wanted), np.int64)
    right, counts = np.zeros(number, bool), np.ones(number, bool)
    for one in np.argsort(-found.scores, kind="stable"):
        free = np.where(of_truth == 0, overlap[one], -1.0)
        if len(free) and free.max() >= least:
            of_truth[free.argmax()], right[one] = one + 1, True
        else:
            inside = truth.neither[found.labels == one + 1]
            counts[one] = not (inside.size and inside.mean() > 0.5)
    return Matches(of_truth, right, counts)


def cells(truths: list[Truth], found: list[Found]) -> dict[str, float]:
    """Precision, recall, F1 and average precision at an overlap of a half, and Dice of the area."""
    matched = [match(truth, one) for truth, one in zip(truths, found, strict=True)]
    right = np.concatenate([one.right[one.counts] for one in matched])
    sure = np.concatenate([one.scores[m.counts] for one, m in zip(found, matched, strict=True)])
    wanted = sum(len(truth.wanted) for truth in truths)
    hits = int(right.sum())
    ordered = right[np.argsort(-sure, kind="stable")]
    precision = np.cumsum(ordered) / np.arange(1, len(ordered) + 1)
    # The precision at a recall is the best that is still had at a higher one.
    best = np.maximum.accumulate(precision[::-1])[::-1] if len(precision) else precision
    both = area = 0
    for truth, one in zip(truths, found, strict=True):
        true, said = np.isin(truth.mask, truth.wanted), one.labels > 0
        said &= ~truth.neither
        both += 2 * int((true & said).sum())
        area += int(true.sum() + said.sum())
    return {
        "precision": hits / max(len(right), 1),
        "recall": hits / max(wanted, 1),
        "f1": 2 * hits / max(len(right) + wanted, 1),
        "ap": float(best[ordered].sum()) / max(wanted, 1),
        "dice": both / max(area, 1),
    }


def correlation(said: NDArray[np.floating], spikes: NDArray[np.integer]) -> NDArray[np.float64]:
    """Of each cell's course (cells × frames) with its number of spikes; 0 where it says nothing."""
    a = said - said.mean(1, keepdims=True)
    b = spikes - spikes.mean(1, keepdims=True)
    size = np.sqrt((a**2).sum(1) * (b**2).sum(1))
    return np.where(size > 0, (a * b).sum(1) / np.maximum(size, 1e-12), 0.0)


def hits(
    said: NDArray[np.bool_], spikes: NDArray[np.integer], frames: int = 1
) -> NDArray[np.int64]:
    """How many frames with spikes are found, how many are said, how many there are. One that is
    said finds one that is true, at most `frames` away."""
    found = 0
    for ours, true in zip(said, spikes > 0, strict=True):
        times, wanted = np.flatnonzero(ours), np.flatnonzero(true)
        # Both in order: the earliest that is near enough is taken.
        at = 0
        for time in times:
            while at < len(wanted) and wanted[at] < time - frames:
                at += 1
            if at < len(wanted) and wanted[at] <= time + frames:
                found += 1
                at += 1
    return np.array([found, int(said.sum()), int((spikes > 0).sum())])


def f1(counts: NDArray[np.int64]) -> float:
    """Of what `hits` says."""
    return float(2 * counts[0] / max(counts[1] + counts[2], 1))
