"""Blender's settings, changed for the time of a render and then as the user had them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def changed(owner: Any, **values: Any) -> Iterator[None]:
    """Sets attributes of `owner` in the order given, and sets them back in the reverse order.

    Attributes that it has not (versions differ) and those that have the value already are left
    alone: setting a property makes Blender evaluate what depends on it.
    """
    before: list[tuple[str, Any]] = []
    try:
        for name, value in values.items():
            was = getattr(owner, name, None)
            if was is not None or hasattr(owner, name):
                if isinstance(value, tuple):
                    was = tuple(was)  # A view of what is about to change.
                if was != value:
                    setattr(owner, name, value)
                    before.append((name, was))
        yield
    finally:
        for name, was in reversed(before):
            setattr(owner, name, was)
