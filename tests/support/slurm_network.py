"""Where the nodes of a test's Slurm are: all on this host, or each in namespaces of its own.

Owns addresses, ports and namespaces. Starts no Slurm.
"""

import contextlib
import socket
from collections.abc import Sequence
from typing import Any

from support.namespaces import Host

HEAD = "head"


class Here:
    """All on this host, on its loopback, with ports that are free."""

    def __init__(self, nodes: Sequence[str]) -> None:
        names = [HEAD, *nodes]
        self.addresses = dict.fromkeys(names, "127.0.0.1")
        self.names = dict.fromkeys(names, socket.gethostname().split(".")[0])
        with contextlib.ExitStack() as kept:
            taken = [kept.enter_context(socket.socket()) for _ in names]
            for one in taken:
                one.bind(("127.0.0.1", 0))
            free = [one.getsockname()[1] for one in taken]
        self.ports: dict[str, int] = dict(zip(names, free, strict=True))

    def command(self, _where: str, *words: Any) -> list[str]:
        """The command line that runs a program there."""
        return [str(word) for word in words]

    def close(self) -> None:
        """Nothing is held."""


class Apart:
    """Each a host of its own at 10.78.0.x, and a switch that they are all plugged into.

    For root alone: Slurm's daemons do not start in a user's own namespace.
    """

    SLURMCTLD = 6817
    SLURMD = 6818

    def __init__(self, nodes: Sequence[str]) -> None:
        names = [HEAD, *nodes]
        self.addresses = {name: f"10.78.0.{i + 1}" for i, name in enumerate(names)}
        # Nobody else is in these namespaces, so ports need not be looked for.
        self.ports = {name: self.SLURMCTLD if name == HEAD else self.SLURMD for name in names}
        self.names = {name: name for name in names}
        self.hosts: dict[str, Host] = {}
        self.switch = Host([], [])
        try:
            self._plug(names)
        except BaseException:
            self.close()
            raise

    def _plug(self, names: Sequence[str]) -> None:
        self.switch.ip("link", "add", "switch", "type", "bridge")
        self.switch.ip("link", "set", "switch", "up")
        for name in names:
            its_name = {name: self.addresses[name]}
            host = self.hosts[name] = Host([], [], its_name | self.addresses)
            peer = ["peer", "name", "cable", "netns", str(host.process.pid)]
            self.switch.ip("link", "add", name, "type", "veth", *peer)
            self.switch.ip("link", "set", name, "master", "switch", "up")
            host.ip("address", "add", f"{self.addresses[name]}/24", "dev", "cable")
            host.ip("link", "set", "cable", "up")
            # As a host in a network has one: programs ask which way out leads.
            host.ip("route", "add", "default", "dev", "cable")

    def command(self, where: str, *words: Any) -> list[str]:
        """The command line that runs a program there."""
        return self.hosts[where].command(*words)

    def cut(self, where: str) -> None:
        """Pulls its cable out of the switch."""
        self.switch.ip("link", "set", where, "down")

    def join(self, where: str) -> None:
        """Puts it back."""
        self.switch.ip("link", "set", where, "up")

    def close(self) -> None:
        """Hosts and switch are gone."""
        for host in [*self.hosts.values(), self.switch]:
            host.close()
