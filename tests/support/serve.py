"""Runs scripts one after another in this Blender, each as if it were fresh (`support.shared`).

Each line of the standard input asks for one, until one says `end`; an answer with its exit code
goes into the pipe whose number is the first own argument; the second is the process that asks. What
a script and Blender write goes into the files that are named.
"""

import ctypes
import gc
import json
import os
import random
import signal
import sys
import traceback
import warnings
from types import ModuleType

import bpy
import numpy as np

C = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def fresh():
    """Puts back what a script may have changed: what a Blender has that was just started."""
    bpy.ops.wm.read_factory_settings()
    bpy.app.driver_namespace.clear()
    bpy.app.driver_namespace.update(DRIVERS)
    os.environ.clear()
    os.environ.update(ENVIRONMENT)
    sys.path[:] = PATH
    sys.unraisablehook, sys.excepthook = sys.__unraisablehook__, sys.__excepthook__
    warnings.filters[:] = FILTERS
    # As every process has others.
    random.seed()
    np.random.seed()


def run(path):
    """The exit code of a Blender that runs this script."""
    module = ModuleType("__main__")
    module.__dict__.update(__file__=path, __builtins__=__builtins__)
    sys.modules["__main__"] = module
    sys.path.insert(0, os.path.dirname(path))
    try:
        with open(path, "rb") as file:
            exec(compile(file.read(), path, "exec"), module.__dict__)
    except SystemExit as error:
        if error.code is None or isinstance(error.code, int):
            return error.code or 0
        print(error.code, file=sys.stderr)
        return 1
    except BaseException as error:
        # From the script's own first line on.
        traceback.print_exception(type(error), error, error.__traceback__.tb_next)
        return 1
    finally:
        sys.modules["__main__"] = SELF
        # What it made ends with it, as with its process.
        module.__dict__.clear()
        gc.collect()
        sys.stdout.flush(), sys.stderr.flush()
        C.fflush(None)  # what Blender's own code has written
    return 0


def into(number, path):
    """Lets a descriptor lead into a file, or where another one leads."""
    descriptor = path if isinstance(path, int) else os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.dup2(descriptor, number)
    if descriptor is not path:
        os.close(descriptor)


# It ends with who started it, however that ends, also in the middle of a script.
C.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
answers, parent = map(int, sys.argv[sys.argv.index("--") + 1 :])
if os.getppid() != parent:
    sys.exit("whoever started this Blender is gone")

SELF = sys.modules["__main__"]
ENVIRONMENT, PATH, FILTERS = dict(os.environ), list(sys.path), list(warnings.filters)
DRIVERS, FOLDER = dict(bpy.app.driver_namespace), os.getcwd()
# No process that a script starts holds it open.
os.set_inheritable(answers, False)
own = [os.dup(number) for number in (1, 2)]

for number, line in enumerate(sys.stdin):
    if line == "end\n":
        break
    asked = json.loads(line)
    into(1, asked["stdout"]), into(2, asked["stderr"])
    if number:
        fresh()
    sys.argv[:] = asked["argv"]
    code = run(asked["script"])
    os.chdir(FOLDER)
    into(1, own[0]), into(2, own[1])
    os.write(answers, f"{code}\n".encode())
