"""The console scripts: the launcher's two programs, as the Rust workspace builds them."""

import sys

from ._blendtorch import run_program


def blendtorch() -> int:
    """`blendtorch`: set-up and launch."""
    return run_program(sys.argv, False)


def blendtorch_launch() -> int:
    """`blendtorch-launch launch.json`."""
    return run_program(sys.argv, True)
