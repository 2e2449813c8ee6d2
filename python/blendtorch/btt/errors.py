"""What is raised where instances have failed."""

from .._blendtorch import LaunchError, tells_of


class InstanceFailedError(LaunchError):
    """Instances have failed, by themselves: a script that raised, a crash, a kill.

    An iteration raises it when no publisher is left and one of them has failed, after all that came
    was yielded; `BlenderLauncher` raises it when its block is left and nobody was told before. The
    text names instances and addresses and has the last lines that they printed.
    """

    __module__ = "blendtorch.btt"

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        # Also where torch makes it anew of what a worker raised: the launcher need not repeat it.
        tells_of(str(args[0]) if args else "")
