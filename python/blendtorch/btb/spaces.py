"""What observations and actions of an environment look like, declared by its scene.

    class Cartpole(btb.BaseEnv):
        observation_space = btb.spaces.Box(-10, 10, shape=(3,))
        action_space = btb.spaces.Box(-100, 100, shape=(1,))

They need no Gymnasium inside Blender; `btt.BlenderEnv` makes Gymnasium's spaces of them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


class Space:
    """What is common to all."""

    def describe(self) -> dict[str, Any]:
        """The space as a dict that travels."""
        raise NotImplementedError

    def problem(self, value: Any) -> str | None:
        """Why `value` has not the form of this space; None if it has."""
        raise NotImplementedError


class Box(Space):
    """Arrays of one shape and dtype, bounded element by element."""

    def __init__(
        self,
        low: Any,
        high: Any,
        shape: Sequence[int] | None = None,
        dtype: Any = np.float32,
    ) -> None:
        """Bounds are numbers or arrays; without `shape` it is theirs."""
        self.dtype = np.dtype(dtype)
        found = np.broadcast_shapes(np.shape(low), np.shape(high))
        self.shape = found if shape is None else tuple(int(size) for size in shape)
        self.low = np.broadcast_to(np.asarray(low, self.dtype), self.shape).copy()
        self.high = np.broadcast_to(np.asarray(high, self.dtype), self.shape).copy()

    def describe(self) -> dict[str, Any]:
        """`low` and `high`, of the shape and dtype."""
        return {"space": "Box", "low": self.low, "high": self.high}

    def problem(self, value: Any) -> str | None:
        """A shape other than the space's, or what is no array of numbers."""
        array = _array(value)
        if array is None or array.dtype.kind not in "biuf":
            return f"an array of numbers was expected, not {value!r}"
        if array.shape != self.shape:
            return f"an array of shape {self.shape} was expected, not {array.shape}"
        return None


@dataclass(frozen=True)
class Discrete(Space):
    """The integers from `start` to `start + n - 1`."""

    n: int
    start: int = 0

    def describe(self) -> dict[str, Any]:
        """`n` and `start`."""
        return {"space": "Discrete", "n": self.n, "start": self.start}

    def problem(self, value: Any) -> str | None:
        """What is none of these integers."""
        array = _array(value)
        if array is None or array.ndim != 0 or array.dtype.kind not in "iu":
            return f"an integer was expected, not {value!r}"
        if not self.start <= int(value) < self.start + self.n:
            return f"an integer from {self.start} to {self.start + self.n - 1}, not {value}"
        return None


class MultiDiscrete(Space):
    """Vectors of integers, the i-th from 0 to `nvec[i] - 1`."""

    def __init__(self, nvec: Sequence[int]) -> None:
        self.nvec = np.asarray(nvec, np.int64)

    def describe(self) -> dict[str, Any]:
        """`nvec`."""
        return {"space": "MultiDiscrete", "nvec": self.nvec}

    def problem(self, value: Any) -> str | None:
        """Another shape, or what is no integer of its range."""
        array = _array(value)
        if array is None or array.dtype.kind not in "iu" or array.shape != self.nvec.shape:
            return f"integers of shape {self.nvec.shape} were expected, not {value!r}"
        if (array < 0).any() or (array >= self.nvec).any():
            return f"integers from 0 to below {self.nvec.tolist()} were expected, not {value!r}"
        return None


class Tuple(Space):
    """One value of each space, in order."""

    def __init__(self, *spaces: Space) -> None:
        self.spaces = spaces

    def describe(self) -> dict[str, Any]:
        """The spaces."""
        return {"space": "Tuple", "spaces": [space.describe() for space in self.spaces]}

    def problem(self, value: Any) -> str | None:
        """Another number of values, or the first that does not fit."""
        if not isinstance(value, tuple | list) or len(value) != len(self.spaces):
            return f"{len(self.spaces)} values were expected, not {value!r}"
        for index, (space, part) in enumerate(zip(self.spaces, value, strict=True)):
            if wrong := space.problem(part):
                return f"[{index}]: {wrong}"
        return None


class Dict(Space):
    """One value of each space, by name."""

    def __init__(self, spaces: Mapping[str, Space]) -> None:
        self.spaces = dict(spaces)

    def describe(self) -> dict[str, Any]:
        """The spaces by name."""
        return {"space": "Dict", "spaces": {k: s.describe() for k, s in self.spaces.items()}}

    def problem(self, value: Any) -> str | None:
        """Other names, or the first value that does not fit."""
        if not isinstance(value, Mapping) or set(value) != set(self.spaces):
            return f"a dict of {sorted(self.spaces)} was expected, not {value!r}"
        for name, space in self.spaces.items():
            if wrong := space.problem(value[name]):
                return f"[{name!r}]: {wrong}"
        return None


def _array(value: Any) -> Any:
    """The value as an array, or None if its parts are of different lengths."""
    try:
        return np.asarray(value)
    except ValueError:
        return None
