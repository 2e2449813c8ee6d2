"""What users write in Python as JSON: numpy's and pandas' values are Python's there.

Owns what has no place in JSON: it is said by its key.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping
from typing import Any


def as_json(value: Any, key: str = "") -> str:
    """A value as JSON: arrays, columns of pandas' and ranges are lists, paths are words.

    Args:
        value: Any such thing, in dictionaries and lists too.
        key: Of the value, for errors.

    Raises:
        ValueError: A number is NaN or infinite.
        TypeError: Something is none of these.
    """
    return json.dumps(plain(value, key))


def plain(value: Any, key: str = "") -> Any:
    """The same as Python's own dictionaries, lists, numbers and words."""
    if isinstance(value, str | int) or value is None:
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            shown = "NaN" if math.isnan(value) else f"{value:+}"
            raise ValueError(f"{key or 'the value'} is {shown}: it must be a finite number")
        return float(value)
    if isinstance(value, Mapping):
        inner = f"{key}." if key else ""
        return {str(name): plain(one, f"{inner}{name}") for name, one in value.items()}
    if isinstance(value, list | tuple | range):
        return [plain(one, f"{key}[{at}]") for at, one in enumerate(value)]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if hasattr(value, "tolist"):
        return plain(value.tolist(), key)
    raise TypeError(f"{key or 'the value'} cannot be {type(value).__name__}: {value!r:.60}")
