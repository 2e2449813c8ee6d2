"""Cameras against Blender's own `world_to_camera_view`, in a real Blender."""

from pathlib import Path

import pytest
from btb_support import Runtime

# Everything that moves a pixel: an odd image, a scaled and turned camera, a shifted lens.
SCRIPT = """
from bpy_extras.object_utils import world_to_camera_view

scene = cubes.empty_scene(642, 470)
scene.render.resolution_percentage = 50
bpy.ops.mesh.primitive_monkey_add(location=(0.3, 0.2, -0.1))
monkey = bpy.context.active_object
monkey.modifiers.new("finer", "SUBSURF").levels = 1
cube = cubes.colored_cube("cube")
cube.location, cube.rotation_euler, cube.scale = (1, 1, 0.5), (0.3, 0.2, 0.1), (1, 0.5, 0.7)

cam = cubes.camera((5, -6, 3), (0, 0, 0))
cam.bpy_camera.scale = (2, 3, 0.5)
cam.bpy_camera.rotation_euler.z += 0.2
lens = cam.bpy_camera.data
lens.type, lens.sensor_fit = KIND, FIT
lens.ortho_scale, lens.shift_x, lens.shift_y, lens.lens = 7, 0.1, -0.05, 35
cam.update_view_matrix()
cam.update_proj_matrix()

xyz = btb.utils.world_coordinates(monkey, cube)
# Blender's own wants the matrix without scale; it normalises it by itself.
expected = np.array([world_to_camera_view(scene, cam.bpy_camera, p) for p in map(
    __import__("mathutils").Vector, xyz)])
xy, depth = cam.object_to_pixel(monkey, cube, return_depth=True)
lower = cam.ndc_to_pixel(cam.world_to_ndc(xyz), origin="lower-left")
boxes = cam.bbox_object_to_pixel(monkey, cube)
h, w = cam.shape
report(
    shape=cam.shape, kind=cam.type, points=len(xyz), originals=len(monkey.data.vertices) + 8,
    xy=np.abs(xy - np.c_[expected[:, 0] * w, (1 - expected[:, 1]) * h]).max(),
    lower=np.abs(lower - expected[:, :2] * (w, h)).max(),
    depth=np.abs(depth - expected[:, 2]).max(), spread=np.ptp(xy, axis=0).min(),
    boxes=boxes.shape, order=np.abs(xy[-8:] - cam.object_to_pixel(cube)).max(),
)
"""


@pytest.mark.parametrize("fit", ["AUTO", "VERTICAL"])
@pytest.mark.parametrize("kind", ["PERSP", "ORTHO"])
def test_pixels_and_depth_are_blenders(
    runtime: Runtime, tmp_path: Path, kind: str, fit: str
) -> None:
    got = runtime.reported(tmp_path, SCRIPT.replace("KIND", repr(kind)).replace("FIT", repr(fit)))
    assert got["shape"] == [235, 321]
    assert got["kind"] == kind
    assert got["points"] > 3 * got["originals"], "vertices must be the evaluated ones"
    assert got["spread"] > 50
    # Blender's matrices are float32.
    assert max(got["xy"], got["lower"]) < 1e-2
    assert got["depth"] < 1e-4
    assert got["boxes"] == [16, 2]
    assert got["order"] == 0


def test_wrong_arguments_are_explained(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        """
cubes.empty_scene(64, 48)
errors = []
for attempt in (
    lambda: btb.Camera(),
    lambda: cubes.camera((0, -5, 0), (0, 0, 0)).ndc_to_pixel([[0, 0, 0]], origin="middle"),
    lambda: btb.Camera().object_to_pixel(bpy.context.scene.camera),
):
    try: attempt()
    except Exception as error: errors.append(f"{type(error).__name__}: {error}")
report(errors=errors)
""",
    )
    assert [e.split(":")[0] for e in got["errors"]] == ["ValueError", "ValueError", "TypeError"]
    assert "has no camera" in got["errors"][0]
    assert "upper-left" in got["errors"][1]
    assert "no vertices" in got["errors"][2]
