"""A list of callbacks."""

from collections.abc import Callable
from functools import partial
from typing import Any


class Signal:
    """Calls what was added to it, in order of registration."""

    def __init__(self) -> None:
        self.slots: list[partial[Any]] = []

    def add(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> partial[Any]:
        """Registers `fn(*args, **kwargs)`; returns a handle that `remove` takes."""
        slot = partial(fn, *args, **kwargs)
        self.slots.append(slot)
        return slot

    def remove(self, handle: Callable[..., Any]) -> None:
        """Takes out one registration, by the handle of `add` or by the function itself.

        Raises:
            ValueError: it is not registered.
        """
        for index, slot in enumerate(self.slots):
            if slot is handle or slot.func == handle:
                del self.slots[index]
                return
        raise ValueError(f"{handle!r} is not registered with this signal")

    def invoke(self, *args: Any, **kwargs: Any) -> None:
        """Calls every registered function; these arguments follow the registered ones."""
        for slot in tuple(self.slots):
            slot(*args, **kwargs)
