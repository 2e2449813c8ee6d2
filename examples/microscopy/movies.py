"""A movie as it comes from the microscope, made ready: drift undone, summed up in pictures, traces.

Owns what the classical way and the network are both given; nothing here looks at what is true.
"""

from dataclasses import dataclass

import numpy as np
import optics
from numpy.typing import NDArray

OFFSET = optics.Microscope.offset
# Frames that are averaged to be compared: one alone is mostly noise.
BLOCK = 8
PICTURES = ("mean", "deviation", "correlation", "peak")
"""What `summed_up` gives: the mean of all frames; the standard deviation of the frames, smoothed in
time; how far a pixel goes with its neighbours; and the highest that it gets above its mean."""


def smoothed(pictures: NDArray[np.floating], sigma: float) -> NDArray[np.float32]:
    """Pictures (… × H × W) blurred by a Gaussian of `sigma` pixels; edges are continued."""
    pad = int(3 * sigma) + 1
    wide = np.pad(pictures, [(0, 0)] * (pictures.ndim - 2) + [(pad, pad)] * 2, mode="edge")
    across = np.fft.rfftfreq(wide.shape[-1])
    down = np.fft.fftfreq(wide.shape[-2])[:, None]
    blur = np.exp(-0.5 * (2 * np.pi * sigma) ** 2 * (across**2 + down**2))
    out = np.fft.irfft2(np.fft.rfft2(wide) * blur, wide.shape[-2:])
    return out[..., pad:-pad, pad:-pad].astype(np.float32)


