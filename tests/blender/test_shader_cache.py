"""Mesa keeps the shaders that it has compiled in blendtorch's cache folder, whoever starts Blender
(`blendtorch.shader_cache`), unless the user has said where."""

from pathlib import Path

import pytest
from support.runtimes import Runtime
from support.untested import untested

# What a script of a user's does: nothing about shaders.
DRAWS = """
bpy.context.scene.render.engine = "BLENDER_WORKBENCH"
bpy.context.scene.render.resolution_x = bpy.context.scene.render.resolution_y = 16
btb.OffScreenRenderer(btb.Camera(), mode="rgb").render()
import gpu
report(mesa="Mesa" in gpu.platform.vendor_get() or "Mesa" in gpu.platform.version_get())
"""


def index(folder: Path) -> Path:
    return folder / "mesa_shader_cache" / "index"


def test_shaders_are_kept_in_our_cache_folder_or_where_the_user_says(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = tmp_path / "cache", tmp_path / "theirs"
    for name in ("MESA_SHADER_CACHE_DIR", "MESA_GLSL_CACHE_DIR", "MESA_SHADER_CACHE_DISABLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BLENDTORCH_CACHE", str(ours))
    monkeypatch.setenv("MESA_SHADER_CACHE_DIR", str(theirs))
    got = runtime.reported(tmp_path, DRAWS, alone=True)
    if not got["mesa"]:
        untested("Mesa's cache of shaders: something else draws here")
    assert index(theirs).is_file() and not ours.exists()
    monkeypatch.delenv("MESA_SHADER_CACHE_DIR")
    runtime.reported(tmp_path, DRAWS, alone=True)
    assert index(ours / "shaders").is_file()


def test_a_cache_folder_that_cannot_be_written_to_is_left_to_mesa(
    bpy_runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("BLENDTORCH_CACHE", str(tmp_path / "file"))
    monkeypatch.delenv("MESA_SHADER_CACHE_DIR", raising=False)
    code = "import os\nreport(told='MESA_SHADER_CACHE_DIR' in os.environ)\n"
    assert bpy_runtime.reported(tmp_path, code, alone=True) == {"told": False}
