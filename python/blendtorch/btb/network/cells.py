"""The cells of a population, one by one, as scripts of the BSB's module take them.

They are made when they are asked for and hold two references: a view of a million cells costs
nothing. What they say is read from Blender, and what is set is written there.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from .. import screen

if TYPE_CHECKING:
    from .population import BlenderPopulation


class Cell:
    """A cell of a population."""

    __slots__ = ("index", "population")

    def __init__(self, population: "BlenderPopulation", index: int) -> None:
        """The cell in the row `index` of a population."""
        self.population = population
        self.index = index

    @property
    def id(self) -> int:
        """As the file calls it."""
        return int(self.population.ids[self.index])

    @property
    def name(self) -> str:
        """`tag #id`: what its object is called, where it has one."""
        return f"{self.population.name} #{self.id}"

    @property
    def position(self) -> tuple[float, float, float]:
        """Where the file has it, in µm, in the file's axes."""
        return _three(self.population.positions[self.index])

    @property
    def object(self) -> Any:
        """Its object; None where the population's cells are no objects."""
        return self.population.object_of(self.index)

    @property
    def location(self) -> tuple[float, float, float]:
        """Where Blender has it. Setting it moves the cell."""
        if self.object is not None:
            return _three(self.object.location)
        return _three(self._mesh.vertices[self.index].co)

    @location.setter
    def location(self, value: Sequence[float]) -> None:
        if self.object is not None:
            self.object.location = value
        else:
            self._mesh.vertices[self.index].co = value
            self._mesh.update_tag()

    @property
    def color(self) -> tuple[float, float, float, float]:
        """Red, green, blue (as screens have them) and opacity, 0 to 1. Of an object it is the
        object's colour, whose four channels are the activity where it is animated."""
        if self.object is not None:
            return _four(self.object.color)
        linear = np.array(self._value("cell_color").color, np.float32)
        return _four(screen.on_screen(linear))

    @color.setter
    def color(self, value: Sequence[float]) -> None:
        given = (*map(float, value), *([1.0] if len(value) == 3 else []))
        if self.object is not None:
            self.object.color = given
        else:
            self._value("cell_color").color = screen.linear(given).tolist()
            self._mesh.update_tag()

    @property
    def radius(self) -> float:
        """In µm. Of an object it is set by its scale."""
        if self.object is not None:
            return self.population.radius * float(self.object.scale[0])
        return float(self._value("radius").value)

    @radius.setter
    def radius(self, value: float) -> None:
        if self.object is not None:
            self.object.scale = (value / self.population.radius,) * 3
        else:
            self._value("radius").value = value
            self._mesh.update_tag()

    @property
    def rotation(self) -> tuple[float, float, float]:
        """About x, y and z, in radians."""
        if self.object is not None:
            return _three(self.object.rotation_euler)
        return _three(self._value("rotation").vector)

    @property
    def activity(self) -> float:
        """What is shown of it at the current frame."""
        if self.object is not None:
            return float(self.object.color[0])
        return float(self._value("activity").value)

    def __repr__(self) -> str:
        return f"<cell {self.name!r}>"

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Cell):
            return NotImplemented
        return bool(self.population == other.population and self.index == other.index)

    def __hash__(self) -> int:
        return hash((id(self.population), self.index))

    @property
    def _mesh(self) -> Any:
        return self.population.object.data

    def _value(self, attribute: str) -> Any:
        return self._mesh.attributes[attribute].data[self.index]


class Cells(Sequence[Cell]):
    """All cells of a population, or some, in the order of the file."""

    def __init__(self, population: "BlenderPopulation", rows: Sequence[int]) -> None:
        """Those of `rows`, which may be a range."""
        self.population = population
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Cell: ...
    @overload
    def __getitem__(self, index: slice) -> "Cells": ...
    def __getitem__(self, index: int | slice) -> "Cell | Cells":
        if isinstance(index, slice):
            return Cells(self.population, self.rows[index])
        return Cell(self.population, int(self.rows[index]))

    def by_id(self, number: int) -> Cell:
        """The cell that the file calls so.

        Raises:
            KeyError: there is none.
        """
        found = np.flatnonzero(self.population.ids == number)
        if len(found) and int(found[0]) in self.rows:
            return Cell(self.population, int(found[0]))
        raise KeyError(f"population {self.population.name!r} has no cell {number}")

    def __repr__(self) -> str:
        return f"<{len(self)} cells of {self.population.name!r}>"


def _three(values: Any) -> tuple[float, float, float]:
    x, y, z = (float(one) for one in values)
    return x, y, z


def _four(values: Any) -> tuple[float, float, float, float]:
    r, g, b, a = (float(one) for one in values)
    return r, g, b, a
