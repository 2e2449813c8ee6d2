"""The steps by name, and how they are called."""

import inspect
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from ..opened import Opened


class Step(NamedTuple):
    """One of them."""

    function: Callable[..., Any]
    renews: bool
    """What is prepared for rendering must be given back before, and prepared anew behind it."""
    timeless: bool
    """The scene's current frame does not matter to it."""


_Function = TypeVar("_Function", bound=Callable[..., Any])

_steps: dict[str, Step] = {}


def step(
    *names: str, renews: bool = False, timeless: bool = False
) -> Callable[[_Function], _Function]:
    """Makes a function a step, by its own name and others; its first parameter is what is open."""

    def made(function: _Function) -> _Function:
        for name in (function.__name__, *names):
            _steps[name] = Step(function, renews, timeless)
        return function

    return made


def known(name: str) -> Step:
    """The step of this name.

    Raises:
        KeyError: there is none.
    """
    if name not in _steps:
        raise KeyError(f"there is no step {name!r}; there are: {', '.join(sorted(_steps))}")
    return _steps[name]


def apply(opened: Opened, name: str, arguments: dict[str, Any]) -> Any:
    """Calls a step; what it returns.

    Raises:
        KeyError: there is none of this name.
        TypeError: it does not take these arguments.
    """
    function = known(name).function
    signature = inspect.signature(function)
    try:
        bound = signature.bind(opened, **arguments)
    except TypeError as error:
        own = signature.replace(parameters=list(signature.parameters.values())[1:])
        own = own.replace(return_annotation=inspect.Signature.empty)
        raise TypeError(f"{name}: {error}; it takes {own}") from None
    return function(*bound.args, **bound.kwargs)
