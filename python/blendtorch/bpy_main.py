"""Runs a scene script with the `bpy` module as the `blender` program would run it.

    python -m blendtorch.bpy_main [scene.blend] [--background] [--python FILE] … [-- ARGS…]

It owns the command line and the way the process ends, and nothing else: what a script may do is
Blender's own business. Differences from `blender`: there is never a window, a script that fails
ends the process with code 1 unless `--python-exit-code` says otherwise, and nothing that follows
it is run; a script's own folder comes first in `sys.path`, as Python has it.
"""

import contextlib
import os
import shutil
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NoReturn

from . import drawing_threads, ending, leaving, session, shader_cache

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
  -y, --enable-autoexec      let scenes run the scripts inside them and evaluate drivers that are
                             Python expressions: the factory scene and all that are opened later
  -Y, --disable-autoexec     do not (default)
  -t, --threads N            threads for rendering; 0 for as many as there are cores
  -v, --version              print Blender's version
  -h, --help                 print this
  --                         everything after it is for the script, in sys.argv
"""

USAGE_ERROR = 2


def main(argv: list[str]) -> NoReturn:
    """Does what the command line says (`argv`, without the program), and ends the process."""
    leaving.however(ending.code, _scripts, _remove_session_folder)
    ending.watch(lambda: 0)
    try:
        code = _run_steps(argv)
    except SystemExit as error:  # The script, or a wrong command line, said how to end.
        code = leaving.code_of(error)
    leaving.leave(code, _scripts, _remove_session_folder)


def _run_steps(argv: list[str]) -> int:
    """The exit code."""
    # As in Blender, a signal ends the process at once, also while it renders or waits in C.
    for ending_signal in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending_signal, signal.SIG_DFL)
    drawing_threads.avoid()
    shader_cache.keep()
    options = _parse(argv)

    import bpy  # noqa: F401

    if options.autoexec:
        _enable_autoexec()
    if "-btseed" in argv or "BLENDTORCH_CONTROL" in os.environ:
        # Before its script, also where that never imports it: generators are seeded, and the
        # launcher is told who this is.
        from . import btb  # noqa: F401
    for step in options.steps:
        try:
            step()
        except SystemExit as error:
            ending.note(error)
            raise
        except KeyboardInterrupt as error:
            ending.note(error)
            # Only if the script took SIGINT back to Python's handler.
            traceback.print_exc()
            return 128 + signal.SIGINT
        except BaseException as error:
            ending.note(error)
            _print_error(error)
            return options.exit_code
    return 0


@dataclass
class _Options:
    """What the command line says."""

    steps: list[Callable[[], None]] = field(default_factory=list)
    """What to do, in order."""
    exit_code: int = 1
    """Of a failing script."""
    autoexec: bool = False


def _parse(argv: list[str]) -> _Options:
    options = _Options()
    steps = options.steps
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
                options.exit_code = number(argument, 0, 255) or 1
            case "-y" | "--enable-autoexec":
                options.autoexec = True
            case "-Y" | "--disable-autoexec":
                options.autoexec = False
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
                steps.append(_scene(argument, options))
    return options


def _scene(path: str, options: _Options) -> Callable[[], None]:
    if not os.path.isfile(path):
        _fail(f"no such scene file: {path}")

    def step() -> None:
        import bpy

        bpy.context.preferences.filepaths.use_scripts_auto_execute = options.autoexec
        try:
            bpy.ops.wm.open_mainfile(filepath=os.path.abspath(path), use_scripts=options.autoexec)
        except RuntimeError as error:
            _fail(f"Blender {bpy.app.version_string} cannot open {path}: {error}", code=1)

    return step


def _enable_autoexec() -> None:
    """Lets scenes run Python from now on, whichever is opened, as the option of a `blender` program
    does: there the preferences, which come anew with the factory settings, do not count."""
    import bpy

    def enable(*_: object) -> None:
        bpy.context.preferences.filepaths.use_scripts_auto_execute = True

    enable()
    handlers = bpy.app.handlers
    handlers.load_factory_preferences_post.append(handlers.persistent(enable))


def _script(path: str) -> Callable[[], None]:
    if not os.path.isfile(path):
        _fail(f"no such script: {path}")

    def step() -> None:
        with open(path, "rb") as file:
            source = file.read()
        # Wherever links lead, as Python has it. Those of earlier scripts stay: their callbacks may
        # import more.
        sys.path.insert(0, os.path.dirname(os.path.realpath(path)))
        _run(source, os.path.abspath(path))

    return step


def _expression(code: str) -> Callable[[], None]:
    return lambda: _run(code.encode(), "<python-expr>")


# What was run: callbacks outlive a script.
_scripts: list[ModuleType] = []


def _run(source: bytes, filename: str) -> None:
    """Runs code as `__main__`."""
    module = ModuleType("__main__")
    module.__dict__.update(__file__=filename, __builtins__=__builtins__)
    sys.modules["__main__"] = module
    _scripts.append(module)
    exec(compile(source, filename, "exec"), module.__dict__)


def _threads(count: int) -> Callable[[], None]:
    def step() -> None:
        import bpy

        def set_them(*_: object) -> None:
            for scene in bpy.data.scenes:
                render: Any = scene.render
                render.threads_mode = "FIXED" if count else "AUTO"
                if count:
                    render.threads = count

        set_them()
        # As in Blender, for whatever is opened later too.
        bpy.app.handlers.load_post.append(bpy.app.handlers.persistent(set_them))

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


def _remove_session_folder() -> None:
    """Removes the folder that Blender made for this session, which it would remove at its end."""
    if own := session.folder():
        shutil.rmtree(own, ignore_errors=True)


def _fail(message: str, code: int = USAGE_ERROR) -> NoReturn:
    """Ends with a message and no traceback: what is wrong is the command line."""
    with contextlib.suppress(OSError):
        sys.stdout.flush()
    print(f"blendtorch.bpy_main: {message}", file=sys.stderr)
    sys.exit(code)


if __name__ == "__main__":
    main(sys.argv[1:])
