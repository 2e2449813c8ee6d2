"""Cells and spikes as one finds them without learning.

Owns the classical ways, and how their few numbers are tuned: on the same movies that the network
learns from. Cells: blobs in scale space. Spikes: deconvolution by the indicator's true decay.
"""

from dataclasses import dataclass
from itertools import product

import movies
import numpy as np
import scores
from numpy.typing import NDArray

RADII = (2.5, 3.25, 4.0, 4.75, 5.5)
"""Of cells, in pixels."""


@dataclass(frozen=True)
class Blobs:
    """Bright blobs of one of the pictures: where the normalised Laplacian of Gaussians is highest
    over places and scales (T. Lindeberg, International Journal of Computer Vision 30, 79, 1998)."""

    picture: int = 0
    """Of `movies.PICTURES`."""
    grown: float = 1.0
    """The disc that is found, over the blob's radius, which is √2 sigma."""
    least: float = 3.0
    """How high it must be there, in spreads of the picture."""

    def find(self, ready: movies.Ready) -> scores.Found:
        """Cells in a movie."""
        return self._found(_blobs(ready.pictures[self.picture]), ready.pictures.shape[1:])

    def _found(self, blobs: NDArray[np.float64], shape: tuple[int, ...]) -> scores.Found:
        labels = np.zeros(shape, np.int64)
        kept = []
        for row, column, radius, height in blobs:
            if height < self.least:
                break
            size = radius * self.grown
            # Only what is near is looked at.
            top, left = (max(int(middle - size), 0) for middle in (row, column))
            near = labels[top : int(row + size) + 2, left : int(column + size) + 2]
            rows, columns = np.ogrid[top : top + near.shape[0], left : left + near.shape[1]]
            disc = (rows - row) ** 2 + (columns - column) ** 2 <= size**2
            # What lies mostly on a surer one is that one.
            if (near[disc] > 0).mean() < 0.4:
                near[disc & (near == 0)] = len(kept) + 1
                kept.append(height)
        return scores.Found(labels, np.array(kept))

    @staticmethod
    def tuned(ready: list[movies.Ready], truths: list[scores.Truth]) -> "Blobs":
        """The best in these movies, by F1."""
        best = (-1.0, Blobs())
        for picture in range(len(movies.PICTURES)):
            blobs = [_blobs(one.pictures[picture]) for one in ready]
            shape = ready[0].pictures.shape[1:]
            heights = np.concatenate([one[:, 3] for one in blobs])
            if not len(heights):
                continue
            levels = np.quantile(heights, np.linspace(0.2, 0.95, 12))
            for grown, least in product((0.9, 1.05, 1.2, 1.35), levels):
                tried = Blobs(picture, grown, float(least))
                found = [tried._found(one, shape) for one in blobs]
                best = max(best, (scores.cells(truths, found)["f1"], tried), key=lambda x: x[0])
        return best[1]


def _blobs(picture: NDArray[np.float32]) -> NDArray[np.float64]:
    """Row, column, radius and height of blobs, the highest first."""
    layers = []
    for radius in RADII:
        sigma = radius / 2**0.5
        soft = np.pad(movies.smoothed(picture, sigma), 1, mode="edge")
        bend = soft[:-2, 1:-1] + soft[2:, 1:-1] + soft[1:-1, :-2] + soft[1:-1, 2:]
        layers.append(sigma**2 * (4 * soft[1:-1, 1:-1] - bend))
    stack = np.array(layers)
    wide = np.pad(stack, 1, constant_values=-np.inf)
    shape = stack.shape
    around = [
        wide[a : a + shape[0], b : b + shape[1], c : c + shape[2]]
        for a, b, c in product(range(3), repeat=3)
    ]
    top = (stack >= np.max(around, axis=0)) & (stack > 0.5)
    scale, row, column = np.nonzero(top)
    blobs = np.column_stack([row, column, np.array(RADII)[scale], stack[top]]).astype(float)
    return blobs[np.argsort(-blobs[:, 3], kind="stable")]


