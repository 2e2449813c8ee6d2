"""Rendering on one host and training on another: real Blender, and namespaces for hosts."""

import json
import re
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from btt_support import CUBE, ROOT, eventually
from hosts_support import Hosts, needs_hosts
from program_support import Run, program

pytestmark = needs_hosts

# Ports of a host of our own: nobody else is there.
PORT = 11400
ADDRESSES = [f"tcp://{Hosts.RENDERER}:{PORT + i}" for i in range(2)]


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with Hosts() as hosts:
        yield hosts


class Renderer(Run):
    """`blendtorch-launch` of two cubes on the first host, as `examples/remote` describes it."""

    def __init__(self, hosts: Hosts, folder: Path, name: str = "renderer") -> None:
        described = json.loads((ROOT / "examples" / "remote" / "launch.json").read_text())
        small = ["--width", "160", "--height", "120"]
        described.update(script=str(CUBE), instance_args=[small, small], start_port=PORT)
        del described["$schema"]
        (folder / "launch.json").write_text(json.dumps(described))
        self.info = folder / f"{name}.json"
        launch = [program("blendtorch-launch"), "--out-launch-info", self.info]
        super().__init__(
            hosts.renderer.command(*launch, folder / "launch.json"), folder / f"{name}.txt"
        )

    def started(self) -> btt.LaunchInfo:
        eventually("it has started", lambda: self.info.exists() or self.says(" started "))
        return btt.LaunchInfo.load_json(self.info)


def consumers() -> list[list[Any]]:
    return [
        [program("remote")],
        [sys.executable, ROOT / "examples" / "remote" / "remote.py"],
    ]


@pytest.mark.parametrize("consumer", consumers(), ids=["rust", "python"])
def test_a_stream_crosses_a_network(hosts: Hosts, tmp_path: Path, consumer: list[Any]) -> None:
    with Renderer(hosts, tmp_path) as renderer:
        assert renderer.started().addresses["DATA"] == ADDRESSES
        assert renderer.said().count("whoever reaches these ports can read the stream") == 1
        take = [*consumer, "--launch-info", renderer.info, "--items", 300]

        def comes_from_both() -> bool:
            """Who starts, or is connected, much later than the other comes too late for 300."""
            nonlocal said
            with Run(hosts.trainer.command(*take), tmp_path / "consumer") as run:
                said = run.ends_well()
            assert "300 items, 0 missing, 0 duplicated" in said, said
            each = re.findall(r"instance (\d): (\d+) items", said.splitlines()[-2])
            instances, counts = ([int(pair[i]) for pair in each] for i in (0, 1))
            return instances == [0, 1] and min(counts) >= 50

        said = ""
        assert any(comes_from_both() for _ in range(5)), said
    # No memory is shared with another host, and nobody on this one takes part.
    assert " 0.0 MB through shared memory" in said or "shared memory" not in said, said


def test_a_consumer_says_who_is_away_and_goes_on_when_they_come_back(
    hosts: Hosts, tmp_path: Path
) -> None:
    take = [program("remote"), *ADDRESSES, "--timeout", 1, "--give-up", 1000]
    with Run(hosts.trainer.command(*take), tmp_path / "consumer") as run:
        never = [f"{address} never connected" for address in ADDRESSES]
        eventually("both are missed", lambda: all(run.says(re.escape(text)) for text in never))

        with Renderer(hosts, tmp_path, "first") as renderer:
            both = r"instance 0: \d\d+ items, instance 1: \d\d+ items"
            eventually("both stream", lambda: run.says(both))

            hosts.cut()
            silent = [rf"{address} is connected since \S+ s and silent" for address in ADDRESSES]
            eventually("both are silent", lambda: all(run.says(text) for text in silent))
            hosts.join()
            before = len(run.said())
            eventually("they are back", lambda: "items, instance" in run.said()[before:])

            renderer.process.send_signal(signal.SIGKILL)
            gone = [rf"{address} is disconnected since" for address in ADDRESSES]
            eventually("both are gone", lambda: all(run.says(text) for text in gone))

        with Renderer(hosts, tmp_path, "second"):
            # A restarted instance is a new publisher, and the counters of the old ones stay.
            four = r"(instance \d: \d+ items(, )?){4}"
            eventually("the new ones stream", lambda: run.says(four))
            assert "missing" not in run.said()
