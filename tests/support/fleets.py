"""Launched scenes."""

from pathlib import Path
from typing import Any

from blendtorch import btt

from support.runtimes import Runtime

# The arguments of an example's scene whose pictures are small.
SMALL = ["--width", "64", "--height", "48"]

WAITS = "import time\ntime.sleep(1000)\n"

# Publishes without end.
STREAMS = """
from blendtorch import btb

args, _ = btb.parse_blendtorch_args()
pub = btb.DataPublisher(args.btsockets["DATA"], args.btid)
number = 0
while True:
    pub.publish(number=number)
    number += 1
"""


def written(tmp_path: Path, code: str) -> Path:
    """A scene script."""
    script = tmp_path / "scene script.py"
    script.write_text(code)
    return script


def launcher(script: Path, runtime: Runtime | None = None, **options: Any) -> btt.BlenderLauncher:
    """ipc where the port does not matter: such an address cannot be taken by anybody else."""
    place = runtime.place if runtime else None
    defaults = {"proto": "ipc", "seed": 1, "background": True, "blender": place}
    return btt.BlenderLauncher(**{"scene": "", "script": script, **defaults, **options})


def streaming(tmp_path: Path, code: str, instances: int = 1, **options: Any) -> btt.BlenderLauncher:
    """Instances of the managed Blender that publish."""
    script = written(tmp_path, code)
    given = {"num_instances": instances, "blender": "bpy", **options}
    return launcher(script, named_sockets=["DATA"], **given)
