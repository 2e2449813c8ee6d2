"""A real Slurm in one folder, started and ended by a test: its own munged, slurmctld, and a slurmd
for each node.

All of it, and whatever its jobs start, is below one process (`slurm_guard`) that ends it when this
one ends, however this one ends. With `namespaces=True` each node, and the head where slurmctld and
the test's own commands run, is a host of its own (`slurm_network`).
"""

import contextlib
import json
import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from support import HANG_S
from support.processes import eventually, has_ended
from support.slurm_config import Options, written
from support.slurm_guard import below
from support.slurm_network import HEAD, Apart, Here

# A user's PATH need not have the daemons' folder.
PATH = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scancel", "scontrol")
OLDEST = (22, 5)
# Against hangs only: a second, where nothing else runs.
START_S = 60
# Its ports were free a moment ago; another test's program may have taken one since.
TRIES = 3


class NoSlurmError(Exception):
    """Slurm is not installed here: what is missing, and how it is had."""


def check_installed() -> None:
    """Raises `NoSlurmError` where something is missing, or too old."""
    missing = [name for name in PROGRAMS if shutil.which(name, path=PATH) is None]
    if missing:
        raise NoSlurmError(
            f"no Slurm to run jobs in ({', '.join(missing)} not found); "
            "install it: apt-get install slurm-wlm munge"
        )
    # The commands tell their version only where there is a configuration, the daemons always.
    asked = ["slurmctld", "-V"]
    environ = {"PATH": PATH}
    said = subprocess.run(asked, capture_output=True, text=True, check=False, env=environ).stdout
    found = re.search(r"(\d+)\.(\d+)", said)
    if not found or tuple(map(int, found.groups())) < OLDEST:
        raise NoSlurmError(f"no Slurm of 22.05 or newer to run jobs in (found: {said.strip()!r})")


