"""An environment on another host: over tcp, through ZeroMQ."""

import json
import sys
from pathlib import Path

from btt_support import HANG_S, ROOT, eventually
from hosts_support import Hosts, needs_hosts
from program_support import Run, program

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


def test_an_environment_is_stepped_from_another_host(tmp_path: Path) -> None:
    described = {
        "script": str(ROOT / "tests" / "scenes" / "counter_env.blend.py"),
        "named_sockets": ["GYM"],
        "start_port": PORT,
        "bind_addr": "primaryip",
        "instance_args": [["--last", "50"]],
        "background": True,
    }
    (tmp_path / "launch.json").write_text(json.dumps(described))
    info = tmp_path / "info.json"
    with Hosts() as hosts:
        launch = [program("blendtorch-launch"), "--out-launch-info", info]
        command = hosts.renderer.command(*launch, tmp_path / "launch.json")
        with Run(command, tmp_path / "renderer.txt") as renderer:
            eventually("it has started", lambda: info.exists() or renderer.says(" started "))
            trainer = hosts.trainer.command(sys.executable, "-c", TRAINER)
            with Run(trainer, tmp_path / "trainer.txt") as run:
                assert run.process.wait(HANG_S) == 0, run.said()
                assert "through zeromq 50 1.0" in run.said()
