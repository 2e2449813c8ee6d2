"""What is told of the pictures that renderers make: how long each took, and what draws them.

Owns that a renderer which another one uses is counted once. It must never change a picture.
"""

from collections.abc import Callable
from functools import wraps
from time import perf_counter
from typing import Any, Concatenate, ParamSpec, TypeVar

from . import drawn, instance

P = ParamSpec("P")
R = TypeVar("R")
Self = TypeVar("Self")

_within = False
_engine_is_told = False


def told(
    render: "Callable[Concatenate[Self, P], R]",
) -> "Callable[Concatenate[Self, P], R]":
    """A renderer's method that makes a picture."""

    @wraps(render)
    def telling(self: Self, /, *args: P.args, **kwargs: P.kwargs) -> R:
        global _within
        if _within:
            return render(self, *args, **kwargs)
        _within, start = True, perf_counter()
        try:
            picture = render(self, *args, **kwargs)
        finally:
            _within = False
            instance.took("render", perf_counter() - start)
        if not _engine_is_told:
            _tell_engine(self)
        return picture

    return telling


def _tell_engine(renderer: Any) -> None:
    """Once: what has made the first picture."""
    global _engine_is_told
    _engine_is_told = True
    if instance.has_line():
        instance.tell(engine=drawn.engine_of(renderer))
