"""How the worker's verbs answer: `{"ok": value}`, or `{"error": {"type", "text", "lacks"}}`.

Owns which errors were raised to be read by the caller, and which are faults, that bring the end of
their traceback. It must never let an error pass: a head tells both apart by the answer alone.
"""

import dis
import functools
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

_EXPECTED = (
    FileNotFoundError,
    KeyError,
    NotImplementedError,
    RuntimeError,
    TypeError,
    ValueError,
)
# What of our own code raises for the caller.
_OURS = Path(__file__).parents[1]
# What reads files of networks. The core, which it calls, raises for the caller too.
_FILES = _OURS.parent / "circuit"
_OF_FILES = (KeyError, OSError, ValueError)
_RAISE = dis.opmap["RAISE_VARARGS"]
_TRACEBACK_CHARS = 2048


def answered(verb: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    """The verb, whose result or error is an answer."""

    @functools.wraps(verb)
    def answer(*args: Any, **kwargs: Any) -> dict[str, Any]:
        try:
            return {"ok": verb(*args, **kwargs)}
        except Exception as error:
            return {"error": told(error)}

    return answer


def told(error: Exception) -> dict[str, Any]:
    """The error as the answer says it."""
    expected = is_expected(error)
    return {
        "type": _kind(error) if expected else type(error).__name__,
        "text": text_of(error) if expected else _traced(error),
        # Said by `passes.Lacks` alone: an engine has no such pass.
        "lacks": type(error).__name__ == "Lacks",
    }


def is_expected(error: BaseException) -> bool:
    """Whether a line of ours, or the core that reads a network's files, raised it to be read."""
    if not isinstance(error, _EXPECTED):
        return False
    trace: TracebackType | None = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return False
    code = trace.tb_frame.f_code
    place = Path(code.co_filename)
    raised = code.co_code[trace.tb_lasti] == _RAISE
    if place.is_relative_to(_FILES):
        return raised or isinstance(error, _OF_FILES)
    return raised and place.is_relative_to(_OURS)


def text_of(error: BaseException) -> str:
    """What it says; a KeyError's own text is in quotes, and lists of errors say that they are."""
    if isinstance(error, KeyError) and len(error.args) == 1:
        return str(error.args[0])
    return str(error).removeprefix("error: ") or type(error).__name__


def _kind(error: Exception) -> str:
    """The name by which a caller elsewhere can raise it."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")


def _traced(error: Exception) -> str:
    trace = error.__traceback__
    lines = traceback.format_exception(type(error), error, trace.tb_next if trace else None)
    text = "".join(lines)[-_TRACEBACK_CHARS:]
    return text.encode("utf-8", "backslashreplace").decode().rstrip()
