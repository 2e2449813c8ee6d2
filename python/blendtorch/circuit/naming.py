"""Names that are not there, and the one that was meant."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from .. import _blendtorch

Value = TypeVar("Value")


def unknown(what: str, name: object, known: Iterable[str]) -> KeyError:
    """The error that says the nearest name, or all of them."""
    names = list(known)
    meant = _blendtorch.nearest_name(name, names) if isinstance(name, str) else None
    hint = f'did you mean "{meant}"?' if meant else f"there are {', '.join(names)}"
    shown = f'"{name}"' if isinstance(name, str) else repr(name)
    return KeyError(f"no {what} {shown}; {hint}")


class Named(dict[str, Value]):
    """A dictionary that says what was meant by a name that it does not have."""

    def __init__(self, what: str, values: dict[str, Value]) -> None:
        super().__init__(values)
        self._what = what

    def __missing__(self, name: Any) -> Value:
        raise unknown(self._what, name, self)
