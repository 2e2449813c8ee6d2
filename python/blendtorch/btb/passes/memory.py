"""Arrays that are used again: new memory for each frame costs more than reading into it.

A frame's arrays stay as they are while the next one is rendered, since a writer may still encode
them. They are written over when that one is read: by then the writer has to be done, or there are
two sets, in turn.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Memory:
    """Sets of arrays by name: one, if it can be waited for until that is free, else two in turn."""

    def __init__(self, free: "Callable[[], None] | None" = None) -> None:
        """Has none yet.

        Args:
            free: waits until the arrays that were given last may be written over.
        """
        self._free = free
        self._sets: list[dict[str, NDArray[Any]]] = [{}] if free else [{}, {}]
        self._waits = False

    def turn(self) -> None:
        """Another frame, from now on: what was given for an earlier one may be written over."""
        self._sets.reverse()
        self._waits = True

    def array(self, name: str, shape: tuple[int, ...], dtype: Any = np.float32) -> "NDArray[Any]":
        """The array of that name, of any content."""
        if self._waits and self._free is not None:
            self._free()
        self._waits = False
        mine = self._sets[0]
        found = mine.get(name)
        if found is None or found.shape != shape or found.dtype != dtype:
            found = mine[name] = np.empty(shape, dtype)
        return found
