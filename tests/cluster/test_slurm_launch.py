"""Fleets whose hosts Slurm places: they come and go as Slurm gives and takes nodes, and what they
run goes on."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from support import HANG_S
from support.clusters import TELLS, SlurmLaunch
from support.processes import eventually, has_ended
from support.programs import installed
from support.slurm_cluster import SlurmCluster
from support.slurm_config import CLOSED, SPARE, URGENT

# Prints each instance and life that it gets items of, once; ends when all that are wanted came.
FOLLOWS = """
import sys
from blendtorch import btt

following = btt.Following(sys.argv[1], "DATA")
wanted, seen = set(sys.argv[2:]), set()
for item in btt.RemoteIterableDataset(following, max_items=10**9, timeoutms=60_000):
    one = f"{item['btid']}.{item['life']}"
    if one not in seen:
        seen.add(one)
        print(one, flush=True)
    if wanted <= seen:
        break
"""


class Follower:
    """A training loop at the head that follows a launch info."""

    def __init__(self, launched: SlurmLaunch, *wanted: str) -> None:
        command = launched.slurm.command(sys.executable, "-c", FOLLOWS, launched.info, *wanted)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def gets(self, one: str) -> None:
        """Waits for an item of an instance's life."""
        assert self.process.stdout
        for line in self.process.stdout:
            if line.strip() == one:
                return
        raise AssertionError(f"nothing came of {one}")

    def __enter__(self) -> "Follower":
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait(HANG_S)
        assert self.process.stdout
        self.process.stdout.close()


def test_two_hosts_stream_to_a_third_and_nothing_stays(
    slurm_apart: SlurmCluster, tmp_path: Path
) -> None:
    slurm = slurm_apart
    with SlurmLaunch(slurm, tmp_path) as fleet, Follower(fleet, "9.9") as loop:
        # Whichever comes first; the loop goes on with both.
        loop.gets("0.1")
        addresses = btt.LaunchInfo.load_json(fleet.info).addresses["DATA"]
        hosts = {address.rpartition(":")[0] for address in addresses}
        assert hosts <= {f"tcp://{slurm.address(node)}" for node in slurm.nodes}, addresses
        eventually(
            "both are up", lambda: [one["mode"] for one in fleet.status()] == ["running"] * 2
        )
        # By one alone, whose element was cancelled: said, and the other one goes on.
        slurm.run("scancel", f"{fleet.job}_0")
        eventually("it is said", lambda: fleet.says("was cancelled; it does not come back"))
        running = [one["mode"] for one in fleet.status()]
        assert sorted(running) == ["restarting", "running"], running

        # The head is killed: hosts end all that they have started, and their elements with it.
        pids = slurm.processes(job=fleet.job)
        assert len(pids) >= 2
        os.kill(_below(fleet.process.pid), signal.SIGKILL)
        eventually("nothing is left", lambda: all(map(has_ended, pids)))
        slurm.ended(fleet.job)
        assert not slurm.processes()


def _below(pid: int) -> int:
    """The program itself, where it was entered into a namespace."""
    while children := Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        pid = int(children[0])
    return pid


def test_an_instance_whose_node_is_preempted_comes_back(
    slurm: SlurmCluster, tmp_path: Path
) -> None:
    wanted = {"nodes": 1, "partition": SPARE, "extra": ["--exclusive"]}
    with SlurmLaunch(slurm, tmp_path, 1, **wanted) as fleet, Follower(fleet, "0.2") as loop:
        loop.gets("0.1")
        urgent = slurm.submit("exec sleep 0.5", f"--partition={URGENT}", "--nodes=2", "--exclusive")
        slurm.wait(urgent, "RUNNING", "COMPLETED", "COMPLETING")
        loop.gets("0.2")
        assert fleet.says("is gone: .*Slurm starts it again|is asked to go"), fleet.said()
        assert fleet.status()[0]["life"] == 2


