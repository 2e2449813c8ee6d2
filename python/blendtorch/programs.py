"""The console scripts: the launcher's two programs, as the Rust workspace builds them."""

import signal
import sys

from ._blendtorch import run_program


def blendtorch() -> int:
    """`blendtorch`: set-up, launch, doctor and more."""
    return _run(launch=False)


def blendtorch_launch() -> int:
    """`blendtorch-launch launch.json`."""
    return _run(launch=True)


def _run(launch: bool) -> int:
    # The programs handle Ctrl-C themselves; Python's handler would raise once they have ended. One
    # that the program was started with, such as nohup's, stays.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run_program(sys.argv, launch)