class SlurmCluster:
    """Nodes `n0`, `n1`… and a head."""

    def __init__(self, nodes: int = 2, namespaces: bool = False, **options: Any) -> None:
        """Starts it, in a fraction of a second; `options` are those of `slurm_config.Options`."""
        check_installed()
        self.nodes = [f"n{i}" for i in range(nodes)]
        self.options = Options(**options)
        for left in reversed(range(TRIES)):
            try:
                self._start(namespaces)
                return
            except BaseException:
                self.close()
                if not left:
                    raise

    def _start(self, namespaces: bool) -> None:
        self.place = (Apart if namespaces else Here)(self.nodes)
        # Short, since a socket's path is; and not one of pytest's, which only their owner enters.
        self.folder = Path(tempfile.mkdtemp(prefix="slurm-"))
        self.folder.chmod(0o755)
        for name in ("munge", "state", "log", *(f"spool/{node}" for node in self.nodes)):
            (self.folder / name).mkdir(parents=True)
        key = self.folder / "munge" / "key"
        key.touch(0o600)
        key.write_bytes(os.urandom(128))
        user = pwd.getpwuid(os.geteuid()).pw_name
        self.config = self.folder / "slurm.conf"
        self.config.write_text(written(self.folder, self.place, user, self.options))
        with (self.folder / "log" / "said.txt").open("w") as said:
            self.guard = subprocess.Popen(
                [
                    sys.executable,
                    "-P",
                    str(Path(__file__).with_name("slurm_guard.py")),
                    self.folder,
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
                env=self.env(),
                start_new_session=True,
            )
        munge = self.folder / "munge"
        files = [f"--{name}-file={munge / name}" for name in ("key", "pid", "log", "seed")]
        socket = munge / "socket"
        self.daemons = {
            "munged": self._run(HEAD, "munged", "-F", "--force", f"--socket={socket}", *files)
        }
        self._until("munged answers", socket.exists)
        self.start_controller()
        for node in self.nodes:
            self.start_slurmd(node)
        self._until("all nodes are idle", self._idle)

    def _run(self, where: str, *words: Any) -> int:
        """Starts a daemon, below the guard."""
        assert self.guard.stdin
        assert self.guard.stdout
        self.guard.stdin.write(json.dumps(self.place.command(where, *words)) + "\n")
        self.guard.stdin.flush()
        return int(self.guard.stdout.readline())

    def _until(self, what: str, so: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_S
        while not so():
            ended = [name for name, pid in self.daemons.items() if has_ended(pid)]
            if ended or time.monotonic() > deadline:
                said = (self.folder / "log" / "said.txt").read_text(errors="replace")
                raise RuntimeError(f"Slurm did not start until {what} (ended: {ended}):\n{said}")
            time.sleep(0.01)

    def start_controller(self) -> None:
        """Starts slurmctld, until it listens."""
        pid = self._run(HEAD, "slurmctld", "-D")
        self.daemons["slurmctld"] = pid
        port = f":{self.place.ports[HEAD]:04X} "

        def listens() -> bool:
            # Of its own namespace, and without a connection, which it would complain of.
            try:
                table = Path(f"/proc/{pid}/net/tcp").read_text()
            except FileNotFoundError:  # it has ended
                return False
            return any(port in line and " 0A " in line for line in table.splitlines())

        self._until("slurmctld listens", listens)

    def start_slurmd(self, node: str) -> None:
        """Starts the daemon of a node, anew where it was killed."""
        self.daemons[node] = self._run(node, "slurmd", "-D", "-N", node)

    def env(self) -> dict[str, str]:
        """The environment in which Slurm's commands find this Slurm."""
        inherited = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM", "SBATCH"))}
        return {**inherited, "SLURM_CONF": str(self.config), "PATH": PATH}

    def command(self, *words: Any) -> list[str]:
        """The command line that runs a program at the head; it needs `env`."""
        return self.place.command(HEAD, *words)

    def on(self, node: str, *words: Any) -> list[str]:
        """The command line that runs a program on a node, in no job; it needs `env`."""
        return self.place.command(node, *words)

    def address(self, where: str = HEAD) -> str:
        """The address of a node or of the head."""
        return self.place.addresses[where]

    def run(self, *words: Any, **options: Any) -> subprocess.CompletedProcess[str]:
        """Runs a program at the head to its end."""
        given = {"env": self.env(), "timeout": HANG_S, "check": False, **options}
        return subprocess.run(self.command(*words), capture_output=True, text=True, **given)

    def said(self, *words: Any, **options: Any) -> str:
        """What a program prints at the head; it must end well."""
        done = self.run(*words, **options)
        assert done.returncode == 0, (
            f"{words}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        )
        return done.stdout

    def node_states(self) -> list[str]:
        """`idle`, `allocated`, `mixed`, `down*`…, in the order of the nodes."""
        table = self.run("sinfo", "--noheader", "--Node", "--partition=normal", "--format=%N %T")
        states = dict(line.split() for line in table.stdout.splitlines())
        return [states.get(node, "unknown") for node in self.nodes]

    def _idle(self) -> bool:
        return self.node_states() == ["idle"] * len(self.nodes)

    def submit(self, script: str, *options: str, **kwargs: Any) -> int:
        """The job that runs a shell script."""
        words = ["sbatch", "--parsable", "--output=/dev/null", *options]
        return int(self.said(*words, input=f"#!/bin/sh\n{script}\n", **kwargs))

    def states(self, job: int) -> dict[str, str]:
        """What is known of a job, as `RUNNING`, by index; of one that is no array by ''."""
        asked = ["--noheader", "--array", "--states=all", f"--jobs={job}", "--format=%K %T"]
        rows = [line.split() for line in self.run("squeue", *asked).stdout.splitlines()]
        return {"" if index == "N/A" else index: state for index, state in rows}

    def wait(self, job: int, *states: str) -> dict[str, str]:
        """Waits until each element of a job is in one of the states."""
        found: dict[str, str] = {}

        def so() -> bool:
            nonlocal found
            found = self.states(job)
            return bool(found) and set(found.values()) <= set(states)

        eventually(f"job {job} is {' or '.join(states)}", so)
        return found

    def ended(self, job: int) -> dict[str, str]:
        """Waits until none of its elements waits, runs or is being ended."""
        return self.wait(
            job, "COMPLETED", "CANCELLED", "FAILED", "TIMEOUT", "PREEMPTED", "NODE_FAIL"
        )

    def cancel(self, job: int | None = None) -> None:
        """Cancels a job, or all there are, and waits until their processes are gone."""
        self.run("scancel", *(["--user", str(os.geteuid())] if job is None else [str(job)]))
        known = [] if job is None else [f"--jobs={job}"]
        eventually(
            "no job is left",
            lambda: not self.run("squeue", "--noheader", *known).stdout,
        )

    def ends_now(self, job: str) -> None:
        """Lets its time limit be reached, which Slurm looks at every 30 seconds."""
        self.said("scontrol", "update", f"jobid={job}", "timelimit=0")

    def processes(self, node: str | None = None, job: int | None = None) -> list[int]:
        """Those that jobs have, by what Slurm writes into their environment."""
        marks = [{f"SLURMD_NODENAME={node}"}] if node else []
        marks += [{f"SLURM_JOB_ID={job}", f"SLURM_ARRAY_JOB_ID={job}"}] if job else []
        found = []
        for pid in below(self.guard.pid):
            try:
                environ = Path(f"/proc/{pid}/environ").read_bytes()
            except OSError:
                continue
            have = set(environ.decode(errors="replace").split("\0"))
            in_job = any(one.startswith("SLURM_JOB_ID=") for one in have)
            if in_job and all(have & mark for mark in marks) and not has_ended(pid):
                found.append(pid)
        return sorted(found)

    def _steps(self, node: str) -> list[int]:
        """slurmd's helpers there, one for each job; they overwrite their environment."""
        log = str(self.folder / "log" / f"{node}.log")
        found = []
        for pid in below(self.guard.pid):
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"slurmstepd"):
                    files = [os.readlink(file) for file in Path(f"/proc/{pid}/fd").iterdir()]
                    found += [pid] if log in files else []
        return found

    def kill_slurmd(self, node: str) -> None:
        """As a crash: the jobs' processes go on, and nobody looks after them."""
        _kill(self.daemons[node])

    def restart_slurmd(self, node: str) -> None:
        """Starts it again, and waits until the node can be used."""
        self.start_slurmd(node)
        i = self.nodes.index(node)
        eventually(
            f"{node} is back", lambda: re.fullmatch(r"[a-z]+", self.node_states()[i]) is not None
        )

    def power_off(self, node: str) -> None:
        """All that runs on the node is gone at once; Slurm hears of it after `slurmd_timeout`."""
        self.kill_slurmd(node)
        for pid in [*self._steps(node), *self.processes(node)]:
            _kill(pid)

    def fail(self, node: str) -> None:
        """Slurm takes the node for lost, at once: its jobs are requeued, with SIGTERM."""
        self.said("scontrol", "update", f"nodename={node}", "state=down", "reason=test")

    def resume(self, node: str) -> None:
        """And for good again."""
        self.said("scontrol", "update", f"nodename={node}", "state=resume")

    def kill_controller(self) -> None:
        """As a crash of slurmctld: jobs go on, and no command is answered."""
        _kill(self.daemons["slurmctld"])

    def start_again(self) -> None:
        """Starts what is not there of the daemons."""
        if has_ended(self.daemons["slurmctld"]):
            self.start_controller()
        for node in self.nodes:
            if has_ended(self.daemons[node]):
                self.start_slurmd(node)

    def tidy(self) -> None:
        """As it was when it had started, but for the numbers of jobs."""
        self.start_again()
        for node in self.nodes:
            if isinstance(self.place, Apart):
                self.place.join(node)
            self.run("scontrol", "update", f"nodename={node}", "state=resume")
        self.cancel()
        eventually("all nodes are idle", self._idle)

    def close(self) -> None:
        """Ends all jobs and daemons, with SIGKILL, and removes the folder."""
        guard = self.__dict__.pop("guard", None)
        if guard is not None:
            guard.stdin.close()
            guard.wait(HANG_S)
            guard.stdout.close()
        elif (folder := self.__dict__.get("folder")) is not None:
            shutil.rmtree(folder, ignore_errors=True)
        place = self.__dict__.pop("place", None)
        if place is not None:
            place.close()

    def __enter__(self) -> "SlurmCluster":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    eventually(f"{pid} has ended", lambda: has_ended(pid))
