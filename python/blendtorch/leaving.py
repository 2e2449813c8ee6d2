"""The end of a process, as Python ends one, but for the last step.

Python ends by taking every module apart. With Blender among them that is when Blender ends too, at
a moment that depends on what still refers to it; some ordinary scenes make it wait for ever or
fail there. So what a script and its libraries are promised is done here, and then the process ends
at once. Owns the order of that and the exit code. It knows no Blender.
"""

import atexit
import contextlib
import gc
import io
import os
import sys
import threading
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import NoReturn

_leaving = False


def leave(
    code: int,
    scripts: Sequence[ModuleType] = (),
    clean_up: Callable[[], None] = lambda: None,
) -> NoReturn:
    """Ends the process with this code. Must be called by the main thread.

    Waits for threads that are no daemons, runs what was registered with `atexit`, frees what the
    modules `scripts` hold, so that files and archives left open are written, flushes, and calls
    `clean_up`.
    """
    global _leaving
    _leaving = True
    with contextlib.suppress(BaseException):
        threading._shutdown()  # type: ignore[attr-defined]
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    _finish(code, scripts, clean_up)


def however(
    code: Callable[[], int], scripts: Sequence[ModuleType], clean_up: Callable[[], None]
) -> None:
    """Called before anything registers an exit hook: the process ends as `leave` has it also where
    Python ends by itself.

    It does where a handler of Blender's raises SystemExit, and then takes Blender apart while that
    calls the handler, without coming to an end.
    """

    def finish() -> None:
        if not _leaving:
            _finish(code(), scripts, clean_up)

    atexit.register(finish)


def _finish(code: int, scripts: Sequence[ModuleType], clean_up: Callable[[], None]) -> NoReturn:
    """What follows the exit hooks."""
    # Daemon threads run on for a moment, and miss what is freed now.
    threading.excepthook = lambda *_: None
    for module in scripts:
        with contextlib.suppress(BaseException):
            _free(module)
    with contextlib.suppress(BaseException):
        gc.collect()
        _flush_files()
    with contextlib.suppress(BaseException):
        clean_up()
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not stream.closed:
                stream.flush()
        except (OSError, ValueError):
            # What was printed is lost, and this is how Python says so.
            code = code or 120
    os._exit(code & 0xFF)


def code_of(error: SystemExit) -> int:
    """The exit code that Python gives for this; prints what was given in place of a number."""
    match error.code:
        case None:
            return 0
        case int(code):
            return code
        case message:
            with contextlib.suppress(OSError):
                print(message, file=sys.stderr)
            return 1


def _free(module: ModuleType) -> None:
    """Lets all go that the module holds, its private names first, as Python does."""
    names = module.__dict__
    for private in (True, False):
        for name in list(names):
            if name != "__builtins__" and (name.startswith("_") and name[1:2] != "_") == private:
                names[name] = None


def _flush_files() -> None:
    for thing in gc.get_objects():
        # Both know no more than what they hold back; raw files hold back nothing.
        if isinstance(thing, io.TextIOWrapper | io.BufferedWriter | io.BufferedRandom):
            with contextlib.suppress(Exception):
                thing.flush()
