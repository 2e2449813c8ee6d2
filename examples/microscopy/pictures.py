"""What was found, to look at: cells, traces, a video.

Owns the drawing of results. Nothing is reckoned here that is reported.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import classical
import learned
import matplotlib
import movies
import numpy as np
import scores
from blendtorch import render
from films import Film
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

matplotlib.use("Agg")
import matplotlib.pyplot as plt

RIGHT, WRONG, MISSED = "#4caf50", "#e53935", "#ffb300"


def all_of(
    folder: Path,
    films: list[Film],
    finder: learned.Finder,
    blobs: classical.Blobs,
    deconvolution: classical.Deconvolution,
) -> Iterator[Path]:
    """Writes all pictures, of the first movie that was held out; yields their names."""
    film = films[0]
    yield cells(folder / "cells.png", film, finder, blobs)
    yield traces(folder / "traces.png", film, finder, deconvolution)
    yield video(folder / "movie.mp4", film, finder)


def cells(path: Path, film: Film, finder: learned.Finder, blobs: classical.Blobs) -> Path:
    """A frame, the mean of all, the true masks, and what both ways find."""
    figure, panels = plt.subplots(1, 5, figsize=(15, 3.3), constrained_layout=True)
    mean = film.ready.frames.mean(0)
    frame = film.sample[len(film.sample) // 2].astype(float)
    panels[0].imshow(frame, cmap="gray", vmin=np.percentile(frame, 2), vmax=_high(frame))
    panels[0].set_title("a frame")
    for panel in panels[1:]:
        panel.imshow(mean, cmap="gray", vmin=np.percentile(mean, 2), vmax=_high(mean))
    panels[1].set_title("mean, drift undone")
    truth = film.truth
    _paint(panels[2], np.where(np.isin(truth.mask, truth.wanted), truth.mask, 0))
    panels[2].set_title(f"true: {len(truth.wanted)} in focus")
    for panel, name, way in ((panels[3], "network", finder), (panels[4], "classical", blobs)):
        found = way.find(film.ready)
        matched = scores.match(truth, found)
        for at, one in enumerate(range(1, len(found.scores) + 1)):
            if matched.counts[at]:
                color = RIGHT if matched.right[at] else WRONG
                _outline(panel, found.labels == one, color)
        for cell in truth.wanted[matched.of_truth == 0]:
            _outline(panel, truth.mask == cell, MISSED)
        wrong = int((matched.counts & ~matched.right).sum())
        panel.set_title(f"{name}: {int(matched.right.sum())} right, {wrong} wrong")
    for panel in panels:
        panel.set_axis_off()
    return _saved(figure, path, dpi=60)


def _saved(figure: plt.Figure, path: Path, dpi: int = 80) -> Path:
    """Without a channel of its own for what is transparent, which nothing is."""
    figure.savefig(path, dpi=dpi)
    plt.close(figure)
    Image.open(path).convert("RGB").save(path, optimize=True)
    return path


def _high(picture: NDArray[np.floating]) -> float:
    return float(np.percentile(picture, 99.7))


def _paint(panel: plt.Axes, labels: NDArray[np.integer]) -> None:
    painted = colormaps["hsv"](labels * 0.618 % 1.0)
    painted[..., 3] = 0.6 * (labels > 0)
    panel.imshow(painted)


def _outline(panel: plt.Axes, mask: NDArray[np.bool_], color: str) -> None:
    panel.contour(mask.astype(float), [0.5], colors=[color], linewidths=1.2)


def traces(
    path: Path,
    film: Film,
    finder: learned.Finder,
    deconvolution: classical.Deconvolution,
    number: int = 5,
) -> Path:
    """The light of the cells that spike most, their spikes, and what both ways make of it."""
    chosen = np.argsort(-film.spikes.sum(1), kind="stable")[: 2 * number : 2]
    some, true = film.traces[chosen], film.spikes[chosen]
    time = np.arange(true.shape[1]) * deconvolution.frame_ms / 1000
    expected, deconvolved = finder.rates(some), deconvolution.rates(some)
    figure, rows = plt.subplots(
        len(chosen), 1, figsize=(10, 1.5 * len(chosen)), sharex=True, constrained_layout=True
    )
    for at, panel in enumerate(np.atleast_1d(rows)):
        own = some[at, 0]
        rest = np.percentile(own, 30)
        height = max(float(np.ptp(own / rest)), 1e-6)
        panel.plot(time, own / rest, color="#607d8b", linewidth=0.8, label="light, of rest")
        top = float((own / rest).max())
        for level, values, color, name in (
            (0.15, expected[at], "#1565c0", "network"),
            (0.55, deconvolved[at], "#ef6c00", "deconvolution"),
        ):
            base = top + level * height
            high = max(float(values.max()), 1e-9)
            drawn = base + 0.35 * height * values / high
            panel.plot(time, drawn, color=color, linewidth=1, label=name)
        for frame in np.flatnonzero(true[at]):
            panel.plot(
                [time[frame]] * 2,
                top + np.array([0.98, 1.0 + 0.08 * true[at, frame]]) * height,
                color="black",
                linewidth=1.2,
            )
        panel.plot([], [], color="black", label="true spikes")
        panel.set_ylabel(f"cell {int(film.truth.wanted[chosen[at]])}")
        panel.spines[["top", "right"]].set_visible(False)
    handles = np.atleast_1d(rows)[0].get_legend_handles_labels()
    figure.legend(*handles, loc="outside upper center", ncols=4, fontsize=8, frameon=False)
    np.atleast_1d(rows)[-1].set_xlabel("s")
    return _saved(figure, path)


def video(path: Path, film: Film, finder: learned.Finder, frames: int = 160) -> Path:
    """The movie as it came; which cells spiked; which were found, and when they are said to."""
    found = finder.find(film.ready)
    ids = np.arange(1, len(found.scores) + 1)
    said = finder.rates(film.ready.traces(found.labels, ids))
    every = np.arange(1, film.truth.spikes.shape[1] + 1)
    true = film.truth.spikes.T.astype(float)
    low, high = np.percentile(film.sample, 2), np.percentile(film.sample, 99.8)
    black = np.zeros((film.truth.mask.shape[0], 4, 3), np.uint8)
    with tempfile.TemporaryDirectory(prefix="microscopy-") as folder:
        # A spike is seen for a while, as in the network's own videos.
        glow_true, glow_said = np.zeros(len(every)), np.zeros(len(ids))
        for frame in range(min(frames, len(film.sample))):
            glow_true = np.minimum(0.75 * glow_true + true[:, frame], 1.0)
            glow_said = np.minimum(0.75 * glow_said + said[:, frame], 1.0)
            grey = np.clip((film.sample[frame] - low) / (high - low), 0, 1)
            grey = movies.smoothed(grey, 0.6)
            panels = [
                np.repeat((255 * np.clip(grey, 0, 1)).astype(np.uint8)[..., None], 3, 2),
                black,
                _glowing(film.truth.mask, glow_true, "viridis"),
                black,
                _glowing(found.labels, glow_said, "viridis"),
            ]
            picture = Image.fromarray(np.hstack(panels))
            twice = (2 * picture.width, 2 * picture.height)
            picture.resize(twice, Image.Resampling.NEAREST).save(Path(folder) / f"{frame:04d}.png")
        render.sequence(folder, path, fps=20, quality=27, overwrite=True)
    return path


def _glowing(
    labels: NDArray[np.integer], glow: NDArray[np.float64], name: str
) -> NDArray[np.uint8]:
    """Cells in colours: dim at rest, bright where they spike."""
    values = np.concatenate([[0.0], 0.25 + 0.75 * glow])[labels]
    colors = colormaps[name](values)[..., :3]
    colors[labels == 0] = 0.0
    return (255 * colors).astype(np.uint8)
