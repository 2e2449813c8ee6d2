"""Two hosts on one machine: network namespaces with a cable between them."""

import json
import os
from pathlib import Path

import pytest

from support import CUBE, ROOT
from support.namespaces import Host
from support.programs import Launch, program

# Without this word a machine that cannot make namespaces fails: it is to be known that these tests
# did not run.
needs_hosts = pytest.mark.skipif(
    os.environ.get("BLENDTORCH_TEST_HOSTS") == "no", reason="BLENDTORCH_TEST_HOSTS=no"
)


class Hosts:
    """`renderer` at 10.77.0.1 and `trainer` at 10.77.0.2, each other's default route."""

    RENDERER = "10.77.0.1"
    TRAINER = "10.77.0.2"

    def __init__(self) -> None:
        root = os.geteuid() == 0
        self.renderer = Host([], [] if root else ["--user", "--map-root-user"])
        enter = ["nsenter", "--target", str(self.renderer.process.pid), "--user"]
        self.trainer = Host([] if root else [*enter, "--preserve-credentials"], [])
        peer = ["peer", "name", "cable", "netns", str(self.trainer.process.pid)]
        self.renderer.ip("link", "add", "cable", "type", "veth", *peer)
        for host, own, other in (
            (self.renderer, self.RENDERER, self.TRAINER),
            (self.trainer, self.TRAINER, self.RENDERER),
        ):
            host.ip("address", "add", f"{own}/24", "dev", "cable")
            host.ip("link", "set", "cable", "up")
            host.ip("route", "add", "default", "via", other)

    def cut(self) -> None:
        """Pulls the cable out."""
        self.trainer.ip("link", "set", "cable", "down")

    def join(self) -> None:
        """Puts it back."""
        self.trainer.ip("link", "set", "cable", "up")

    def __enter__(self) -> "Hosts":
        return self

    def __exit__(self, *_: object) -> None:
        self.trainer.close()
        self.renderer.close()


# Ports of a host of our own: nobody else is there.
PORT = 11400
ADDRESSES = [f"tcp://{Hosts.RENDERER}:{PORT + i}" for i in range(2)]


class Renderer(Launch):
    """`blendtorch-launch` of two cubes on the first host, as `examples/remote` describes it."""

    def __init__(self, hosts: Hosts, folder: Path, name: str = "renderer") -> None:
        described = json.loads((ROOT / "examples" / "remote" / "launch.json").read_text())
        small = ["--width", "160", "--height", "120"]
        described.update(script=str(CUBE), instance_args=[small, small], start_port=PORT)
        del described["$schema"]
        (folder / "launch.json").write_text(json.dumps(described))
        words = hosts.renderer.command(program("blendtorch-launch"))
        super().__init__(folder / "launch.json", folder / f"{name}.txt", words)
