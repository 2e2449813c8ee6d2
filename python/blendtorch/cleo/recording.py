"""What happened in a simulation, interval after interval, as far as a video shows it.

Owns which interval a spike and a value belong to: interval k is [k·dt, (k + 1)·dt), with the spikes
in it and the values that devices have at its start. It knows neither Brian2 nor Cleo.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


@dataclass
class Group:
    """A population of cells."""

    name: str
    positions: "NDArray[np.float32]"
    """Where they are, (n, 3), µm."""

    def __post_init__(self) -> None:
        """Checks the shape."""
        self.positions = np.ascontiguousarray(self.positions, np.float32)
        if self.positions.ndim != 2 or self.positions.shape[1] != 3:
            raise ValueError(
                f"{self.name}: positions are (cells, 3) in µm, not {self.positions.shape}"
            )

    def __len__(self) -> int:
        """How many there are."""
        return len(self.positions)


@dataclass
class Recording:
    """Groups, devices, and what they did in each interval."""

    groups: Sequence[Group]
    dt_ms: float
    """How long an interval is."""
    devices: Mapping[str, Any] = field(default_factory=dict)
    """Devices by name, as keys of a `network.json`."""
    _spikes: "list[list[NDArray[np.uint32]]]" = field(default_factory=list, repr=False)
    _values: "list[dict[str, NDArray[np.float32]]]" = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        """Checks what cannot be drawn."""
        names = [group.name for group in self.groups]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"there are two groups named {twice[0]!r}: give each its own name")
        if not (self.dt_ms > 0 and np.isfinite(self.dt_ms)):
            raise ValueError(f"an interval of {self.dt_ms} ms is none")

    def __repr__(self) -> str:
        groups = ", ".join(f"{len(group.positions)} {group.name}" for group in self.groups)
        return f"<recording: {len(self)} intervals of {self.dt_ms:g} ms; {groups}>"

    def __len__(self) -> int:
        """How many intervals there are."""
        return len(self._spikes)

    def add(
        self,
        spikes: "Sequence[ArrayLike]",
        values: "Mapping[str, ArrayLike] | None" = None,
        interval: int | None = None,
    ) -> None:
        """Adds what happened in the next interval, or more of one that is there.

        Args:
            spikes: of each group, in its order, the indices of cells that spiked.
            values: of devices, at the interval's start.
            interval: its number; the next one where nothing is said.

        Raises:
            IndexError: there is no such cell.
            ValueError: spikes of another number of groups.
        """
        if len(spikes) != len(self.groups):
            raise ValueError(f"spikes of {len(spikes)} groups; there are {len(self.groups)}")
        taken = [_cells(group, some) for group, some in zip(self.groups, spikes, strict=True)]
        number = len(self) if interval is None else int(interval)
        if number < 0:
            raise ValueError(f"there is no interval {number}")
        given = (values or {}).items()
        self.put(
            taken, {name: np.array(one, np.float32).reshape(-1) for name, one in given}, number
        )

    def put(
        self,
        spikes: "list[NDArray[np.uint32]]",
        values: "dict[str, NDArray[np.float32]]",
        interval: int,
    ) -> None:
        """As `add`, of arrays that are its own from now on and need no look."""
        if interval == len(self._spikes):
            self._spikes.append(spikes)
            # A device keeps its value where nobody said another one.
            before = self._values[-1] if interval else {}
            self._values.append(values if len(values) >= len(before) else before | values)
            return
        while len(self._spikes) <= interval:
            self._values.append(dict(self._values[-1]) if self._values else {})
            self._spikes.append([np.zeros(0, np.uint32) for _ in self.groups])
        there = self._spikes[interval]
        for at, some in enumerate(spikes):
            there[at] = np.concatenate((there[at], some)) if len(there[at]) else some
        self._values[interval] |= values

    def cut(self, intervals: int) -> None:
        """Forgets all but the first intervals."""
        del self._spikes[intervals:], self._values[intervals:]

    def spikes(self, interval: int, group: int = 0) -> "NDArray[np.uint32]":
        """Which cells of a group spiked in an interval."""
        return self._spikes[interval][group]

    def values(self, interval: int) -> "dict[str, NDArray[np.float32]]":
        """The values that devices have at an interval's start."""
        return self._values[interval]

    def trains(self, group: int) -> "tuple[NDArray[np.uint32], NDArray[np.float64]]":
        """All spikes of a group, each in the middle of its interval, in ms."""
        some = [one[group] for one in self._spikes]
        if not some:
            return np.zeros(0, np.uint32), np.zeros(0, np.float64)
        numbers = np.repeat(np.arange(len(some)), [len(one) for one in some])
        return np.concatenate(some), (numbers + 0.5) * self.dt_ms

    def series(self, device: str) -> "NDArray[np.float32] | None":
        """A device's values, (intervals, values); None where it has none. Before the first that was
        said it is dark."""
        known = [one.get(device) for one in self._values]
        width = max((len(one) for one in known if one is not None), default=0)
        if width == 0:
            return None
        rows = np.zeros((len(known), width), np.float32)
        for row, one in zip(rows, known, strict=True):
            if one is not None:
                row[:] = one if len(one) in (1, width) else 0.0
        return rows


def _cells(group: Group, some: "ArrayLike") -> "NDArray[np.uint32]":
    given = np.asarray(some).reshape(-1)
    if not len(given):
        return np.zeros(0, np.uint32)
    if given.dtype.kind not in "iu":
        raise ValueError(f"{group.name}: cells are whole numbers, not {given.dtype}")
    low, high = int(given.min()), int(given.max())
    if low < 0 or high >= len(group):
        odd = low if low < 0 else high
        raise IndexError(f"{group.name} has no cell {odd}: it has {len(group)}, counted from 0")
    return np.array(given, np.uint32)
