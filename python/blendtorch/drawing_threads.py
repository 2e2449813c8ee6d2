"""Mesa's software OpenGL draws in the thread that asks it to, not in threads of its own.

With such threads Mesa (22.3.6 was seen, later ones read the same) can end the process with SIGSEGV,
once in some hours of drawing on busy cores. Owns the variable that says so, for Blenders that no
launcher has started. It must come before the first picture: Mesa reads the variable when the
graphics context is made.
"""

import os
import warnings
from pathlib import Path

VARIABLE = "LP_NUM_THREADS"

# Mesa's own name for the threads it draws with.
_NAMED = "llvmpipe-"


def avoid() -> None:
    """Sets the variable unless the user has, and warns where it comes too late: a window has its
    context before any script runs."""
    if VARIABLE in os.environ:
        return
    os.environ[VARIABLE] = "0"
    if running():
        warnings.warn(
            "this Blender draws in software with threads of Mesa's, which can end it with SIGSEGV "
            f"once in some hours; start it with {VARIABLE}=0 in its environment, or with "
            "blendtorch-launch, which sets it",
            RuntimeWarning,
            stacklevel=2,
        )


def running() -> list[str]:
    """The names of the threads that Mesa draws with in this process."""
    names = []
    # Empty where there is no /proc. A thread may end meanwhile.
    for task in Path("/proc/self/task").glob("*/comm"):
        try:
            names.append(task.read_text().strip())
        except OSError:
            continue
    return sorted(name for name in names if name.startswith(_NAMED))
