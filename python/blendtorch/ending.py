"""How this process comes to its end, as far as it can be known: publishers say it last of all.

Python tells an exit hook nothing about why it is called. What is known is put together here: what
whoever runs the script has noted, the error that the interpreter has printed, and the code that
`sys.exit` was called with.
"""

import sys
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, NoReturn

# As much as the end message takes.
_REASON_CHARS = 2048

End = tuple[str, str | None]
"""The word of the end message, and the reason where there is one."""

FINISHED: End = ("finished", None)

_noted: End | None = None
# Who is told of an error that leaves a script.
_hear: Callable[[str], None] = lambda _: None  # noqa: E731 - it is replaced
# The code that `sys.exit` was called with, and how much had been published then.
_exit: tuple[Any, int] = (None, 0)


def note(error: BaseException) -> None:
    """Says that the process ends because of this error."""
    global _noted
    _noted = of(error)
    _tell(error)


def listen(hear: Callable[[str], None]) -> None:
    """From now on `hear` is told the last lines of an error that leaves a script, as soon as it is
    known: noted here, or printed by the interpreter."""
    global _hear
    _hear = hear
    before = sys.excepthook

    def excepthook(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if _ended_script(error):
            _tell(error)
        before(kind, error, trace)

    sys.excepthook = excepthook


def _tell(error: BaseException) -> None:
    how, reason = of(error)
    if how == "failed" and not isinstance(error, SystemExit):
        _hear(reason or "")


def of(error: BaseException | None) -> End:
    """How something ends that such an error leaves."""
    if error is None or isinstance(error, GeneratorExit | StopIteration | StopAsyncIteration):
        return FINISHED
    if isinstance(error, KeyboardInterrupt):
        return ("interrupted", None)
    if isinstance(error, SystemExit):
        return _of_code(error.code)
    return ("failed", _last_lines(error))


def of_process() -> End:
    """How the process ends, asked for by an exit hook."""
    if _noted is not None:
        return _noted
    # The child of multiprocessing is ended while its error is on the way.
    if (error := sys.exception()) is not None:
        return of(error)
    error = getattr(sys, "last_exc", None) or getattr(sys, "last_value", None)
    # At a prompt it goes on after an error.
    if isinstance(error, BaseException) and not hasattr(sys, "ps1") and _ended_script(error):
        return of(error)
    code, published = _exit
    # Who calls `sys.exit` and is not let go may publish more.
    return _of_code(code) if published == _published() else FINISHED


# Those who say how much was published until now.
_counts: list[Callable[[], int]] = []


def _published() -> int:
    return sum(count() for count in _counts)


def code() -> int:
    """The code that `sys.exit` was called with last; 0 where it is none, or was not called."""
    given, _ = _exit
    return given if isinstance(given, int) else int(given is not None)


def watch(published: Callable[[], int]) -> None:
    """From now on the code that `sys.exit` is called with is known. How much was `published` tells
    who went on nevertheless."""
    if published not in _counts:
        _counts.append(published)
    original = sys.exit
    if getattr(original, "_of_blendtorch", False):
        return

    def noticed(status: Any = None, /) -> NoReturn:
        global _exit
        _exit = (status, _published())
        original(status)

    noticed.__doc__ = original.__doc__
    noticed._of_blendtorch = True  # type: ignore[attr-defined]
    sys.exit = noticed


def _of_code(code: Any) -> End:
    if code is None or (isinstance(code, int) and code == 0):
        return FINISHED
    return ("failed", f"exit code {code}" if isinstance(code, int) else _travels(str(code)))


def _last_lines(error: BaseException) -> str:
    try:
        text = "".join(traceback.format_exception(error))
    except Exception:  # An error whose own text raises.
        text = type(error).__name__
    return _travels(text[-_REASON_CHARS:])


def _travels(text: str) -> str:
    """Paths may hold what is no text; it is shown as Python shows it."""
    return text.encode("utf-8", "backslashreplace").decode()


def _ended_script(error: BaseException) -> bool:
    """Whether a script was left by this error. Blender prints those of its handlers, timers and
    drivers as well, and goes on."""
    trace: TracebackType | None = error.__traceback__
    if "bpy" not in sys.modules or trace is None:
        return True
    return trace.tb_frame.f_code.co_name in ("<module>", "_run_module_as_main")
