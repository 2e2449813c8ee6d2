"""Which words of a picture stay, so that none touches another.

Owns how near words may be, and that of a row of numbers those stay that are evenly apart. It knows
neither Blender nor what the words say.
"""

from collections.abc import Sequence
from dataclasses import dataclass

GAP = 0.25
"""What is left free around a word, of its height."""


@dataclass(frozen=True)
class Word:
    """Where a word is in a picture: its middle, and how large it is."""

    x: float
    y: float
    width: float
    height: float

    def touches(self, other: "Word") -> bool:
        """Whether there is no room between the two."""
        room = GAP * max(self.height, other.height)
        across, along = (self.width + other.width) / 2, (self.height + other.height) / 2
        return abs(self.x - other.x) < across + room and abs(self.y - other.y) < along + room


def evenly(row: Sequence[Word], others: Sequence[Word]) -> list[int]:
    """The words of a row that stay beside `others`, which are there: each n-th, with the smallest n
    with which they do not touch each other, but for those that touch others."""
    free = {at for at, word in enumerate(row) if not any(word.touches(one) for one in others)}
    for step in range(1, len(row) + 1):
        found = [
            [at for at in range(first, len(row), step) if at in free]
            for first in range(step)
            if _apart([row[at] for at in range(first, len(row), step)])
        ]
        if any(found):
            return max(found, key=len)
    return []


def _apart(row: Sequence[Word]) -> bool:
    return not any(one.touches(other) for at, one in enumerate(row) for other in row[:at])
