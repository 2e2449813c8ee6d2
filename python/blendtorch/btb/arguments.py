"""The command line that the launcher gives to a scene script."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field

from .. import _blendtorch
from . import instance


class Sockets(dict[str, str]):
    """Names and addresses of the sockets; a name that is not there is explained."""

    def __missing__(self, name: str) -> str:
        there = ", ".join(self) or "none"
        raise KeyError(
            f"no socket named {name!r} on the command line (there: {there}); "
            f"add {name!r} to the launcher's named_sockets, or pass `-btsockets {name}=tcp://…`"
        )


@dataclass
class BlendtorchArgs:
    """What the launcher told this instance."""

    btid: int | None = None
    """Which instance this is: 0, 1, … in the launcher's order."""
    btseed: int | None = None
    """The seed of this instance. It is the launcher's; where it has published before a restart, and
    played no episode, another one, made of that, so that scripts without episodes do not begin with
    the same numbers again."""
    btsockets: Sockets = field(default_factory=Sockets)
    """Name → address of each socket."""


def parse_blendtorch_args(argv: Sequence[str] | None = None) -> tuple[BlendtorchArgs, list[str]]:
    """Reads the launcher's arguments, which follow `--` in `argv` (by default, and where it is
    empty, `sys.argv`).

    Returns them and the remainder: all other arguments after the `--`, for a parser of your own.

    Raises:
        ValueError: there is no `--`, or an argument is malformed; the message says which.
    """
    args, remainder = of_the_run(argv)
    # Who has played episodes goes on with them, and with all that was drawn before they began; and
    # who had published nothing repeats nothing.
    anew = instance.published_before() and not any(instance.resume())
    if args.btseed is not None and anew:
        args.btseed = _blendtorch.life_seed(args.btseed, args.btid or 0, instance.life())
    return args, remainder


def of_the_run(argv: Sequence[str] | None = None) -> tuple[BlendtorchArgs, list[str]]:
    """The same with the launcher's own seed, in all lives of the instance: those of its episodes
    derive from it, also before the first of them has begun."""
    argv = argv or sys.argv
    btid, btseed, sockets, remainder = _blendtorch.parse_blendtorch_args(list(argv))
    return BlendtorchArgs(btid, btseed, Sockets(sockets)), remainder
