"""What of a network's activity is shown at a time: a value for each cell, for any frame.

`SpikeIndex` has the spikes of a population in order, `Timeline` says which time a frame shows.
`Pulsar`, `Flash`, `Decay` and `Indicator` are functions of the frame, by random access: nothing
depends on which frame was asked for before. Owns how they look in Python; all reckoning is Rust's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _blendtorch

Times = TypeVar("Times", float, "NDArray[np.float64]")


@dataclass(frozen=True)
class Timeline:
    """The clock of a video: frame `k` shows `start_ms + k * ms_per_s / fps`."""

    #: Frames a second of video.
    fps: float = 60.0
    #: Simulated ms a second of video.
    ms_per_s: float = 25.0
    #: What frame 0 shows.
    start_ms: float = 0.0

    def __post_init__(self) -> None:
        for name in ("fps", "ms_per_s"):
            if not 0.0 < getattr(self, name) < float("inf"):
                raise ValueError(f"{name} is {getattr(self, name)}; a number above 0 is needed")
        if not -float("inf") < self.start_ms < float("inf"):
            raise ValueError(f"start_ms is {self.start_ms}; a finite number is needed")

    @property
    def ms_per_frame(self) -> float:
        """Simulated ms from frame to frame."""
        return self.ms_per_s / self.fps

    def ms(self, frame: Times) -> Times:
        """The time in ms that a frame shows; frames may be fractions, or an array."""
        return self.start_ms + frame * self.ms_per_frame

    def frame(self, ms: Times) -> Times:
        """The frame that shows a time in ms; it may be a fraction."""
        return (ms - self.start_ms) / self.ms_per_frame

    def _numbers(self) -> tuple[float, float, float]:
        return (float(self.fps), float(self.ms_per_s), float(self.start_ms))


class SpikeIndex:
    """The spikes of a population, in the order of time.

    Spike k is of cell `index[k]`, from 0 to before `n_cells`, at `times_ms[k]`; they may be in any
    order. Those of cells that there are not, before 0 ms, or at no finite time are left out and
    counted.
    """

    def __init__(self, n_cells: int, index: ArrayLike, times_ms: ArrayLike) -> None:
        if n_cells < 0:
            raise ValueError(f"{n_cells} cells")
        times = np.ascontiguousarray(times_ms, np.float64)
        cells = _cells_of(index)
        if times.ndim != 1 or cells.ndim != 1:
            raise ValueError(
                f"cells and times are needed as lists: there are {cells.shape} and {times.shape}"
            )
        self._core = _blendtorch.SpikesInTime(n_cells, cells, times)
        #: How many cells.
        self.n_cells: int = n_cells
        #: How many spikes count.
        self.n_spikes: int = self._core.spikes()
        outside, negative, nan, unsorted = self._core.counts()
        #: How many are of no cell; left out.
        self.outside: int = outside
        #: How many are before 0 ms; left out.
        self.negative: int = negative
        #: How many are at no finite time; left out.
        self.nan: int = nan
        #: How many are listed after a later one of the same cell; they are in order now.
        self.unsorted: int = unsorted

    @property
    def last_ms(self) -> float | None:
        """The time of the last spike; None where there is none."""
        return self._core.last_ms()

    def window(
        self, start_ms: float, stop_ms: float
    ) -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
        """The cells that spike from `start_ms` on and before `stop_ms`, and when."""
        cells, times = self._core.window(start_ms, stop_ms)
        return np.asarray(cells), np.asarray(times)

    def times(self, cell: int) -> NDArray[np.float64]:
        """The times of a cell in ms. The first call makes a table, which later ones use."""
        return np.asarray(self._core.times_of(_cell(cell)))

    def __repr__(self) -> str:
        return f"SpikeIndex({self.n_spikes} spikes of {self.n_cells} cells)"


class Activity:
    """A value for each cell of a population, at any frame."""

    def __init__(self, core: _blendtorch.ActivityOf, line: Timeline, **said: Any) -> None:
        self._core = core
        self._said = said
        #: Which time a frame shows.
        self.line = line
        #: What kind it is, as descriptions name it.
        self.kind: str = core.kind()
        #: How many cells.
        self.n_cells: int = core.cells()
        #: Whether it reads a file, which takes long or fails: then `fill_now` does nothing.
        self.reads: bool = core.reads()

    @property
    def range(self) -> tuple[float, float]:
        """The lowest and the highest value that is meant to be shown."""
        return self._core.range()

    def rest(self, frame: float) -> float:
        """The value of cells that do nothing at a frame."""
        return self._core.rest(frame)

    def fill(self, frame: float, out: NDArray[np.float32]) -> int:
        """Fills `out`, float32 `(n_cells,)`; how many cells are not at rest.

        Where `out` is the array of the last call, only what changes is written: it must be as it
        was left. Other activities of ours may fill it in between; whoever else wrote to it calls
        `fill_all` next.
        """
        return self._core.fill(frame, out, True)

    def fill_all(self, frame: float, out: NDArray[np.float32]) -> int:
        """As `fill`, but writes every value, whatever `out` holds."""
        return self._core.fill(frame, out, False)

    def fill_now(self, frame: float, out: NDArray[np.float32]) -> int | None:
        """As `fill_all`, into memory that is not Python's own, as an attribute of Blender's:
        nothing of Python runs until it is written, and nothing of it is kept.

        None where that cannot be, since another thread is at this activity, or it reads a file;
        then nothing is written.
        """
        return self._core.fill_now(frame, out)

    def level(self, frame: float) -> float | None:
        """The value of all cells at a frame, where all of them are at rest; else None."""
        return self._core.level(frame)

    @property
    def still(self) -> bool:
        """Whether the last `fill` left its array as it was: nothing has to be drawn anew."""
        return self._core.still()

    def values(self, frame: float) -> NDArray[np.float32]:
        """The values of a frame, in an array of its own."""
        values = np.empty(self.n_cells, np.float32)
        self._core.fill(frame, values, False)
        return values

    def describe(self) -> dict[str, Any]:
        """Its kind and settings, as a description has them."""
        return {"as": self.kind, **self._said}

    def __repr__(self) -> str:
        said = ", ".join(f"{name}={value!r}" for name, value in self._said.items())
        return f"{type(self).__name__}({self.n_cells} cells, {said})"


class Pulsar(Activity):
    """BSB's pulsar: a cell brightens to a spike and darkens after it, as Blender eases it.

    A spike is seen for `spike_duration` ms, half before it and half after. `floor` is the value at
    rest: 0.3, and in BSB 0 for types named `granule_cell` and `glomerulus`. After the last spike of
    all populations that are shown together all cells fade out for `afterburn` ms: `last` is the
    largest `last_change` of them. With an afterburn of 0 nothing fades out.
    """

    def __init__(
        self,
        spikes: SpikeIndex,
        line: Timeline | None = None,
        spike_duration: float = 5.0,
        afterburn: float = 30.0,
        floor: float = 0.3,
        last: float | None = None,
    ) -> None:
        line = line or Timeline()
        core = _blendtorch.ActivityOf.pulsar_of(
            spikes._core, line._numbers(), spike_duration, afterburn, floor, last
        )
        said = {"spike_duration": spike_duration, "afterburn": afterburn, "floor": floor}
        self._take(core, line, said)

    def _take(self, core: _blendtorch.ActivityOf, line: Timeline, said: dict[str, Any]) -> None:
        super().__init__(core, line, **said)
        #: The frame where this population's last spike is over.
        self.last_change: float
        #: The frame where the fade-out is reckoned from.
        self.last: float
        #: The frame where everything is over.
        self.frame_end: float
        self.last_change, self.last, self.frame_end = core.ends()

    def ending(self, last: float) -> Pulsar:
        """The same, whose fade-out is reckoned from the frame `last`, since another population is
        over later. What was reckoned of the spikes is shared: it takes no time and no memory."""
        made = Pulsar.__new__(Pulsar)
        made._take(self._core.ending(last), self.line, self._said)
        return made

    def keys(self, cell: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The keys that BSB inserts for a cell: frames, and values of every channel.

        Between them Blender's default interpolation draws what `fill` gives.
        """
        frames, values = self._core.keys(_cell(cell))
        return np.asarray(frames), np.asarray(values)


