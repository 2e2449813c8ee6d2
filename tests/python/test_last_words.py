"""What is said of an instance that has died, and of a Blender that instances could not run in."""

import signal
from pathlib import Path
from typing import Any

import pytest
from blendtorch import btt
from btb_support import Runtime


def launcher(tmp_path: Path, code: str, runtime: Runtime) -> btt.BlenderLauncher:
    script = tmp_path / "scene script.py"
    script.write_text(code)
    return btt.BlenderLauncher("", script, background=True, blender=runtime.place)


# Draws, for which Blender prints that there is no display, and is killed.
DRAWS = """
import os, signal, sys
import bpy
from blendtorch import btb, drawing_threads

bpy.context.scene.render.resolution_x = bpy.context.scene.render.resolution_y = 16
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
    with launcher(tmp_path, DRAWS, runtime) as bl:
        assert bl.wait() == [-signal.SIGKILL]
        report = bl.status()[0]["report"]
    # One instance draws without a thread of Mesa's as several do.
    assert report.endswith("the last lines of its stderr:\n    drawn with 0 []"), report
    shown = capfd.readouterr().err
    assert "[0] drawn with 0 []" in shown and "EGL" not in shown


def test_a_blender_without_our_package_is_refused_with_what_the_doctor_says(
    blender_runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLENDTORCH_CACHE", str(tmp_path / "before set-up"))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    wanted = r"cannot import blendtorch: No module named 'blendtorch'; .*blendtorch setup --wheel"
    with pytest.raises(btt.LaunchError, match=wanted):
        launcher(tmp_path, "", blender_runtime).__enter__()
