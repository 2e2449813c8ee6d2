"""Arguments that had another name in the original, and are taken by either."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


def also_called(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Lets arguments be given by the names that they have in the original: `old="new"`."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def renamed(*args: P.args, **kwargs: P.kwargs) -> R:
            given: dict[str, Any] = kwargs
            for old, new in names.items():
                if old in given:
                    if new in given:
                        raise TypeError(
                            f"{function.__qualname__}() got both {new!r} and {old!r}, "
                            "its name in the original"
                        )
                    given[new] = given.pop(old)
            return function(*args, **kwargs)

        renamed.__also_called__ = names  # type: ignore[attr-defined]
        return renamed

    return decorate
