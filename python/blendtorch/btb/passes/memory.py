"""Arrays that are used again: new memory for each frame costs more than reading into it.

A frame's arrays stay as they are while the next one is rendered, since a writer may still encode
them: there are two sets, in turn.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Memory:
    """Two sets of arrays by name, in turn."""

    def __init__(self) -> None:
        """Has none yet."""
        self._sets: list[dict[str, NDArray[Any]]] = [{}, {}]

    def turn(self) -> None:
        """The other set, from now on: what was given by it before may be written over."""
        self._sets.reverse()

    def array(self, name: str, shape: tuple[int, ...], dtype: Any = np.float32) -> "NDArray[Any]":
        """The array of that name, of any content."""
        mine = self._sets[0]
        found = mine.get(name)
        if found is None or found.shape != shape or found.dtype != dtype:
            found = mine[name] = np.empty(shape, dtype)
        return found