@dataclass(frozen=True)
class Deconvolution:
    """The spikes that, each followed by the indicator's decay, give a trace best: non-negative
    deconvolution of an autoregressive process of order 1, by OASIS (J. Friedrich, P. Zhou and
    L. Paninski, PLoS Computational Biology 13, e1005423, 2017)."""

    decay_ms: float
    frame_ms: float
    around: float = 0.7
    """How much of the light around a cell is taken from its own."""
    penalty: float = 0.5
    """What a spike costs, in spreads of the noise."""
    base: float = 30.0
    """The percentile of the trace that is rest."""
    early: int = 0
    """The indicator rises for so many frames after a spike."""
    least: float = 1.0
    """What makes a frame one with a spike, in spreads of the noise."""

    def rates(self, traces: NDArray[np.float32]) -> NDArray[np.float64]:
        """How much spikes a cell in each frame, in spreads of its noise: cells × frames."""
        keep = float(np.exp(-self.frame_ms / self.decay_ms))
        own = traces[:, 0] - self.around * (
            traces[:, 1] - np.median(traces[:, 1], axis=1, keepdims=True)
        )
        noise = np.maximum(spread(own), 1e-9)[:, None]
        clean = (own - np.percentile(own, self.base, axis=1, keepdims=True)) / noise
        found = np.array([_oasis(one, keep, self.penalty) for one in clean]).reshape(clean.shape)
        if self.early:
            found = np.pad(found[:, self.early :], ((0, 0), (0, self.early)))
        return found

    def said(self, rates: NDArray[np.float64]) -> NDArray[np.bool_]:
        """In which frames there are spikes."""
        return rates > self.least

    @staticmethod
    def tuned(
        traces: NDArray[np.float32],
        spikes: NDArray[np.integer],
        decay_ms: float,
        frame_ms: float,
    ) -> "Deconvolution":
        """The best for these cells: its numbers by correlation, in at most 200 of them, then the
        threshold by F1."""
        some = slice(None, None, -(-len(traces) // 200))
        best = (-1.0, Deconvolution(decay_ms, frame_ms))
        for around, penalty, base, early in product(
            (0.0, 0.7, 1.0), (0.0, 0.5, 1.0, 2.0), (20.0, 40.0), (0, 1)
        ):
            tried = Deconvolution(decay_ms, frame_ms, around, penalty, base, early)
            fit = float(scores.correlation(tried.rates(traces[some]), spikes[some]).mean())
            best = max(best, (fit, tried), key=lambda x: x[0])
        chosen = best[1]
        rates = chosen.rates(traces)
        return Deconvolution(
            *(decay_ms, frame_ms, chosen.around, chosen.penalty, chosen.base, chosen.early),
            least=threshold(rates, spikes),
        )


def threshold(rates: NDArray[np.floating], spikes: NDArray[np.integer]) -> float:
    """The rate from which on a frame has spikes, by F1."""
    high = rates[rates > 0]
    levels = np.quantile(high, np.linspace(0.02, 0.99, 40)) if len(high) else np.zeros(1)
    fits = [scores.f1(scores.hits(rates > level, spikes)) for level in levels]
    return float(levels[int(np.argmax(fits))])


def spread(traces: NDArray[np.floating]) -> NDArray[np.float64]:
    """The standard deviation of a trace's noise, from its steps, of which most are only noise."""
    steps = np.diff(traces, axis=-1)
    return 1.48 * np.median(np.abs(steps - np.median(steps, axis=-1, keepdims=True)), -1) / 2**0.5


def _oasis(trace: NDArray[np.floating], keep: float, penalty: float) -> NDArray[np.float64]:
    """Pools of frames after a spike each: where a pool would begin below what the one before it has
    left, the two are one."""
    last = len(trace) - 1
    # Of each pool: its value at its start, its weight, its start, its length.
    pools: list[list[float]] = []
    powers = keep ** np.arange(len(trace) + 1)
    for time, value in enumerate(trace.tolist()):
        pools.append([value - penalty * (1 - keep if time < last else 1.0), 1.0, time, 1])
        while len(pools) > 1:
            value_a, weight_a, _, length_a = pools[-2]
            value_b, weight_b, _, length_b = pools[-1]
            fall = powers[int(length_a)]
            if value_b >= fall * value_a:
                break
            weight = weight_a + fall**2 * weight_b
            merged = (weight_a * value_a + fall * weight_b * value_b) / weight
            pools[-2] = [merged, weight, pools[-2][2], length_a + length_b]
            pools.pop()
    spikes = np.zeros(len(trace))
    left = 0.0
    for at, (value, _, start, length) in enumerate(pools):
        value = max(value, 0.0)
        if at:
            spikes[int(start)] = max(value - left, 0.0)
        left = value * powers[int(length)]
    return spikes
