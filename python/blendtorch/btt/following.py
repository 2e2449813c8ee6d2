"""Launch infos that are followed: of fleets whose instances come, go, and come back elsewhere.

Owns which file that is. Who iterates reads it; nothing here connects.
"""

import json
from dataclasses import dataclass
from os import PathLike, fspath
from os.path import abspath


@dataclass(frozen=True, init=False)
class Following:
    """The addresses in a launch info, now and as it changes.

        dataset = btt.RemoteIterableDataset(btt.Following("launch_info.json"))

    A launcher writes the file when its first instance is up, and replaces it as more come, go, or
    come back elsewhere. Each iteration, and each worker of torch's DataLoader, looks at it twice a
    second: it connects to addresses that are new, and leaves those that are gone, once what they
    have sent and is here was yielded. Until the file lists somebody, silence is as for any dataset:
    a TimeoutError, which names the file. The iteration ends when all that are listed have ended,
    unless there are fewer addresses than `commands`: then more are to come, and are waited for. A
    file that cannot be read later on is told of once, on stderr.
    """

    file: str
    """Its absolute path."""
    socket: str
    """The name of the instances' socket."""

    def __init__(self, file: str | PathLike[str], socket: str = "DATA") -> None:
        """Stores where it is; it need not be there yet.

        Args:
            file: what `--out-launch-info` or `LaunchInfo.save_json` writes.
            socket: which of the `named_sockets` to follow.
        """
        object.__setattr__(self, "file", abspath(fspath(file)))
        object.__setattr__(self, "socket", socket)

    def addresses(self) -> list[str]:
        """Those that it lists now; none where it cannot be read."""
        try:
            with open(self.file, encoding="utf-8") as opened:
                return [str(address) for address in json.load(opened)["addresses"][self.socket]]
        except (OSError, ValueError, TypeError, KeyError):
            return []
