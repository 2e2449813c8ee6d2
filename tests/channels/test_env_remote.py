"""An environment on another host: over tcp, through ZeroMQ."""

import json
import sys
from pathlib import Path

from support import SCENES
from support.hosts import Hosts, needs_hosts
from support.programs import Launch, Run, program

pytestmark = needs_hosts

PORT = 11500

TRAINER = f"""
from blendtorch import btt
env = btt.RemoteEnv("tcp://{Hosts.RENDERER}:{PORT}", timeoutms=60_000)
obs, _ = env.reset()
done = False
while not done:
    obs, reward, done, info = env.step([0.75])
print("through zeromq" if env.is_direct is False else "directly", info["count"], reward)
"""


def test_an_environment_is_stepped_from_another_host(hosts: Hosts, tmp_path: Path) -> None:
    described = {
        "script": str(SCENES / "counter_env.blend.py"),
        "named_sockets": ["GYM"],
        "start_port": PORT,
        "bind_addr": "primaryip",
        "instance_args": [["--last", "50"]],
        "background": True,
    }
    (tmp_path / "launch.json").write_text(json.dumps(described))
    launch = hosts.renderer.command(program("blendtorch-launch"))
    with Launch(tmp_path / "launch.json", tmp_path / "renderer.txt", launch) as renderer:
        renderer.started()
        trainer = hosts.trainer.command(sys.executable, "-c", TRAINER)
        with Run(trainer, tmp_path / "trainer.txt") as run:
            assert "through zeromq 50 1.0" in run.ends_well()