def test_a_killed_slurmd_ends_nothing_and_a_lost_node_is_replaced(
    own_slurm: Callable[..., SlurmCluster], tmp_path: Path
) -> None:
    slurm = own_slurm(slurmd_timeout=2)
    with SlurmLaunch(slurm, tmp_path, 1, nodes=1) as fleet, Follower(fleet, "0.2") as loop:
        loop.gets("0.1")
        pid = fleet.status()[0]["pid"]
        node = slurm.said("squeue", "--noheader", "--format=%N").strip()
        slurm.kill_slurmd(node)
        # Slurm takes the node for lost and starts the host on the other one, while the first still
        # runs: the later one counts, and the first one's Blender ends.
        loop.gets("0.2")
        eventually("the first life has ended", lambda: has_ended(pid))
        assert fleet.says("is gone: .*(lost its node|started in its place)"), fleet.said()


def test_a_time_limit_ends_a_host_and_another_one_is_asked_for(
    slurm: SlurmCluster, tmp_path: Path
) -> None:
    with SlurmLaunch(slurm, tmp_path, 1, nodes=1) as fleet, Follower(fleet, "0.2") as loop:
        loop.gets("0.1")
        slurm.ends_now(f"{fleet.job}_0")
        loop.gets("0.2")
        assert fleet.says("time limit"), fleet.said()
        assert fleet.says("in place of what was lost"), fleet.said()
        fleet.process.terminate()
        assert fleet.process.wait(HANG_S) == 143
        eventually("its jobs are gone", lambda: not slurm.run("squeue", "--noheader").stdout)


def test_in_a_job_that_is_there_its_nodes_are_taken(slurm: SlurmCluster, tmp_path: Path) -> None:
    """As a training script in the same allocation has it: both are steps of one job."""
    script = tmp_path / "train.py"
    script.write_text(FOLLOWS)
    info = tmp_path / "launch_info.json"
    description = {
        "script": str(tmp_path / "scene.py"),
        "num_instances": 2,
        "named_sockets": ["DATA"],
        "start_port": random.randrange(20_000, 30_000),
        "blender": "bpy",
        "slurm": {"head_address": "127.0.0.1"},
    }
    (tmp_path / "scene.py").write_text(TELLS)
    (tmp_path / "launch.json").write_text(json.dumps(description))
    log = tmp_path / "log"
    lines = [
        f"cd '{tmp_path}'",
        f"'{installed('blendtorch-launch')}' launch.json --slurm &",
        f"'{sys.executable}' train.py '{info}' 0.1 1.1",
        "code=$?",
        "kill $!",
        "wait",
        "exit $code",
    ]
    exclusive = ["--nodes=2", "--exclusive", f"--output={log}"]
    job = slurm.submit("\n".join(lines), *exclusive, env=slurm.env())
    found = slurm.ended(job)
    assert found == {"": "COMPLETED"}, log.read_text()
    assert "0.1" in log.read_text() and "1.1" in log.read_text()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"partition": "nowhere"}, 'key "slurm.partition"'),
        ({"partition": CLOSED}, 'key "slurm.account"'),
        ({"partition": "short", "time": "1:00:00"}, 'key "slurm.time"'),
        ({"nodes": 0}, "slurm.nodes"),
        ({"tasks": 3}, "tasks_per_node"),
    ],
)
def test_what_slurm_refuses_is_one_error(
    slurm: SlurmCluster, tmp_path: Path, settings: dict[str, Any], says: str
) -> None:
    with SlurmLaunch(slurm, tmp_path, **settings) as fleet:
        assert fleet.process.wait(HANG_S) == 1
    errors = [line for line in fleet.said().splitlines() if "launch: error:" in line]
    assert len(errors) == 1 and says in errors[0], fleet.said()
    assert not slurm.run("squeue", "--noheader").stdout


def test_without_slurm_that_is_said(slurm: SlurmCluster, tmp_path: Path) -> None:
    with SlurmLaunch(slurm, tmp_path) as fleet:
        fleet.process.terminate()
    words = [installed("blendtorch-launch"), tmp_path / "launch.json", "--slurm"]
    done = subprocess.run(
        words, env={"PATH": "/nowhere"}, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 1 and "no Slurm here" in done.stderr, done.stderr


def test_a_head_that_nodes_do_not_reach_is_said(slurm_apart: SlurmCluster, tmp_path: Path) -> None:
    # Each node's own loopback.
    with SlurmLaunch(slurm_apart, tmp_path, 1, nodes=1, head_address="127.0.0.1") as fleet:
        assert fleet.process.wait(HANG_S) == 1
    said = fleet.said()
    assert "cannot be reached" in said and "head_address" in said, said