class Flash(Activity):
    """1 for cells that spiked in the last `duration_ms`, 0 for all others.

    At the time t of a frame these are the spikes from t - duration on and before t. By default the
    duration is one frame's: each spike is seen once, in the frame after it.
    """

    def __init__(
        self,
        spikes: SpikeIndex,
        line: Timeline | None = None,
        duration_ms: float | None = None,
    ) -> None:
        line = line or Timeline()
        core = _blendtorch.ActivityOf.flash_of(spikes._core, line._numbers(), duration_ms)
        super().__init__(core, line, duration_ms=duration_ms)


class Decay(Activity):
    """Each spike adds 1, which decays by `exp(-t / tau_ms)`; the sum is shown up to 1."""

    def __init__(
        self, spikes: SpikeIndex, line: Timeline | None = None, tau_ms: float = 20.0
    ) -> None:
        line = line or Timeline()
        core = _blendtorch.ActivityOf.decay_of(spikes._core, line._numbers(), tau_ms)
        super().__init__(core, line, tau_ms=tau_ms)


class Indicator(Activity):
    """The fluorescence of a calcium indicator, ΔF/F: spikes, calcium, Hill's law, noise.

    A spike's calcium rises and decays by `exp(-t / decay_ms) * (1 - exp(-t / rise_ms))`, divided by
    its peak; c is the sum of all, so that one spike alone peaks at 1. With b = `baseline`, calcium
    at rest, and h = `hill`,

        ΔF/F = saturation * ((b + c)^h - b^h) / ((b + c)^h + K^h)

    where K is what makes one spike peak at `amplitude`. With `saturation=float("inf")` nothing
    saturates. `noise` is the standard deviation of what is added to each cell in each frame, which
    hangs on `seed`, cell and frame alone. The defaults are about GCaMP6f's, without
    noise (`docs/activity.md` says what they are). What is None is the default.
    """

    #: About GCaMP6f's numbers, by the names of the arguments.
    GCAMP6F: ClassVar[Mapping[str, float]] = MappingProxyType(
        dict(
            zip(
                ("rise_ms", "decay_ms", "amplitude", "hill", "saturation", "baseline", "noise"),
                _blendtorch.ActivityOf.gcamp6f(),
                strict=True,
            )
        )
    )

    def __init__(
        self,
        spikes: SpikeIndex,
        line: Timeline | None = None,
        rise_ms: float | None = None,
        decay_ms: float | None = None,
        amplitude: float | None = None,
        hill: float | None = None,
        saturation: float | None = None,
        baseline: float | None = None,
        noise: float | None = None,
        seed: int = 0,
    ) -> None:
        line = line or Timeline()
        given = (rise_ms, decay_ms, amplitude, hill, saturation, baseline, noise)
        known = self.GCAMP6F.items()
        said = {
            name: default if value is None else float(value)
            for (name, default), value in zip(known, given, strict=True)
        }
        numbers: Any = tuple(said.values())
        core = _blendtorch.ActivityOf.indicator_of(
            spikes._core, line._numbers(), numbers, seed % 2**64
        )
        super().__init__(core, line, **said, seed=seed)


def _cells_of(index: ArrayLike) -> NDArray[np.uint32]:
    """Indices of cells as they are kept; what cannot be one becomes the largest number."""
    given = np.asarray(index)
    if given.dtype == np.uint32:
        return np.ascontiguousarray(given)
    if given.size == 0:
        return np.zeros(given.shape, np.uint32)
    if given.dtype.kind not in "iu":
        raise TypeError(f"cells are counted in integers; there are {given.dtype}")
    most = np.iinfo(np.uint32).max
    wrong = (given < 0) | (given > most)
    cells = given.astype(np.uint32)
    cells[wrong] = most
    return cells


def _cell(cell: int) -> int:
    if cell < 0:
        raise IndexError(f"there is no cell {cell}: they are counted from 0")
    return int(cell)
