"""Values as JSON has them: what travels on the control channel.

Owns which values of numpy and Blender become which; whatever else there is is an error that says
where it stands. Knows no Blender where there is none.
"""

import json
import math
from typing import Any

import numpy as np

# Blender's own lists of numbers, and of such lists.
_BLENDERS = ("Vector", "Matrix", "Quaternion", "Euler", "Color", "bpy_prop_array")


def text(value: Any, what: str) -> str:
    """A value as JSON text.

    Raises:
        TypeError: some of it cannot travel.
        ValueError: a number in it is not finite, or a text is none.
    """
    said = json.dumps(plain(value, what), ensure_ascii=False)
    try:
        said.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{what} holds a text that is none, as names of files may be: {error.reason}"
        ) from None
    return said


def plain(value: Any, what: str) -> Any:
    """A value as None, bool, int, float, str, and lists and dicts of those; `what` is its name in
    errors.

    Raises:
        TypeError: some of it cannot travel.
        ValueError: a number in it is not finite.
    """
    if isinstance(value, np.generic):
        value = value.item()
    elif isinstance(value, np.ndarray):
        value = value.tolist()
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise ValueError(f"{what} is {value}, which has more than 64 bits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{what} is {value}, which JSON does not have: use None")
        return float(value)
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str):
                raise TypeError(f"{what} has the key {key!r}: keys must be texts")
        return {key: plain(part, f"{what}[{key!r}]") for key, part in value.items()}
    if isinstance(value, list | tuple) or type(value).__name__ in _BLENDERS:
        return [plain(part, f"{what}[{i}]") for i, part in enumerate(value)]
    raise TypeError(
        f"{what} is {type(value).__name__}: only None, bool, int, float, str, lists and dicts of "
        "those, numpy arrays and Blender's vectors can travel"
    )
