"""Hosts on one machine: network namespaces.

A namespace lives as long as the process that holds it, and that process ends with this one, however
this one ends: nothing stays on the machine. Root is not needed where users may make namespaces.
"""

import shlex
import subprocess
from collections.abc import Sequence
from typing import Any

REMEDY = (
    "network namespaces cannot be made here: run as root or allow user namespaces, and install "
    "iproute2 and util-linux; BLENDTORCH_TEST_HOSTS=no leaves out the tests that need them"
)


# The table of names is in memory that nobody else sees, and goes with the namespace.
NAMED = (
    'hostname "$0"; mount -t tmpfs names /mnt; echo "$1" >/mnt/hosts; '
    "mount --bind /mnt/hosts /etc/hosts; umount -l /mnt; "
)


def _table(names: dict[str, str]) -> list[str]:
    """What `NAMED` is told: the name of the host, and the lines of its /etc/hosts."""
    lines = ["127.0.0.1 localhost", *(f"{address} {name}" for name, address in names.items())]
    return [*list(names)[:1], "\n".join(lines)]


class Host:
    """One namespace: a machine with a loopback interface of its own.

    With `names`, addresses by host name, it is called as the first of them, and all of them are
    found by their names there, as hosts of a site are.
    """

    def __init__(
        self, within: Sequence[str], unshare: Sequence[str], names: dict[str, str] | None = None
    ) -> None:
        spaces = ["--net", "--uts", "--mount"] if names else ["--net"]
        begin = NAMED if names else ""
        hold = ["setpriv", "--pdeathsig", "KILL"]
        hold += ["sh", "-ec", f"{begin}echo held; exec sleep infinity", *_table(names or {})]
        self.process = subprocess.Popen(
            [*within, "unshare", *unshare, *spaces, *hold],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout
        if self.process.stdout.readline() != "held\n":
            raise RuntimeError(REMEDY)
        user = ["--user", "--preserve-credentials"] if "--user" in unshare or within else []
        self.enter = ["nsenter", "--target", str(self.process.pid), *user, *spaces]
        if names:
            # Into other mounts one comes at their root.
            stays = [*self.enter, "sh", "-c", 'cd "$0"; exec "$@"']
            self.enter = ["sh", "-c", f'exec {shlex.join(stays)} "$PWD" "$@"', "sh"]
        self.ip("link", "set", "lo", "up")

    def command(self, *words: Any) -> list[str]:
        """The command line that runs a program on this host."""
        return [*self.enter, *map(str, words)]

    def ip(self, *words: str) -> None:
        """Runs `ip` there."""
        subprocess.run(self.command("ip", *words), check=True, stdin=subprocess.DEVNULL)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
