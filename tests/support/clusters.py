"""Programs of blendtorch at the head of a test's Slurm."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

from support.fleets import written
from support.programs import Launch, installed
from support.slurm_cluster import SlurmCluster

# Publishes without end: whose it is, in which life.
TELLS = """
from blendtorch import btb
from blendtorch.btb import instance

args, _ = btb.parse_blendtorch_args()
pub = btb.DataPublisher(args.btsockets["DATA"], args.btid)
number = 0
while True:
    pub.publish(number=number, life=instance.life())
    number += 1
"""


def environment(slurm: SlurmCluster, tmp_path: Path) -> list[str]:
    """`env` and what programs at the head are to know: which Slurm, and a home of their own."""
    state = f"XDG_STATE_HOME={tmp_path / 'state'}"
    return ["env", f"SLURM_CONF={slurm.config}", f"PATH={slurm.env()['PATH']}", state]


def at_head(slurm: SlurmCluster, tmp_path: Path, name: str, *words: Any) -> list[str]:
    """The command line of a program of the wheel at the head."""
    return slurm.command(*environment(slurm, tmp_path), installed(name), *words)


def run(
    slurm: SlurmCluster, tmp_path: Path, name: str, *words: Any
) -> subprocess.CompletedProcess[str]:
    """Runs a program of the wheel at the head to its end."""
    return slurm.run(*environment(slurm, tmp_path), installed(name), *words, cwd=tmp_path)


class SlurmLaunch(Launch):
    """A running `blendtorch-launch --slurm` of instances that publish, at the head."""

    def __init__(
        self, slurm: SlurmCluster, tmp_path: Path, instances: int = 2, **settings: Any
    ) -> None:
        self.slurm, self.folder = slurm, tmp_path
        asked = {"nodes": 2, "cpus_per_task": 2, "head_address": slurm.address(), **settings}
        description = {
            "script": str(written(tmp_path, TELLS)),
            "num_instances": instances,
            "named_sockets": ["DATA"],
            "start_port": random.randrange(20_000, 30_000),
            "background": True,
            "blender": "bpy",
            "seed": 3,
            "slurm": asked,
        }
        path = tmp_path / "launch.json"
        path.write_text(json.dumps(description))
        words = at_head(slurm, tmp_path, "blendtorch-launch", "--slurm")
        super().__init__(path, tmp_path / "info.log", words, cwd=tmp_path)

    @property
    def job(self) -> int:
        """The job that it has submitted."""
        return int(self.said().split("job ")[1].split()[0])

    def status(self) -> list[dict[str, Any]]:
        """How its instances are, as the program `blendtorch status JOB` says it at a node."""
        words = [installed("blendtorch"), "status", "--json", self.job]
        words = [*environment(self.slurm, self.folder), *words]
        node = self.slurm.nodes[-1]
        done = subprocess.run(
            self.slurm.on(node, *words), capture_output=True, text=True, check=False
        )
        assert done.stdout, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)["instances"]
        return found
