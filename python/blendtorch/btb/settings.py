"""Blender's settings, changed for a time and then as the user had them."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def changed(owner: Any, **values: Any) -> Iterator[None]:
    """Sets attributes of `owner` in the order given, and sets them back in the same order: what
    decides about others, such as the kind of a file about its depth, comes first both times.

    Attributes that it has not (versions differ) and those that have the value already are left
    alone: setting a property makes Blender evaluate what depends on it.
    """

    def value_of(name: str) -> Any:
        value = getattr(owner, name)
        # Colours are views of what is about to change.
        return tuple(value) if isinstance(values[name], tuple) else value

    def put(wanted: dict[str, Any]) -> None:
        for name, value in wanted.items():
            if value_of(name) != value:
                setattr(owner, name, value)

    before = {name: value_of(name) for name in values if hasattr(owner, name)}
    try:
        put({name: values[name] for name in before})
        yield
    finally:
        put(before)
