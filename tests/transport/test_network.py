"""A stream between two hosts whose cable is pulled out: real Blender, and namespaces for hosts."""

import re
import signal
from pathlib import Path

from support.hosts import ADDRESSES, Hosts, Renderer, needs_hosts
from support.processes import eventually
from support.programs import Run, program

pytestmark = needs_hosts


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
