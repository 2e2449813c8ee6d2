"""Fleets whose instances run on other hosts, each reached by a command: here processes of this
machine, which speak with their head over loopback."""

import json
import os
import random
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from support import HANG_S
from support.fleets import written
from support.processes import eventually, has_ended
from support.programs import Launch, installed

# Publishes without end: whose it is, in which life.
TELLS = """
import os
from blendtorch import btb
from blendtorch.btb import instance

args, _ = btb.parse_blendtorch_args()
assert "BLENDTORCH_HEAD_KEY" not in os.environ, "the key is not for scripts"
pub = btb.DataPublisher(args.btsockets["DATA"], args.btid)
life = instance.life()
number = 0
while True:
    pub.publish(number=number, life=life)
    number += 1
"""


def described(tmp_path: Path, **keys: Any) -> Path:
    """A launch.json of hosts that note their process."""
    program = installed("blendtorch")
    notes = f"echo $$ >'{tmp_path}/{{host}}.pid'; exec '{program}' host --stdin"
    where = {
        "names": [f"h{i}" for i in range(2)],
        "command": ["sh", "-c", notes],
        "head_address": "127.0.0.1",
    }
    description = {
        "script": str(written(tmp_path, TELLS)),
        "num_instances": 2,
        "named_sockets": ["DATA"],
        "start_port": random.randrange(20_000, 30_000),
        "background": True,
        "blender": "bpy",
        "seed": 3,
        "hosts": where,
    }
    path = tmp_path / "launch.json"
    path.write_text(json.dumps({**description, **keys}))
    return path


class Launched(Launch):
    """A running `blendtorch-launch` of such a description."""

    def __init__(self, tmp_path: Path, description: Path) -> None:
        self.folder = tmp_path
        super().__init__(description, tmp_path / "info.log", cwd=tmp_path)

    def status(self) -> list[dict[str, Any]]:
        command = [installed("blendtorch"), "status", "--json", self.info]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=HANG_S)
        said: dict[str, Any] = json.loads(done.stdout) if done.stdout else {"instances": []}
        found: list[dict[str, Any]] = said["instances"]
        return found

    def host(self, name: str) -> int:
        return int((self.folder / f"{name}.pid").read_text())

    def blenders(self) -> list[int]:
        return [one["pid"] for one in self.status() if one["pid"]]

    def addresses(self) -> list[str]:
        return list(btt.LaunchInfo.load_json(self.info).addresses["DATA"])


def until(items: Iterator[dict[str, Any]], so: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    for item in items:
        if so(item):
            return item
    raise AssertionError("it ended")


def test_hosts_come_and_go_and_what_they_ran_goes_on(tmp_path: Path) -> None:
    with Launched(tmp_path, described(tmp_path)) as fleet:
        following = btt.Following(fleet.info, "DATA")
        items = iter(btt.RemoteIterableDataset(following, max_items=10**9, timeoutms=60_000))
        for btid in (0, 1):
            until(items, lambda item, wanted=btid: item["btid"] == wanted)
        assert len(fleet.addresses()) == 2
        # Their hosts report once a second.
        eventually("all is told", lambda: all(one["memory"] for one in fleet.status()))
        first = fleet.status()
        assert [one["mode"] for one in first] == ["running"] * 2, first
        assert all(one["about"]["blender"] and one["host"] for one in first), first

        # A host that is killed: its Blender is gone with it, and comes back with the next one.
        lost = next(i for i in (0, 1) if _below(fleet.host("h0"), first[i]["pid"]))
        os.kill(fleet.host("h0"), signal.SIGKILL)
        eventually("its Blender has ended", lambda: has_ended(first[lost]["pid"]))
        until(items, lambda item: (item["btid"], item["life"]) == (lost, 2))
        assert fleet.says(rf"is gone: .*; instance {lost} comes back")

        # One that is asked to go: in order.
        os.kill(fleet.host("h1"), signal.SIGTERM)
        until(items, lambda item: (item["btid"], item["life"]) == (1 - lost, 2))
        assert fleet.says("is asked to go")
        lives = fleet.status()[1 - lost]["lives"]
        assert [life["end"] for life in lives] == ["ended with exit code 0"], lives

        # The head: nothing stays anywhere.
        left = [*fleet.blenders(), fleet.host("h0"), fleet.host("h1")]
        assert len(left) == 4 and not any(map(has_ended, left))
        fleet.process.kill()
        eventually("nothing is left", lambda: all(map(has_ended, left)))


def _below(host: int, pid: int) -> bool:
    """Whether a process was started by another one."""
    while pid > 1:
        if pid == host:
            return True
        pid = int(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[1])
    return False


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"blender": "/nowhere/blender"}, r"host \S+: .*/nowhere/blender"),
        ({"hosts": {"names": ["h0"], "command": ["/nowhere/ssh", "{host}"]}}, "hosts.command"),
        ({"hosts": {"names": ["h0"], "command": ["ssh", "me"]}}, "which host is meant"),
        ({"hosts": {"names": []}}, "hosts.names"),
        ({"proto": "ipc"}, "reaches no other host"),
    ],
)
def test_what_cannot_be_is_one_error(tmp_path: Path, keys: dict[str, Any], says: str) -> None:
    with Launched(tmp_path, described(tmp_path, **keys)) as fleet:
        assert fleet.process.wait(HANG_S) == 1, fleet.said()
    errors = [
        line for line in fleet.said().splitlines() if line.startswith("blendtorch-launch: error:")
    ]
    assert len(errors) == 1 and re.search(says, fleet.said()), fleet.said()
    assert not fleet.info.exists()


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    join = tmp_path / "head.json"
    join.write_text(json.dumps({"addresses": ["127.0.0.1:1"], "key": "ab" * 32}))
    join.chmod(0o644)
    command = [installed("blendtorch"), "host", "--join", join]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=HANG_S)
    assert done.returncode == 1 and "chmod 600" in done.stderr and "abab" not in done.stderr


def test_a_head_that_is_not_there_is_said(tmp_path: Path) -> None:
    address = f"127.0.0.1:{random.randrange(20_000, 30_000)}"
    variables = {"BLENDTORCH_HEAD": address, "BLENDTORCH_HEAD_KEY": "ab" * 32}
    done = subprocess.run(
        [installed("blendtorch"), "host", "--reach-within", "0.1"],
        capture_output=True,
        text=True,
        check=False,
        timeout=HANG_S,
        env={**os.environ, **variables},
    )
    assert done.returncode == 1 and f"{address}: Connection refused" in done.stderr
    assert "head_address" in done.stderr and "abab" not in done.stderr
