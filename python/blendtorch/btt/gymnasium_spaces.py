"""Between what travels and Gymnasium's spaces."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from gymnasium import spaces


def declared(description: Mapping[str, Any] | None) -> Any:
    """The space that a scene declares (`btb.spaces`), or None if it declares none."""
    if description is None:
        return None
    match description["space"]:
        case "Box":
            low, high = description["low"], description["high"]
            return spaces.Box(low, high, dtype=low.dtype.type)
        case "Discrete":
            return spaces.Discrete(description["n"], start=description["start"])
        case "MultiDiscrete":
            return spaces.MultiDiscrete(description["nvec"])
        case "Tuple":
            return spaces.Tuple([declared(each) for each in description["spaces"]])
        case "Dict":
            return spaces.Dict({k: declared(each) for k, each in description["spaces"].items()})
        case other:
            raise ValueError(f"the scene declares a space {other!r} that this version has not")


def fitted(space: Any, value: Any, name: str) -> Any:
    """The value in the types of the space: scenes return lists, tuples and plain numbers.

    Raises:
        ValueError: its shape is another one.
    """
    match space:
        case spaces.Box():
            if type(value) is np.ndarray and value.shape == space.shape:
                return value.astype(space.dtype, copy=False)
            array = np.asarray(value, dtype=space.dtype)
            if array.shape == space.shape:
                return array
            if array.size == 1 and space.shape in ((), (1,)):
                return array.reshape(space.shape)
            raise ValueError(
                f"the {name} has shape {array.shape}, its space {space.shape}: declare the one "
                "that the scene returns"
            )
        case spaces.MultiDiscrete() | spaces.MultiBinary():
            return np.asarray(value, dtype=space.dtype).reshape(space.shape)
        case spaces.Discrete():
            return np.int64(value)
        case spaces.Tuple():
            if not isinstance(value, tuple | list) or len(value) != len(space.spaces):
                raise ValueError(
                    f"the {name} is {value!r}, its space has {len(space.spaces)} parts: declare "
                    "what the scene returns"
                )
            parts = zip(space.spaces, value, strict=True)
            return tuple(fitted(each, part, f"{name}[{i}]") for i, (each, part) in enumerate(parts))
        case spaces.Dict():
            if not isinstance(value, Mapping) or not space.keys() <= value.keys():
                raise ValueError(
                    f"the {name} is {value!r}, its space has the names {list(space)}: declare what "
                    "the scene returns"
                )
            return {k: fitted(each, value[k], f"{name}[{k!r}]") for k, each in space.items()}
    return value


def plain(action: Any) -> Any:
    """An action in types that travel: Gymnasium's dicts are a class of their own."""
    if isinstance(action, Mapping):
        return {name: plain(value) for name, value in action.items()}
    if isinstance(action, tuple):
        return tuple(map(plain, action))
    return action
