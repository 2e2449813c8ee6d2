"""What is seen of cells while they are simulated: a value each, from the spikes of each interval.

Owns the formulas of what can be shown before the next spike is known. Spikes come with their
interval and not with their time, so they count as at its middle. It knows neither Blender nor who
sends.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

KINDS = ("flash", "decay", "pulsar", "indicator", "rest")
_RISE, _DECAY = 45.0, 142.0
"""In ms, where an indicator's are not said: about GCaMP6f's."""


class Values(Protocol):
    """Values of a population that change with each interval."""

    out: "NDArray[np.float32]"

    def add(self, spikes: "NDArray[np.uint32] | None", start_ms: float, stop_ms: float) -> None:
        """An interval more."""

    def drawn(self) -> None:
        """What there is has been seen."""


class Flash:
    """1 for cells that spiked since the last picture, else 0: no spike is missed by who draws less
    often than intervals come."""

    def __init__(self, cells: int) -> None:
        """All dark."""
        self.out = np.zeros(cells, np.float32)
        self._seen = False

    def add(self, spikes: "NDArray[np.uint32] | None", start_ms: float, stop_ms: float) -> None:
        """An interval more."""
        if self._seen:
            self.out[:] = 0.0
            self._seen = False
        if spikes is not None:
            self.out[spikes] = 1.0

    def drawn(self) -> None:
        """What there is has been seen."""
        self._seen = True


class Decay:
    """Spikes fade: the sum of exp(-(t - spike) / tau), 1 at most."""

    def __init__(self, cells: int, tau_ms: float = 20.0) -> None:
        """All dark."""
        self.out = np.zeros(cells, np.float32)
        self._sum = np.zeros(cells, np.float32)
        self._tau = tau_ms

    def add(self, spikes: "NDArray[np.uint32] | None", start_ms: float, stop_ms: float) -> None:
        """An interval more."""
        half = (stop_ms - start_ms) / 2.0
        self._sum *= np.float32(math.exp(-2.0 * half / self._tau))
        if spikes is not None and len(spikes):
            np.add.at(self._sum, spikes, np.float32(math.exp(-half / self._tau)))
        np.minimum(self._sum, 1.0, out=self.out)

    def drawn(self) -> None:
        """What there is has been seen."""


class Pulsar:
    """The falling half of the BSB's pulsar, since what rises before a spike cannot be known: 1 at a
    spike, and on a line to `floor` in half of its duration."""

    def __init__(self, cells: int, spike_duration: float = 5.0, floor: float = 0.3) -> None:
        """All at rest."""
        self.out = np.full(cells, floor, np.float32)
        self._last = np.full(cells, -np.inf)
        self._half, self._floor = spike_duration / 2.0, floor

    def add(self, spikes: "NDArray[np.uint32] | None", start_ms: float, stop_ms: float) -> None:
        """An interval more."""
        if spikes is not None:
            self._last[spikes] = (start_ms + stop_ms) / 2.0
        lit = np.maximum(1.0 - (stop_ms - self._last) / self._half, 0.0)
        self.out[:] = self._floor + (1.0 - self._floor) * lit

    def drawn(self) -> None:
        """What there is has been seen."""


class Indicator:
    """A fluorescence that rises and decays after each spike, ΔF/F of `amplitude` at its peak."""

    def __init__(
        self, cells: int, rise_ms: float = _RISE, decay_ms: float = _DECAY, amplitude: float = 1.0
    ) -> None:
        """All dark."""
        self.out = np.zeros(cells, np.float32)
        self._parts = np.zeros((2, cells), np.float32)
        self._taus = (decay_ms, max(min(rise_ms, 0.999 * decay_ms), 1e-3))
        slow, fast = self._taus
        peak = math.log(slow / fast) * slow * fast / (slow - fast)
        self._scale = amplitude / (math.exp(-peak / slow) - math.exp(-peak / fast))

    def add(self, spikes: "NDArray[np.uint32] | None", start_ms: float, stop_ms: float) -> None:
        """An interval more."""
        span = stop_ms - start_ms
        for part, tau in zip(self._parts, self._taus, strict=True):
            part *= np.float32(math.exp(-span / tau))
            if spikes is not None and len(spikes):
                np.add.at(part, spikes, np.float32(math.exp(-span / 2.0 / tau)))
        np.subtract(self._parts[0], self._parts[1], out=self.out)
        self.out *= np.float32(self._scale)

    def drawn(self) -> None:
        """What there is has been seen."""


class Rest:
    """Nothing of the spikes; values that are sent are seen."""

    def __init__(self, cells: int) -> None:
        """All dark."""
        self.out = np.zeros(cells, np.float32)

    def add(self, spikes: "NDArray[np.uint32] | None", start_ms: float, stop_ms: float) -> None:
        """An interval more."""

    def drawn(self) -> None:
        """What there is has been seen."""


def values_of(show: Mapping[str, Any] | None, cells: int) -> Values:
    """What a description's `show` is while it is simulated; flashes where it says nothing.

    Raises:
        ValueError: it is of a file, or unknown.
    """
    show = dict(show or {"as": "flash"})
    kind = show.get("as")
    if kind == "flash":
        return Flash(cells)
    if kind == "decay":
        return Decay(cells, _given(show, "tau_ms", 20.0))
    if kind == "pulsar":
        return Pulsar(cells, _given(show, "spike_duration", 5.0), _given(show, "floor", 0.3))
    if kind == "indicator":
        rise, decay = _given(show, "rise_ms", _RISE), _given(show, "decay_ms", _DECAY)
        return Indicator(cells, rise, decay, _given(show, "amplitude", 1.0))
    if kind in ("rest", "report"):
        return Rest(cells)
    raise ValueError(f"show is {kind!r}; known are {', '.join(KINDS)}")


def _given(show: Mapping[str, Any], key: str, other: float) -> float:
    value = show.get(key)
    return other if value is None else float(value)