def estimated_drift(movie: NDArray[np.float32]) -> NDArray[np.float64]:
    """Where the picture went: frames × 2 (x, y) in pixels, from 0.

    The mean of a few frames is compared with that of all (by cross-correlation, to fractions of a
    pixel by a parabola); three times, since the mean of all becomes sharper.
    """
    frames = len(movie)
    starts = np.arange(0, max(frames - BLOCK // 2, 1), BLOCK // 2)
    centers = np.array([(start + min(start + BLOCK, frames) - 1) / 2 for start in starts])
    blocks = np.array([movie[start : start + BLOCK].mean(0) for start in starts])
    # Neither noise nor what is wide and dim may lead.
    clear = smoothed(blocks, 1.0) - smoothed(blocks, 6.0)
    spectra = np.fft.rfft2(clear)
    shape = clear.shape[1:]
    across = np.fft.rfftfreq(shape[1])
    down = np.fft.fftfreq(shape[0])[:, None]
    moved = np.zeros((len(starts), 2))
    for _ in range(3):
        back = np.exp(2j * np.pi * (across * moved[:, :1, None] + down * moved[:, 1:, None]))
        mean = (spectra * back).mean(0)
        match = np.fft.irfft2(spectra * mean.conj(), shape)
        moved = np.array([_peak(np.fft.fftshift(one)) for one in match])
    if len(starts) > 1:
        # Beyond the first and the last middle it goes on as it did.
        ends = np.array([0.0, frames - 1.0])
        steps = np.diff(moved, axis=0) / np.diff(centers)[:, None]
        beyond = moved[[0, -1]] + (ends - centers[[0, -1]])[:, None] * steps[[0, -1]]
        centers = np.concatenate([ends[:1], centers, ends[1:]])
        moved = np.concatenate([beyond[:1], moved, beyond[1:]])
    of_frames = [np.interp(np.arange(frames), centers, one) for one in moved.T]
    every = np.stack(of_frames, 1)
    return every - every[0]


def _peak(match: NDArray[np.float64], most: int = 10) -> NDArray[np.float64]:
    """Where a correlation is highest, at most so many pixels from its middle: x, y."""
    middle = np.array(match.shape) // 2
    near = match[middle[0] - most : middle[0] + most + 1, middle[1] - most : middle[1] + most + 1]
    row, column = np.unravel_index(near[1:-1, 1:-1].argmax(), np.array(near.shape) - 2)
    row, column = row + 1, column + 1

    def between(low: float, best: float, high: float) -> float:
        bend = low - 2 * best + high
        return 0.0 if bend >= 0 else 0.5 * (low - high) / bend

    x = column - most + between(*near[row, column - 1 : column + 2])
    y = row - most + between(*near[row - 1 : row + 2, column])
    return np.array([x, y])


@dataclass
class Ready:
    """A movie made ready."""

    frames: NDArray[np.float32]
    """frames by H by W: light in counts, drift undone and bleaching made up for."""
    drift: NDArray[np.float64]
    """frames by 2: what was undone."""
    pictures: NDArray[np.float32]
    """len(PICTURES) by H by W, each about 0 between cells, with a spread of about 1."""

    @staticmethod
    def of(counts: NDArray[np.uint16]) -> "Ready":
        """Of a movie in counts."""
        light = counts.astype(np.float32) - OFFSET
        level = light.mean((1, 2))
        time = np.arange(len(level))
        # All falls by the same exponential: a straight line through the logarithm of the whole.
        slope = np.polyfit(time, np.log(np.maximum(level, 1e-3)), 1)[0]
        light *= np.exp(-min(slope, 0.0) * time, dtype=np.float32)[:, None, None]
        drift = estimated_drift(light)
        frames = _undone(light, drift)
        return Ready(frames, drift, summed_up(frames))

    def traces(self, labels: NDArray[np.integer], ids: NDArray[np.integer]) -> NDArray[np.float32]:
        """The light of cells (`labels` is `ids[i]` where cell i is) and of what is around each:
        cells × 2 × frames. A cell without pixels has 0."""
        height, width = labels.shape
        rows, columns = np.mgrid[:height, :width]
        free = labels == 0
        weights = np.zeros((len(ids), 2, height * width), np.float32)
        for at, cell in enumerate(ids):
            own = labels == cell
            if not own.any():
                continue
            away = np.hypot(rows - rows[own].mean(), columns - columns[own].mean())
            ring = free & (away > 7.0) & (away < 13.0)
            for part, pixels in enumerate((own, ring)):
                weights[at, part] = pixels.ravel() / max(pixels.sum(), 1)
        flat = self.frames.reshape(len(self.frames), -1)
        return (weights.reshape(2 * len(ids), height * width) @ flat.T).reshape(
            len(ids), 2, len(flat)
        )


def _undone(frames: NDArray[np.float32], drift: NDArray[np.float64]) -> NDArray[np.float32]:
    """Each frame moved back; what was never seen is the nearest that was."""
    pad = int(np.ceil(np.abs(drift).max())) + 2
    wide = np.pad(frames, ((0, 0), (pad, pad), (pad, pad)), mode="edge")
    moved = [optics.shifted(one, -move) for one, move in zip(wide, drift, strict=True)]
    return np.array(moved, np.float32)[:, pad:-pad, pad:-pad]


def summed_up(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """The movie in `PICTURES`."""
    mean = frames.mean(0)
    calm = smoothed(frames - mean, 0.7)
    # Calcium lasts for some frames, noise for one.
    calm = (calm[:-2] + calm[1:-1] + calm[2:]) / 3
    # What is slow over the whole movie is no cell's.
    calm -= calm.mean((1, 2), keepdims=True)
    deviation = calm.std(0)
    unit = (calm - calm.mean(0)) / np.maximum(deviation, 1e-6)
    shifts = [(0, 2), (2, 0), (2, 2), (2, -2)]
    correlation = np.zeros_like(mean)
    for down, across in shifts:
        for sign in (1, -1):
            near = np.roll(unit, (sign * down, sign * across), (1, 2))
            correlation += (unit * near).mean(0) / (2 * len(shifts))
    pictures = [smoothed(mean, 0.6), deviation, correlation, calm.max(0)]
    return np.array([_even(one) for one in pictures], np.float32)


def _even(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Without what is wider than cells, in units of the spread of what is between them."""
    flat = picture - smoothed(picture, 10.0)
    middle = np.median(flat)
    spread = 1.48 * np.median(np.abs(flat - middle))
    return np.clip((flat - middle) / max(spread, 1e-9), -10, 30).astype(np.float32)
