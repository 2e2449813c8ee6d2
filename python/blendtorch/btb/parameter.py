"""Parameters that a script registers, and that others set while it runs.

Owns their values and what may be one. When values arrive is the business of `asked.py`. Knows no
Blender where there is none.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from . import instance
from .plain import plain

Value = bool | int | float | str | list[float]


class Parameter:
    """One parameter, as `btb.parameters.add` returns it."""

    def __init__(self, name: str) -> None:
        """Use `btb.parameters.add`."""
        self.name = name
        self.about = ""
        self.low: float | None = None
        self.high: float | None = None
        self.choices: list[Value] | None = None
        self._value: Value = False
        self._was_set = False
        self._on_change: Callable[[Any], object] | None = None

    @property
    def value(self) -> Any:
        """What it is now."""
        return list(self._value) if isinstance(self._value, list) else self._value

    def _described(self) -> dict[str, Any]:
        """In the words of the control channel."""
        bounds = {"low": self.low, "high": self.high, "choices": self.choices}
        described = {"value": self._value, "about": self.about, **bounds}
        return {key: value for key, value in described.items() if value is not None}


class Parameters(Mapping[str, Any]):
    """The parameters of this process; `btb.parameters[name]` is the value now."""

    def __init__(self) -> None:
        """None yet; `btb.parameters` are this process's."""
        self._all: dict[str, Parameter] = {}

    def add(
        self,
        name: str,
        default: Any,
        *,
        low: float | None = None,
        high: float | None = None,
        choices: Sequence[Any] | None = None,
        about: str = "",
        on_change: Callable[[Any], object] | None = None,
    ) -> Parameter:
        """Registers a parameter, which others may set from now on.

            light = btb.parameters.add("light", 1.0, low=0, high=10, about="strength of the sun")
            anim.pre_frame.add(lambda: setattr(sun.data, "energy", light.value))

        A value that is set arrives between two frames, or after an item that was published where no
        frames are played, and never within one, whatever is waited for. Registered again, by a
        script that is run again, it keeps the value that was set, as long as that fits.

        Args:
            name: what it is called where it is set.
            default: its value as long as nobody sets another, and its kind: bool, int, float, str,
                or a list of numbers, which stays as long as it is.
            low: the least that a number may be, or each of a list.
            high: the most.
            choices: the only values that it may have.
            about: what it is, for people.
            on_change: called with the new value when it has been set to another one, by the main
                thread; of the default it is not told. What it raises ends the script.

        Raises:
            TypeError: the default is of no such kind.
            ValueError: it is not finite, or neither within the bounds nor among the choices; a
                bound or a choice is none; or one of another kind has the name already.
        """
        what = f"parameter {name!r}"
        if not isinstance(name, str) or not name:
            raise ValueError(f"the name of a parameter must be a text, not {name!r}")
        new = Parameter(name)
        new._value, new.about, new._on_change = _value(default, what), about, on_change
        _bound(new, what, low, high)
        if choices is not None:
            chosen = [_fitting(new, choice, f"a choice of {what}") for choice in choices]
            new.choices = chosen
        _fitting(new, default, what)
        there = self._all.setdefault(name, new)
        if there is not new:
            if _kind(there._value) != _kind(new._value):
                raise ValueError(
                    f"{what} is {_kind(there._value)} already, and cannot become "
                    f"{_kind(new._value)}: choose another name"
                )
            kept = there._value
            if there._was_set and _fits(new, kept):
                new._value, new._was_set = kept, True
            # The one that was returned before stays the one that is set.
            there.__dict__.update(new.__dict__)
        self._tell()
        return there

    def __getitem__(self, name: str) -> Any:
        """The value now.

        Raises:
            KeyError: there is none of that name; the message lists those there.
        """
        if name not in self._all:
            known = ", ".join(map(repr, self._all)) or "none"
            raise KeyError(f"no parameter {name!r} is registered; there are: {known}")
        return self._all[name].value

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def _set(self, values: dict[str, Any]) -> None:
        """Gives them the values that others have set, all of them before the first `on_change`."""
        changed = []
        for name, value in values.items():
            one = self._all.get(name)
            # It fitted when it was sent; the script may have registered it otherwise since.
            if one is None or not _fits(one, value):
                continue
            value = _like(one._value, value)
            one._was_set = True
            if value != one._value:
                one._value = value
                changed.append(one)
        self._tell()
        for one in changed:
            if one._on_change is not None:
                one._on_change(one.value)

    def _tell(self) -> None:
        instance.tell(parameters={name: one._described() for name, one in self._all.items()})


parameters = Parameters()
"""Those of this process."""


def _value(given: Any, what: str) -> Value:
    """A value of one of the kinds, as it is kept."""
    value = plain(given, what)
    if isinstance(value, list):
        if not all(isinstance(part, int | float) and not isinstance(part, bool) for part in value):
            raise TypeError(f"{what} is a list of {value!r}: lists hold numbers alone")
        return [float(part) for part in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise ValueError(f"{what} is {value}: whole numbers have 64 bits")
    if isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{what} must be a bool, int, float, str or list of numbers, not {given!r}")


def _bound(new: Parameter, what: str, low: float | None, high: float | None) -> None:
    for name, bound in (("low", low), ("high", high)):
        if bound is None:
            continue
        if isinstance(new._value, bool | str):
            raise ValueError(f"{what} is {_kind(new._value)}: it has no {name}")
        if not math.isfinite(bound):
            raise ValueError(f"{what}: {name} is {bound}; leave it out")
        setattr(new, name, float(bound))
    if new.low is not None and new.high is not None and new.low > new.high:
        raise ValueError(f"{what}: nothing lies between low, {new.low}, and high, {new.high}")


def _fitting(one: Parameter, given: Any, what: str) -> Value:
    """A value for it, as it is kept."""
    value = _value(given, what)
    if not _is_like(one._value, value):
        raise ValueError(f"{what} is {_kind(value)}, and not {_kind(one._value)}")
    value = _like(one._value, value)
    if not _within(one, value):
        low, high = ("…" if bound is None else bound for bound in (one.low, one.high))
        raise ValueError(f"{what} is {value}, which is not between {low} and {high}")
    if one.choices is not None and value not in one.choices:
        raise ValueError(f"{what} is {value!r}, which is none of its choices: {one.choices}")
    return value


def _fits(one: Parameter, given: Any) -> bool:
    try:
        _fitting(one, given, "it")
    except (TypeError, ValueError):
        return False
    return True


def _within(one: Parameter, value: Value) -> bool:
    if isinstance(value, bool | str):
        return True
    parts = value if isinstance(value, list) else [value]
    low = -math.inf if one.low is None else one.low
    high = math.inf if one.high is None else one.high
    return all(low <= part <= high for part in parts)


def _kind(value: Value) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)} numbers"
    names = {bool: "a bool", int: "an int", float: "a float", str: "a str"}
    return names[type(value)]


def _is_like(old: Value, new: Value) -> bool:
    """Whether one may follow the other: a whole number is a number too, but no half is whole."""
    whole = isinstance(old, float) and type(new) is int
    return whole or _kind(old) == _kind(new)


def _like(old: Value, new: Any) -> Value:
    """`new` as it is kept where `old` was."""
    if isinstance(old, list):
        return [float(part) for part in new]
    kept: Value = float(new) if isinstance(old, float) else new
    return kept
