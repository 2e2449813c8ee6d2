"""A small network that finds cells in a movie's pictures, and one that finds spikes in traces.

Owns the networks, what they are given and what they learn from. Both learn from what is true of the
training movies alone.
"""

import movies
import numpy as np
import scores
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

BETWEEN_CELLS = 3
"""Pixels that two middles are apart at least."""
LARGEST = 7.0
"""Pixels that a cell reaches from its middle at most."""


class CellNet(nn.Module):
    """A U-Net (O. Ronneberger, P. Fischer and T. Brox, MICCAI 2015) with two steps down: for each
    pixel, whether it is a cell's (a logit), and how far it is from its edge to its middle (0 to 1).

    Four neighbouring pixels are channels of one, which is a quarter of the work.
    """

    def __init__(self, pictures: int = len(movies.PICTURES), width: int = 16) -> None:
        super().__init__()
        self.down = nn.ModuleList(
            _twice(into, out)
            for into, out in ((4 * pictures, width), (width, 2 * width), (2 * width, 2 * width))
        )
        self.up = nn.ModuleList(
            _twice(into, out) for into, out in ((4 * width, 2 * width), (3 * width, width))
        )
        self.last = nn.Conv2d(width, 2 * 4, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Batch × pictures × H × W to batch × 2 × H × W; sides are multiples of 8."""
        kept = []
        x = functional.pixel_unshuffle(pictures, 2)
        for level, block in enumerate(self.down):
            x = block(functional.avg_pool2d(x, 2) if level else x)
            kept.append(x)
        for block, fine in zip(self.up, kept[-2::-1], strict=True):
            x = block(torch.cat([functional.interpolate(x, scale_factor=2.0), fine], 1))
        return functional.pixel_shuffle(self.last(x), 2)


def _twice(into: int, out: int) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (into, out):
        layers += [nn.Conv2d(channels, out, 3, padding=1), nn.GroupNorm(4, out), nn.ReLU()]
    return nn.Sequential(*layers)


class SpikeNet(nn.Module):
    """Convolutions in time: the logarithm of how many spikes are expected in each frame."""

    def __init__(self, width: int = 24) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        into = 2
        for reach in (1, 2, 4):
            layers += [nn.Conv1d(into, width, 7, padding=3 * reach, dilation=reach), nn.ReLU()]
            into = width
        self.layers = nn.Sequential(*layers, nn.Conv1d(width, 1, 5, padding=2))
        nn.init.constant_(self.layers[-1].bias, -2.5)

    def forward(self, traces: Tensor) -> Tensor:
        """Cells × 2 × frames to cells × frames."""
        return self.layers(traces)[:, 0].clamp(-8.0, 3.0)


def targets(truth: scores.Truth) -> NDArray[np.float32]:
    """What `CellNet` is to say of a movie, and where that counts: 3 × H × W."""
    rows, columns = np.mgrid[: truth.mask.shape[0], : truth.mask.shape[1]]
    out = np.zeros((3, *truth.mask.shape), np.float32)
    out[2] = ~truth.neither
    for cell in truth.wanted:
        own = truth.mask == cell
        away = np.hypot(rows[own] - rows[own].mean(), columns[own] - columns[own].mean())
        out[0][own] = 1.0
        out[1][own] = 1.0 - away / (away.max() + 1.0)
    return out


def even(traces: NDArray[np.float32]) -> NDArray[np.float32]:
    """Traces (cells × 2 × frames) around 0, in spreads of the cell's own noise."""
    own, around = traces[:, :1], traces[:, 1:]
    steps = np.diff(own, axis=-1)
    noise = 1.48 * np.median(np.abs(steps), axis=-1, keepdims=True) / 2**0.5
    flat = [one - np.median(one, axis=-1, keepdims=True) for one in (own, around)]
    return (np.concatenate(flat, 1) / np.maximum(noise, 1e-6) / 3).astype(np.float32)


class Finder:
    """Both networks while they learn, and what they find."""

    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.rng = np.random.default_rng(seed)
        self.cells, self.spikes = CellNet(), SpikeNet()
        self._cells = torch.optim.AdamW(self.cells.parameters(), 4e-3, weight_decay=1e-3)
        self._spikes = torch.optim.AdamW(self.spikes.parameters(), 4e-3, weight_decay=1e-3)
        self.sure = 0.3
        """From which middle on there is a cell."""
        self.rate = 0.2
        """From how many spikes on there are some."""

    def learn_cells(self, pictures: Tensor, wanted: Tensor, pace: float) -> float:
        """One step with a batch of movies' pictures and their `targets`; returns the loss."""
        turns, mirrored = int(self.rng.integers(4)), bool(self.rng.integers(2))
        both = torch.cat([pictures, wanted], 1).rot90(turns, (2, 3))
        both = both.flip(3) if mirrored else both
        given, cell, middle, counts = both.split([pictures.shape[1], 1, 1, 1], 1)
        # Any microscope's brightness and contrast.
        given = given * torch.empty(len(given), 1, 1, 1).uniform_(0.7, 1.4)
        said = self.cells(given)
        # Most pixels are no cell's.
        wrong = functional.binary_cross_entropy_with_logits(said[:, :1], cell, reduction="none")
        wrong = wrong * (1 + 2 * cell)
        far = (said[:, 1:] - middle).square()
        loss = ((wrong + 4 * far) * counts).mean()
        return self._step(self._cells, loss, 4e-3 * pace)

    def learn_spikes(self, traces: Tensor, spikes: Tensor, pace: float) -> float:
        """One step with a batch of traces (`even`) and their number of spikes (cells × frames)."""
        # A mask that is not quite right, and a dimmer cell, have more noise.
        noise = torch.randn_like(traces) * torch.empty(len(traces), 1, 1).uniform_(0, 0.25)
        said = self.spikes(traces + noise)
        loss = functional.poisson_nll_loss(said, spikes)
        return self._step(self._spikes, loss, 4e-3 * pace)

    def _step(self, optimiser: torch.optim.Optimizer, loss: Tensor, rate: float) -> float:
        optimiser.param_groups[0]["lr"] = rate
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        return float(loss.detach())

    @torch.no_grad()
    def maps(self, ready: movies.Ready) -> NDArray[np.float32]:
        """How likely each pixel is a cell's, and its middle: 2 × H × W."""
        self.cells.eval()
        said = self.cells(torch.from_numpy(ready.pictures)[None])[0]
        self.cells.train()
        return torch.stack([said[0].sigmoid(), said[1]]).numpy()

    def find(self, ready: movies.Ready) -> scores.Found:
        """Cells in a movie."""
        return labelled(self.maps(ready), self.sure)

    @torch.no_grad()
    def rates(self, traces: NDArray[np.float32]) -> NDArray[np.float64]:
        """How many spikes are expected: cells × frames, of traces as they come."""
        if not len(traces):
            return np.zeros((0, traces.shape[-1]))
        return self.spikes(torch.from_numpy(even(traces))).exp().double().numpy()

    def said(self, rates: NDArray[np.float64]) -> NDArray[np.bool_]:
        """In which frames there are spikes."""
        return rates > self.rate

    def tune(self, ready: list[movies.Ready], truths: list[scores.Truth]) -> None:
        """Chooses from which middle on there is a cell, by F1 in these movies."""
        maps = [self.maps(one) for one in ready]
        fits = {}
        for sure in np.linspace(0.1, 0.6, 11):
            found = [labelled(one, float(sure)) for one in maps]
            fits[float(sure)] = scores.cells(truths, found)["f1"]
        self.sure = max(fits, key=lambda sure: fits[sure])


def labelled(maps: NDArray[np.float32], sure: float) -> scores.Found:
    """Cells, from where pixels are a cell's and where its middle is: each such pixel belongs to the
    nearest middle."""
    cell, middle = maps
    soft = movies.smoothed(middle, 0.7)
    reach = BETWEEN_CELLS
    wide = torch.from_numpy(soft)[None, None]
    top = functional.max_pool2d(wide, 2 * reach + 1, 1, reach)[0, 0].numpy()
    rows, columns = np.nonzero((soft == top) & (soft >= sure))
    labels = np.zeros(cell.shape, np.int64)
    if not len(rows):
        return scores.Found(labels, np.zeros(0))
    inside = np.argwhere(cell > 0.5)
    away = np.hypot(inside[:, :1] - rows, inside[:, 1:] - columns)
    nearest = away.argmin(1)
    near = away.min(1) < LARGEST
    labels[tuple(inside[near].T)] = nearest[near] + 1
    # A middle with hardly a pixel is no cell.
    there = np.flatnonzero(np.bincount(labels.ravel(), minlength=2)[1:] >= scores.LEAST_PIXELS // 2)
    there += 1
    labels[~np.isin(labels, there)] = 0
    return scores.Found(
        np.where(labels > 0, np.searchsorted(there, labels) + 1, 0),
        soft[rows, columns][there - 1].astype(float),
    )
