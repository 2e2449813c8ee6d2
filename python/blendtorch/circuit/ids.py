"""Ids of nodes as users give them: lists, columns or single numbers.

Owns what is an id and what is none. A mask, a fraction or a negative number is none, and would name
other nodes than were meant.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Above it not every whole number is a float64.
EXACT = 2**53


def whole_number(value: Any, what: str) -> int:
    """A number that is none of a fraction, Python's or numpy's.

    Raises:
        TypeError: It is something else; `what` it is of is said.
        ValueError: It is negative.
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what} is a whole number, not {value!r}") from None
    if isinstance(value, bool):
        raise TypeError(f"{what} is a whole number, not {value!r}")
    if number < 0:
        raise ValueError(f"{what} cannot be negative: {number}")
    return number


def ids_of(given: Any, what: str = "ids") -> NDArray[np.uint64]:
    """Ids of a list, of a column of numpy's or pandas', or of one number; in their order.

    Floats that are whole are ids too: a column of pandas' becomes one of floats easily.

    Raises:
        TypeError: It is a mask, or has something in it that is no whole number.
        ValueError: One is negative, or larger than an id can be.
    """
    array = _array(given, what)
    if array.ndim > 1:
        raise TypeError(f"{what} are in a list, not in a table of {array.shape}")
    array = array.reshape(-1)
    kind = array.dtype.kind
    if kind == "b":
        raise _mask(what)
    if kind not in "iuf":
        raise TypeError(f"{what} are whole numbers, not {array.dtype} as {given!r:.60}")
    if kind == "f":
        wrong = array[~((array == np.floor(array)) & (np.abs(array) <= EXACT))]
        if len(wrong):
            raise TypeError(f"{what} are whole numbers, not {wrong[0]}")
    if kind != "u" and len(array) and array.min() < 0:
        raise ValueError(f"{what} cannot be negative: {array.min():.0f}")
    return np.ascontiguousarray(array, np.uint64)


def id_of(given: Any) -> int:
    """One id; errors as of `ids_of`."""
    found = ids_of(given)
    if len(found) != 1:
        raise TypeError(f"one id is needed, not {len(found)}")
    return int(found[0])


def _mask(what: str) -> TypeError:
    return TypeError(
        f"{what} are whole numbers, not booleans: numpy.flatnonzero(mask) has the places where a "
        "mask is true"
    )


def _array(given: Any, what: str) -> NDArray[Any]:
    """Numbers of one kind, where they are that."""
    if hasattr(given, "__array__") or hasattr(given, "__array_interface__"):
        array = np.asarray(given)
        if array.dtype.kind != "O":
            return array
        given = array.ravel().tolist()
    single = isinstance(given, str | bytes) or not isinstance(given, Iterable)
    listed: list[Any] = [given] if single else list(given)
    if any(isinstance(one, bool | np.bool_) for one in listed):
        raise _mask(what)
    if not listed:
        return np.empty(0, np.uint64)
    if all(isinstance(one, int | np.integer) for one in listed):
        for one in listed:
            if not 0 <= one < 2**64:
                why = "cannot be negative" if one < 0 else "are below 2**64"
                raise ValueError(f"{what} {why}: {one}")
        return np.array(listed, np.uint64)
    return np.asarray(listed)
