"""Networks of arrays: what a description has inline, what a simulation sends, what a script has.

Owns that they look like those of files (`circuit.CellNetwork`). It must never need Blender.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

RADIUS = 5.0
"""Of cells whose radius nothing says, µm."""


@dataclass
class ArrayPopulation:
    """A population, as `circuit.CellPopulation` has it."""

    name: str
    ids: "NDArray[np.int64]"
    positions: "NDArray[np.float32]"
    rotations: "NDArray[np.float32] | None" = None
    radius: float = RADIUS
    radii: "NDArray[np.float32] | None" = None
    color: tuple[float, float, float, float] | None = None
    display_name: str = ""
    entity: bool = False

    @property
    def locations(self) -> "NDArray[np.float32]":
        """Where Blender has them: z is up."""
        return self.positions

    def __len__(self) -> int:
        return len(self.ids)


class ArrayNetwork:
    """Populations by name."""

    path = None

    def __init__(self, populations: Mapping[str, Any], name: str = "arrays") -> None:
        """Of positions, n × 3, or dicts of them and of what else is known.

        Raises:
            ValueError: an array has another shape than it must have.
        """
        self.name = name
        self._populations = {key: _population(key, given) for key, given in populations.items()}
        self.identity: dict[str, str] = {}
        self.warnings: list[str] = []

    @property
    def names(self) -> list[str]:
        """Of the populations."""
        return list(self._populations)

    @property
    def summary(self) -> str:
        """Its cells in one line."""
        parts = [f"{len(one)} {name}" for name, one in self._populations.items()]
        return f"{self.name}: {', '.join(parts) or 'no cells'}"

    def population(self, name: str) -> ArrayPopulation:
        """The population of that name.

        Raises:
            KeyError: there is none.
        """
        if name not in self._populations:
            there = ", ".join(self._populations) or "none"
            raise KeyError(f"there is no population {name!r}; there are: {there}")
        return self._populations[name]


def _population(name: str, given: Any) -> ArrayPopulation:
    said = dict(given) if isinstance(given, Mapping) else {"positions": given}
    if said.get("positions") is None:
        raise ValueError(f"population {name!r} has no positions")
    positions = _array(name, "positions", said["positions"], None)
    count = len(positions)
    rotations, radii = said.get("rotations"), said.get("radii")
    ids = np.arange(count) if said.get("ids") is None else np.asarray(said["ids"], np.int64)
    if ids.shape != (count,):
        raise ValueError(f"population {name!r} has {count} positions and ids of {ids.shape}")
    return ArrayPopulation(
        name=name,
        ids=ids.astype(np.int64),
        positions=positions,
        rotations=None if rotations is None else _array(name, "rotations", rotations, count),
        radius=float(said.get("radius") or RADIUS),
        radii=None if radii is None else _array(name, "radii", radii, count, 1),
        color=_color(said.get("color")),
        display_name=str(said.get("display_name") or name),
    )


def _array(
    name: str, what: str, values: Any, count: int | None, width: int = 3
) -> "NDArray[np.float32]":
    array = np.ascontiguousarray(values, np.float32)
    if array.size == 0 and width == 3:
        array = array.reshape(-1, 3)
    wanted = (array.shape[0] if count is None and array.ndim else count, *([3] * (width == 3)))
    if array.shape != wanted:
        raise ValueError(
            f"{what} of population {name!r} have the shape {array.shape}; it must be "
            f"({'n' if count is None else count}{', 3' if width == 3 else ','})"
        )
    return array


def _color(value: Any) -> tuple[float, float, float, float] | None:
    if value is None:
        return None
    r, g, b, a = (*map(float, value), *([1.0] if len(value) == 3 else []))
    return r, g, b, a
