"""`btt.apps.launch`, the program as a module."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from blendtorch import btt
from support import HANG_S
from support.runtimes import bpy_python

SCENE = """
import sys
assert "-btid" in sys.argv
sys.exit(int(sys.argv[-1]))
"""


@pytest.mark.parametrize("code", [0, 3])
def test_conformance_surface_apps_launch_is_the_program(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], code: int
) -> None:
    from blendtorch.btt.apps import launch

    (tmp_path / "scene.py").write_text(SCENE)
    description = {
        "scene": "",
        "script": str(tmp_path / "scene.py"),
        "num_instances": 2,
        "background": True,
        "blender": str(Path(bpy_python()).parents[1]),
        "instance_args": [["0"], [str(code)]],
    }
    (tmp_path / "launch.json").write_text(json.dumps(description))
    info = tmp_path / "info.json"
    arguments = ["--out-launch-info", str(info), str(tmp_path / "launch.json")]
    for _ in range(2):  # A program can call it again and again.
        ended = launch.main(arguments)
        assert (ended != 0) == (code != 0), capfd.readouterr().err
    with open(info) as file:
        launched = btt.LaunchInfo.load_json(file)
    assert len(launched.commands) == 2 and str(tmp_path / "scene.py") in launched.commands[0]


def test_apps_launch_is_a_module_that_runs(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "blendtorch.btt.apps.launch", str(tmp_path / "nowhere.json")],
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )
    assert done.returncode != 0 and "nowhere.json" in done.stderr
    assert "Traceback" not in done.stderr
