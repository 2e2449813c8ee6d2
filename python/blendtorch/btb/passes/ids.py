"""Ids: which number stands for what name, and arrays of them.

Owns the numbers that renders tell things apart by, which are ours alone, and the table from those
to the ids that a caller gives. It must never touch a scene.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

from .kinds import Ids

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Names:
    """Names with numbers, from 1 on; a name keeps its own."""

    def __init__(self) -> None:
        """Has none yet."""
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}

    def number(self, name: str) -> int:
        """The number of a name; the next one where it has none."""
        found = self._numbers.get(name)
        if found is None:
            self.names.append(name)
            found = self._numbers[name] = len(self.names)
        return found

    def __len__(self) -> int:
        return len(self.names)


class Labels:
    """Names with numbers, and the ids that a caller gave to some of them."""

    def __init__(self, values: int) -> None:
        """Each name has `values` ids: of an object its own and its category's."""
        self.names = Names()
        self._values = values
        self._given: dict[str, tuple[int, ...]] = {}
        self._tables: list[NDArray[np.uint32]] = []

    def give(self, name: str, ids: "tuple[int, ...]") -> None:
        """Sets the ids of a name.

        Raises:
            ValueError: they are not as many whole numbers of 32 bits, or the first one is 0, which
                is nothing.
        """
        if len(ids) != self._values or not all(0 <= one < 2**32 for one in ids) or not ids[0]:
            raise ValueError(f"the ids of {name!r} are {ids}: they must be from 1 to 2**32 - 1")
        self._given[name] = ids
        self._tables = []

    def fill(self, numbers: "NDArray[np.uint32]", outs: "list[NDArray[np.uint32]]") -> list[str]:
        """Writes the ids of numbers (H × W) into arrays, one for each value.

        Returns: the names of which there are pixels, and which have no ids.
        """
        if not self._tables or len(self._tables[0]) != len(self.names) + 1:
            self._tables = [np.zeros(len(self.names) + 1, np.uint32) for _ in range(self._values)]
            for number, name in enumerate(self.names.names, 1):
                for table, value in zip(self._tables, self._given.get(name, ()), strict=False):
                    table[number] = value
        for table, out in zip(self._tables, outs, strict=True):
            np.take(table, numbers, out=out, mode="clip")
        if len(self._given) and all(name in self._given for name in self.names.names):
            return []
        counts = np.bincount(numbers.ravel(), minlength=len(self.names) + 1)
        there = np.nonzero(counts[1:])[0]
        names = (self.names.names[number] for number in there)
        return sorted(name for name in names if name not in self._given)


def give(instances: Labels, materials: Labels, table: Ids) -> None:
    """Gives the ids of a table; see `Capture.give`."""
    for name, pair in table.get("instances", {}).items():
        instances.give(name, tuple(_whole(name, one) for one in pair))
    for name, number in table.get("materials", {}).items():
        materials.give(name, (_whole(name, number),))


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or int(value) != value:
        raise ValueError(f"an id of {name!r} is {value!r}: ids are whole numbers")
    return int(value)
