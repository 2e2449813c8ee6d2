"""The Slurm that tests have: it runs jobs, nodes are hosts and can be lost, nothing of it stays."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import HANG_S, ROOT
from support.processes import eventually, has_ended
from support.slurm_cluster import SlurmCluster
from support.slurm_config import SHORT, SPARE, URGENT
from support.slurm_network import Apart

WAITS = "exec sleep 1000"


def test_a_step_runs_on_both_nodes(slurm: SlurmCluster) -> None:
    said = slurm.said("srun", "--nodes=2", "printenv", "SLURMD_NODENAME")
    assert sorted(said.split()) == slurm.nodes


def test_nodes_in_namespaces_are_hosts_with_names_and_addresses(slurm_apart: SlurmCluster) -> None:
    command = "hostname; hostname -I; ip -brief link show lo"
    said = slurm_apart.said("srun", "--nodes=2", "--label", "sh", "-c", command)
    for i, node in enumerate(slurm_apart.nodes):
        lines = [line[3:] for line in sorted(said.splitlines()) if line.startswith(f"{i}: ")]
        assert node in lines and f"{slurm_apart.address(node)} " in lines, said
        assert any(line.startswith("lo") and "LOOPBACK,UP" in line for line in lines), said
    # The test itself stands at the head, and reaches them by tcp.
    assert slurm_apart.said("hostname").strip() == "head"
    assert slurm_apart.address() not in map(slurm_apart.address, slurm_apart.nodes)


def test_a_node_whose_cable_is_pulled_out_goes_on(slurm_apart: SlurmCluster) -> None:
    assert isinstance(slurm_apart.place, Apart)
    job = slurm_apart.submit(WAITS, "--nodelist=n1")
    slurm_apart.wait(job, "RUNNING")
    # slurmd listens there.
    where = (slurm_apart.address("n1"), slurm_apart.place.ports["n1"])
    connect = f"import socket; socket.create_connection({where}, timeout=1)"
    assert slurm_apart.run(sys.executable, "-c", connect).returncode == 0
    slurm_apart.place.cut("n1")
    assert slurm_apart.run(sys.executable, "-c", connect).returncode != 0
    assert slurm_apart.processes("n1", job)
    slurm_apart.place.join("n1")
    # Linux remembers for a while that nobody has answered there: the first word may be lost.
    eventually(
        "it is reached again",
        lambda: slurm_apart.run(sys.executable, "-c", connect).returncode == 0,
    )


def test_a_job_that_is_preempted_comes_back(slurm: SlurmCluster, tmp_path: Path) -> None:
    lives = tmp_path / "lives"
    script = f"echo ${{SLURM_RESTART_COUNT:-0}} >>{lives}; {WAITS}"
    job = slurm.submit(script, f"--partition={SPARE}", "--requeue", "--exclusive")
    slurm.wait(job, "RUNNING")
    eventually("it has begun", lambda: lives.exists())
    urgent = slurm.submit("exec sleep 0.5", f"--partition={URGENT}", "--nodes=2", "--exclusive")
    slurm.wait(urgent, "RUNNING", "COMPLETED", "COMPLETING")
    slurm.wait(job, "PENDING")
    slurm.wait(job, "RUNNING")
    eventually("it is in its second life", lambda: lives.read_text() == "0\n1\n")


def test_a_partitions_time_limit_is_a_minute(slurm: SlurmCluster) -> None:
    job = slurm.submit(WAITS, f"--partition={SHORT}")
    assert "TimeLimit=00:01:00" in slurm.said("scontrol", "show", "job", str(job))
    slurm.wait(job, "RUNNING")
    slurm.cancel(job)
    assert not slurm.processes(job=job)


def test_a_node_that_is_taken_for_lost_gives_its_jobs_to_others(slurm: SlurmCluster) -> None:
    job = slurm.submit(WAITS, "--requeue", "--nodelist=n0,n1", "--exclusive")
    slurm.wait(job, "RUNNING")
    slurm.fail("n1")
    slurm.wait(job, "PENDING")
    slurm.resume("n1")
    slurm.wait(job, "RUNNING")


def test_a_killed_slurmd_leaves_its_jobs_and_finds_them_again(slurm: SlurmCluster) -> None:
    job = slurm.submit(WAITS, "--nodelist=n0")
    slurm.wait(job, "RUNNING")
    eventually("it runs", lambda: bool(slurm.processes("n0", job)))
    running = slurm.processes("n0", job)
    slurm.kill_slurmd("n0")
    assert slurm.processes("n0", job) == running
    slurm.restart_slurmd("n0")
    assert slurm.states(job) == {"": "RUNNING"} and slurm.processes("n0", job) == running


def test_a_node_without_power_is_noticed(own_slurm: Callable[..., SlurmCluster]) -> None:
    slurm = own_slurm(slurmd_timeout=2, message_timeout=3)
    job = slurm.submit(WAITS, "--requeue", "--nodelist=n0")
    slurm.wait(job, "RUNNING")
    eventually("it runs", lambda: bool(slurm.processes("n0", job)))
    slurm.power_off("n0")
    assert not slurm.processes("n0")
    slurm.wait(job, "PENDING")
    assert slurm.node_states()[0].startswith("down"), slurm.node_states()


KEEPS = """
import json, sys, time
from support.slurm_cluster import SlurmCluster
cluster = SlurmCluster(namespaces=True)
# One that left its session and its parent is no longer Slurm's to end.
job = cluster.submit("setsid sleep 1000 & exec sleep 1000")
cluster.wait(job, "RUNNING")
while len(cluster.processes(job=job)) < 2:
    time.sleep(0.01)
pids = [cluster.guard.pid, *cluster.daemons.values(), *cluster.processes(job=job)]
print(json.dumps([str(cluster.folder), pids]), flush=True)
sys.stdin.read()
cluster.close()
"""


@pytest.mark.parametrize("killed", [False, True])
def test_nothing_of_it_stays(slurm_installed: None, killed: bool) -> None:
    command = [sys.executable, "-P", "-c", KEEPS]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=env) as test:
        assert test.stdin and test.stdout
        folder, pids = json.loads(test.stdout.readline())
        assert not any(map(has_ended, pids)) and len(pids) >= 1 + 4 + 2
        if killed:
            test.send_signal(signal.SIGKILL)
        else:
            test.stdin.close()
        assert test.wait(HANG_S) == (-signal.SIGKILL if killed else 0)
    eventually("all have ended", lambda: all(map(has_ended, pids)))
    eventually("the folder is gone", lambda: not Path(folder).exists())
