"""Runs a scene script with the `bpy` module as the `blender` program would run it.

    python -m blendtorch.bpy_main [scene.blend] [--background] [--python FILE] … [-- ARGS…]

It owns the command line and the way the process ends, and nothing else: what a script may do is
Blender's own business. Differences from `blender`: there is never a window, a script that fails
ends the process with code 1 unless `--python-exit-code` says otherwise, and nothing that follows
it is run.
"""

import atexit
import contextlib
import os
import signal
import sys
import traceback
from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

from blendtorch.ending import note

USAGE = """\
usage: python -m blendtorch.bpy_main [options] [scene.blend] [--python FILE] [-- ARGS...]

Runs scripts with the bpy module as `blender --background` would. Without a scene file they start
with Blender's factory scene. Scene and scripts are taken in the order given.

  -b, --background           accepted: the bpy module never has a window
  -P, --python FILE          run a Python script as __main__
      --python-expr CODE     run Python code
      --python-exit-code N   exit with this code when a script raises (1 to 255; default 1)
      --python-use-system-env, --factory-startup, -noaudio
                             accepted: always so with the bpy module
  -y, --enable-autoexec      let scene files run the scripts inside them
  -Y, --disable-autoexec     do not (default)
  -t, --threads N            threads for rendering; 0 for as many as there are cores
  -v, --version              print Blender's version
  -h, --help                 print this
  --                         everything after it is for the script, in sys.argv
"""

USAGE_ERROR = 2


def main(argv: list[str]) -> None:
    """Does what the command line says; `argv` is without the program's name."""
    # As in Blender, a signal ends the process at once, also while it renders or waits in C.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.SIG_DFL)
    steps, exit_code = _parse(argv)

    # Exit hooks run in reverse order: this one before bpy's own and before those of modules
    # imported until now, but after all that the script registers.
    import bpy  # noqa: F401

    atexit.register(_forget_multiprocessing)
    atexit.register(_forget_handlers, _handlers())
    atexit.register(_forget_timers, _timers())
    for step in steps:
        try:
            step()
        except SystemExit as error:
            note(error)
            raise  # The script said how to end.
        except KeyboardInterrupt as error:
            note(error)
            # Only if the script took SIGINT back to Python's handler.
            traceback.print_exc()
            sys.exit(128 + signal.SIGINT)
        except BaseException as error:
            note(error)
            _print_error(error)
            sys.exit(exit_code)


def _parse(argv: list[str]) -> tuple[list[Callable[[], None]], int]:
    """What to do, in order, and the exit code of a failing script."""
    steps: list[Callable[[], None]] = []
    exit_code, autoexec = 1, False
    arguments = iter(argv)

    def value(option: str) -> str:
        found = next(arguments, None)
        if found is None or found == "--":
            _fail(f"{option} needs a value")
        return found

    def number(option: str, low: int, high: int) -> int:
        text = value(option)
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            _fail(f"{option} needs a whole number from {low} to {high}, not {text!r}")
        return int(text)

    def runs_scripts() -> bool:
        return autoexec  # as the whole command line has it

    for argument in arguments:
        match argument:
            case "--":
                break
            case "-h" | "--help":
                print(USAGE, end="")
                sys.exit(0)
            case "-v" | "--version":
                steps.append(_print_version)
            case "-P" | "--python":
                steps.append(_script(value(argument)))
            case "--python-expr":
                steps.append(_expression(value(argument)))
            case "--python-exit-code":
                exit_code = number(argument, 0, 255) or 1
            case "-y" | "--enable-autoexec":
                autoexec = True
            case "-Y" | "--disable-autoexec":
                autoexec = False
            case "-t" | "--threads":
                steps.append(_threads(number(argument, 0, 1024)))
            case "-b" | "--background" | "--python-use-system-env" | "--factory-startup":
                pass
            case "-noaudio":
                pass
            case _ if argument.startswith("-"):
                _fail(f"unknown option {argument!r}; a script's own arguments follow `--`")
            case _:
                # As in Blender, it does not matter where the options about it stand.
                steps.append(_scene(argument, runs_scripts))
    return steps, exit_code


def _scene(path: str, autoexec: Callable[[], bool]) -> Callable[[], None]:
    if not os.path.isfile(path):
        _fail(f"no such scene file: {path}")

    def step() -> None:
        import bpy

        bpy.context.preferences.filepaths.use_scripts_auto_execute = autoexec()
        try:
            bpy.ops.wm.open_mainfile(filepath=os.path.abspath(path), use_scripts=autoexec())
        except RuntimeError as error:
            _fail(f"Blender {bpy.app.version_string} cannot open {path}: {error}", code=1)

    return step


def _script(path: str) -> Callable[[], None]:
    if not os.path.isfile(path):
        _fail(f"no such script: {path}")

    def step() -> None:
        with open(path, "rb") as file:
            source = file.read()
        _run(source, path)

    return step


def _expression(code: str) -> Callable[[], None]:
    return lambda: _run(code.encode(), "<python-expr>")


def _run(source: bytes, filename: str) -> None:
    """Runs code as `__main__`, in a module that stays: callbacks outlive the script."""
    module = ModuleType("__main__")
    module.__dict__.update(__file__=filename, __builtins__=__builtins__)
    sys.modules["__main__"] = module
    exec(compile(source, filename, "exec"), module.__dict__)


def _threads(count: int) -> Callable[[], None]:
    def step() -> None:
        import bpy

        render: Any = bpy.context.scene.render
        render.threads_mode = "FIXED" if count else "AUTO"
        if count:
            render.threads = count

    return step


def _print_version() -> None:
    import bpy

    print(f"Blender {bpy.app.version_string} (bpy module)")


def _print_error(error: BaseException) -> None:
    """Prints the traceback from the script's own first line on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == __file__:
        trace = trace.tb_next
    traceback.print_exception(type(error), error, trace)


def _forget_multiprocessing() -> None:
    """`import multiprocessing` keeps the script's module under a second name, and the process can
    crash when Blender is torn down before it."""
    sys.modules.pop("__mp_main__", None)


def _handlers() -> list[tuple[list[Any], list[Any]]]:
    """Blender's lists of handlers, each with a copy of what is in it."""
    import bpy

    lists = (getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers))
    return [(handlers, list(handlers)) for handlers in lists if isinstance(handlers, list)]


def _forget_handlers(before: list[tuple[list[Any], list[Any]]]) -> None:
    """Blender is torn down when nothing refers to `bpy` any more; a handler that the script left
    does, and the process would hang at its end, printing without end."""
    for handlers, kept in before:
        handlers[:] = kept


def _timers() -> list[Callable[[], float | None]]:
    """A list to which each timer is added from now on: Blender cannot be asked for them."""
    from bpy.app import timers

    register, added = timers.register, []

    def adding(function: Callable[[], float | None], *args: Any, **kwargs: Any) -> None:
        register(function, *args, **kwargs)
        added.append(function)

    timers.register = adding
    return added


def _forget_timers(added: list[Callable[[], float | None]]) -> None:
    """A timer that the script left refers to `bpy` too."""
    from bpy.app import timers

    for function in added:
        if timers.is_registered(function):
            timers.unregister(function)
    added.clear()


def _fail(message: str, code: int = USAGE_ERROR) -> NoReturn:
    """Ends with a message and no traceback: what is wrong is the command line."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    print(f"blendtorch.bpy_main: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
