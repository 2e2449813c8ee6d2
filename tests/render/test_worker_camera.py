"""Steps about the camera."""

from pathlib import Path

import pytest
from support.runtimes import Runtime
from support.workers import reported

CAMERA = """
from mathutils import Euler, Matrix, Vector

def near(a, b, by=1e-5):
    return np.allclose(np.array(a, float), np.array(b, float), atol=by)

scene = new_scene()
parent = bpy.data.objects.new("Arm", None)
scene.collection.objects.link(parent)
parent.location, parent.rotation_euler, parent.scale = (1, 2, 3), (0.3, 0.2, 0.1), (2, 2, 2)
camera = scene.camera
camera.parent = parent
camera.keyframe_insert("location", frame=1)
for target in ("Cube", "Arm"):
    constraint = camera.constraints.new("LIMIT_LOCATION")
    constraint.use_max_x, constraint.max_x = True, 0.5
ok(worker.open(scene=save()))
scene, camera = bpy.context.scene, bpy.context.scene.camera

pose = np.array(apply("camera_extrinsics"))
assert near(np.linalg.norm(pose[:3, :3], axis=0), 1)
assert near(pose[:3, 3], camera.matrix_world.translation)
apply("position_camera", location=[5, 5, 5])
told = warned()[-1]
assert "constraint 'Limit Location'" in told and "its animation moves it" in told, told
scene.frame_set(1)
before = camera.matrix_world.copy()
apply("unbind_camera")
assert near(camera.matrix_world, before)
assert camera.parent is None and not camera.constraints and camera.animation_data is None
scene.frame_set(2)
assert near(camera.matrix_world, before) and not warned()

# Of a camera without a parent, turned each way.
camera.scale = (1, 1, 1)
for mode in ("XYZ", "ZYX", "QUATERNION", "AXIS_ANGLE"):
    camera.rotation_mode = mode
    apply("position_camera", location=[0, -8, 2], look_at=[0, 0, 2])
    bpy.context.view_layer.update()
    assert near(apply("camera_extrinsics"), [[1, 0, 0, 0], [0, 0, -1, -8], [0, 1, 0, 2],
                                             [0, 0, 0, 1]]), mode
    apply("rotate_camera", angle=math.pi / 2)  # clockwise: what was up is to the left
    assert near(apply("camera_extrinsics")[0][:3], [0, 1, 0]), mode
    apply("offset_camera", offset=[0, 0, -1])
    assert near(camera.location, (0, -7, 2))
    apply("offset_camera", offset=[0, 1, 0])
    assert near(camera.location, (1, -7, 2))
    turn = Euler((0.1, 0.2, 0.3)).to_matrix()
    apply("position_camera", rotation=[list(row) for row in turn])
    assert near(camera.matrix_world.to_3x3(), turn) and near(camera.location, (1, -7, 2))
    apply("position_camera", rotation=[0.1, 0.2, 0.3], location=[0, 0, 0])
    assert near(camera.matrix_world.to_3x3(), turn) and near(camera.location, (0, 0, 0))
    assert not warned()
    apply("position_camera", location=[0, 0, 0])
    assert "is there already" in warned()[-1]
assert "only one of" in refused("position_camera", rotation=[0, 0, 0], look_at=[1, 2, 3])
assert "`look_at` is where the camera is" in refused("position_camera", look_at=[0, 0, 0])
assert refused("position_camera", location=[1, 2]).startswith("ValueError: location must be three")
assert refused("position_camera", rotation=[[1, 2], [3, 4]]).startswith("ValueError: rotation must")

# In order: the angles go on from where they were.
camera.rotation_mode, camera.rotation_euler = "XYZ", (math.pi / 2, 0, 4 * math.pi)
apply("position_camera", location=[0, -8, 2], look_at=[0, 0, 2])
assert near(camera.rotation_euler, (math.pi / 2, 0, 4 * math.pi))
apply("position_camera", location=[0, -8, 1], look_at=[0, 0, 1], in_order=False)
assert near(camera.rotation_euler, (math.pi / 2, 0, 0))

# Within a parent, offsets are the camera's own.
arm = bpy.data.objects["Arm"]
camera.parent = arm
bpy.context.view_layer.update()
pose = np.array(apply("camera_extrinsics"))
apply("offset_camera", offset=[1, 2, 3])
moved = np.array(apply("camera_extrinsics")) - pose
assert near(moved[:3, 3], pose[:3, :3] @ (1, 2, 3), 1e-4)
camera.parent = None

for mode, path in (("XYZ", "rotation_euler"), ("QUATERNION", "rotation_quaternion")):
    camera.animation_data_clear()
    camera.rotation_mode = mode
    for frame, angle in ((1, 3.0), (3, 3.5)):
        matrix = Matrix.Translation((frame, 0, 0)) @ Matrix.Rotation(angle, 4, "Z")
        apply("set_camera_keyframe", frame_num=frame, matrix=[list(row) for row in matrix])
    apply("set_current_frame", frame_number=2)
    assert near(apply("camera_extrinsics"), Matrix.Translation((2, 0, 0)) @
                Matrix.Rotation(3.25, 4, "Z"), 1e-3), apply("camera_extrinsics")
    name = camera.animation_data.action.name
    paths = {one["data_path"] for one in apply("iter_fcurves", actions=[name])}
    assert paths == {"location", path, "scale"}, paths
assert "matrix must be a matrix of 4 x 4" in refused(
    "set_camera_keyframe", frame_num=1, matrix=[[1]])
report()
"""


def test_the_camera_goes_where_it_is_put(runtime: Runtime, tmp_path: Path) -> None:
    reported(runtime, tmp_path, CAMERA)


@pytest.mark.parametrize("fit", ["AUTO", "HORIZONTAL", "VERTICAL"])
def test_intrinsics_are_those_of_the_picture(
    bpy_runtime: Runtime, tmp_path: Path, fit: str
) -> None:
    code = f"""
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Vector
scene = new_scene()
data = scene.camera.data
data.sensor_fit, data.shift_x, data.shift_y = {fit!r}, 0.1, -0.2
data.sensor_height = 20
scene.render.pixel_aspect_x = 1.5
ok(worker.open(scene=save()))
scene, camera = bpy.context.scene, bpy.context.scene.camera
for size in ((48, 64), (64, 48)):
    apply("set_resolution", height=size)
    point = Vector((0.7, 2, -0.4))
    view = camera.matrix_world.inverted() @ point
    u, v, _ = world_to_camera_view(scene, camera, point)
    info = apply("camera_info")
    assert abs(info["fl_x"] * view.x / -view.z + info["cx"] - u * size[1]) < 1e-3
    assert abs(info["fl_y"] * -view.y / -view.z + info["cy"] - (1 - v) * size[0]) < 1e-3
    assert apply("camera_intrinsics") == [
        [info["fl_x"], 0, info["cx"]], [0, info["fl_y"], info["cy"]], [0, 0, 1]]
    assert apply("empty_transforms") == info and info["c"] == 4
report()
"""
    reported(bpy_runtime, tmp_path, code)
