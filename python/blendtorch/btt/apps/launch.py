"""`blendtorch-launch` as a module: `python -m blendtorch.btt.apps.launch launch.json`."""

import sys
from collections.abc import Sequence

from ... import programs
from ..._blendtorch import run_program
from ...renamed import also_called


@also_called(inargs="argv")
def main(argv: Sequence[str] | None = None) -> int:
    """Launches what a file describes and waits for its end, as `blendtorch-launch` does.

    Ctrl-C ends the instances, and then raises KeyboardInterrupt as it does anywhere in Python.

    Args:
        argv: the program's arguments, such as `["--out-launch-info", "info.json", "launch.json"]`;
            by default those of the command line.

    Returns:
        The exit code: 0 if every instance ended well.
    """
    arguments = sys.argv[1:] if argv is None else argv
    return run_program(["blendtorch-launch", *map(str, arguments)], True)


if __name__ == "__main__":
    sys.exit(programs.blendtorch_launch())
