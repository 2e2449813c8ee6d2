"""Blender draws without threads of Mesa's, whoever starts it (`blendtorch.drawing_threads`).

Where a graphics card draws there are none in any case, and what is said of the user's own setting
is not to be seen.
"""

import dataclasses
from pathlib import Path

import pytest
from support.runtimes import MARK, Runtime, bpy_python

# What a script of a user's does: nothing about threads. Which engine draws makes no difference to
# Mesa, and EEVEE's first picture takes ten seconds.
DRAWS = """
bpy.context.scene.render.engine = "BLENDER_WORKBENCH"
bpy.context.scene.render.resolution_x = bpy.context.scene.render.resolution_y = 16
btb.OffScreenRenderer(btb.Camera(), mode="rgb").render()
import gpu
from blendtorch import drawing_threads
report(threads=drawing_threads.running(), software="llvmpipe" in gpu.platform.renderer_get())
"""


def unset(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> Runtime:
    monkeypatch.delenv("LP_NUM_THREADS", raising=False)
    return runtime


def test_pictures_are_drawn_without_a_thread_of_mesas_unless_the_user_wants_some(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    got = unset(runtime, monkeypatch).reported(tmp_path, DRAWS, alone=True)
    assert got["threads"] == []
    if got["software"]:
        monkeypatch.setenv("LP_NUM_THREADS", "2")
        assert len(runtime.reported(tmp_path, DRAWS, alone=True)["threads"]) == 2


def test_a_plain_import_of_bpy_draws_without_one_too(
    bpy_runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = dataclasses.replace(bpy_runtime, words=(bpy_python(),))
    script = tmp_path / "plain.py"
    report = f"def report(**v):\n    import json\n    print({MARK!r} + json.dumps(v))\n"
    script.write_text(f"import bpy\nfrom blendtorch import btb\n{report}{DRAWS}")
    done = unset(plain, monkeypatch).run(script)
    assert '"threads": []' in done.stdout, done.stdout + done.stderr


def test_a_window_that_was_opened_with_threads_is_warned_of(
    windowed: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = "from blendtorch import drawing_threads\nreport(threads=drawing_threads.running())\n"
    end = "import os; sys.stdout.flush(); os._exit(0)\n"
    done = unset(windowed, monkeypatch).run_script(tmp_path, code + end)
    assert MARK in done.stdout, done.stdout + done.stderr
    drawn_with_threads = "llvmpipe-" in done.stdout
    warned = "LP_NUM_THREADS=0 in its environment" in done.stdout + done.stderr
    assert warned == drawn_with_threads
