"""Services: functions of a script that others call by name while it runs.

Owns their names, how one is called, and how its result or its error is answered. When calls are
served is the business of `asked.py`. Knows no Blender where there is none.
"""

import inspect
import traceback
from collections.abc import Callable
from typing import Any

from . import instance, plain

# As much of a traceback as an answer quotes.
_TRACEBACK_CHARS = 2048


class Services:
    """The services of this process."""

    def __init__(self) -> None:
        """None yet; `btb.services` are this process's."""
        self._all: dict[str, dict[str, Callable[..., Any]]] = {}

    def register(self, service: str, /, **functions: Callable[..., Any]) -> None:
        """Lets others call these functions, by the service's name and theirs.

            btb.services.register("scene", save=save, count=lambda: len(bpy.data.objects))

        They are called by the main thread: between two frames, after an item that was published
        where no frames are played, in `btb.serve()`, or within a frame while a consumer, an agent
        or a message is waited for. They may take as long as whoever calls waits. The arguments of a
        call are a JSON object, which becomes keyword arguments, or another value, which becomes the
        only argument; None is no argument. What a function returns is answered: None, bool, int,
        float, str, lists and dicts of those, numpy arrays and Blender's vectors. What it raises is
        answered too, with its traceback, and the script goes on.

        Registered again, a service has the functions that it was given last.

        Raises:
            TypeError: one is no function.
            ValueError: the service has no name, or there are no functions.
        """
        if not isinstance(service, str) or not service:
            raise ValueError(f"the name of a service must be a text, not {service!r}")
        if not functions:
            raise ValueError(f"service {service!r} needs functions: register(name, save=save)")
        for name, function in functions.items():
            if not callable(function):
                raise TypeError(f"service {service!r}: {name} is no function, but {function!r}")
        self._all[service] = functions
        instance.tell(services={name: list(known) for name, known in self._all.items()})

    def _serve(self, call: int, service: str, name: str, arguments: Any) -> None:
        """Calls one of them, and answers."""
        what = f"{service}.{name}"
        try:
            function = self._all[service][name]
        except KeyError:  # It was there when it was asked for.
            instance.refuse(call, "unknown", f"there is no {what} any more")
            return
        positional, named = _spread(arguments)
        try:
            if problem := _misfit(function, positional, named):
                instance.refuse(call, "value", f"{what}: {problem}")
                return
            result = function(*positional, **named)
            instance.answer(call, plain.text(result, f"the result of {what}"))
        except BaseException as error:
            instance.refuse(call, "failed", f"{what} raised an error:\n{_told(error)}")
            # Whoever leaves the script from within it means that.
            if not isinstance(error, Exception):
                raise


services = Services()
"""Those of this process."""


def _spread(arguments: Any) -> tuple[list[Any], dict[str, Any]]:
    """What a function is called with."""
    if isinstance(arguments, dict):
        return [], arguments
    return ([] if arguments is None else [arguments]), {}


def _misfit(
    function: Callable[..., Any], positional: list[Any], named: dict[str, Any]
) -> str | None:
    """Why it cannot be called so; None if it can."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # Some that are not written in Python do not say.
        return None
    try:
        signature.bind(*positional, **named)
    except TypeError as error:
        return f"{error}; it takes {signature}"
    return None


def _told(error: BaseException) -> str:
    """The end of the traceback, from the called function's first line on."""
    trace = error.__traceback__
    trace = trace.tb_next if trace is not None else None
    try:
        text = "".join(traceback.format_exception(type(error), error, trace))
    except Exception:  # An error whose own text raises.
        text = type(error).__name__
    return text[-_TRACEBACK_CHARS:].encode("utf-8", "backslashreplace").decode().rstrip()
