"""Statement 7 of the contract: what is said of an instance that has ended."""

import signal
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from support.fleets import launcher, written
from support.runtimes import Runtime


def test_conformance_7_exit_codes_and_signals_reach_the_caller(
    runtime: Runtime, tmp_path: Path
) -> None:
    script = written(
        tmp_path,
        "import os, signal, sys\n"
        "if sys.argv[sys.argv.index('-btid') + 1] == '0':\n"
        "    sys.exit(int(os.environ['ENDS_WITH']))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n",
    )
    logs = tmp_path / "logs"
    ends = {"env": {"ENDS_WITH": "7"}, "log_dir": logs, "restart": "never"}
    with launcher(script, runtime, num_instances=2, **ends) as bl:
        assert bl.wait() == [7, -signal.SIGKILL]
        with pytest.raises(btt.LaunchError, match=r"(?s)2 of 2 .*exit code 7.*SIGKILL"):
            bl.assert_alive()
    for i in range(2):
        assert f"-btid {i} " in (logs / f"instance-{i}.log").read_text()


def test_conformance_7_the_tail_of_stderr_reaches_the_caller(
    runtime: Runtime, tmp_path: Path
) -> None:
    script = written(
        tmp_path, "import sys\nprint('the cube is round', file=sys.stderr)\nsys.exit(3)\n"
    )
    with launcher(script, runtime) as bl:
        assert bl.wait() == [3]
        with pytest.raises(btt.LaunchError, match=r"(?s)exit code 3.*the cube is round"):
            bl.assert_alive()


def test_conformance_7_a_script_error_ends_the_instance_with_its_traceback(
    runtime: Runtime, tmp_path: Path
) -> None:
    with launcher(written(tmp_path, "import bpy\n1 / 0\n"), runtime) as bl:
        assert bl.wait() == [1]
        with pytest.raises(btt.LaunchError, match=r"(?s)exit code 1.*line 2.*ZeroDivisionError"):
            bl.assert_alive()


# Draws, for which Blender prints that there is no display, and is killed.
DRAWS = """
import os, signal, sys
import bpy
from blendtorch import btb, drawing_threads

bpy.context.scene.render.resolution_x = bpy.context.scene.render.resolution_y = 16
bpy.context.scene.render.engine = "BLENDER_WORKBENCH"
btb.OffScreenRenderer(btb.Camera(), mode="rgb").render()
print("drawn with", os.environ["LP_NUM_THREADS"], drawing_threads.running(), file=sys.stderr)
sys.stderr.flush()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_conformance_7_last_words_were_lines_of_blenders_about_a_display(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: Any
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "LP_NUM_THREADS"):
        monkeypatch.delenv(name, raising=False)
    with launcher(written(tmp_path, DRAWS), runtime, restart="never") as bl:
        assert bl.wait() == [-signal.SIGKILL]
        report = bl.status()[0]["report"]
    # One instance draws without a thread of Mesa's as several do.
    assert report.endswith("the last lines of its stderr:\n    drawn with 0 []"), report
    shown = capfd.readouterr().err
    assert "[0] drawn with 0 []" in shown and "EGL" not in shown
