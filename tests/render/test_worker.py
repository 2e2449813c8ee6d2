"""The worker's verbs and steps, called in a Blender without a head."""

from pathlib import Path
from typing import Any

import pytest
from support.runtimes import Runtime

# A scene of its own, and the verbs without the answers around them.
WORKER = """
import math, os
from blendtorch.btb import instance
from blendtorch.btb.worker import telling
from blendtorch.btb.worker.verbs import Worker

events = []
instance.say = lambda topic, value: events.append(value)

def new_scene():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.render.engine = "CYCLES"
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.render.resolution_x, scene.render.resolution_y = 64, 48
    scene.frame_start, scene.frame_end = 1, 5
    bpy.ops.mesh.primitive_cube_add(size=2)
    bpy.context.object.name = "Cube"
    for frame, x in ((1, 0), (5, 4)):
        bpy.data.objects["Cube"].location.x = x
        bpy.data.objects["Cube"].keyframe_insert("location", index=0, frame=frame)
    scene.camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(scene.camera)
    scene.camera.location = (0, -8, 0)
    scene.camera.rotation_euler = (math.pi / 2, 0, 0)
    return scene

def save(name="scene.blend"):
    path = f"{folder}/{name}"
    bpy.ops.wm.save_as_mainfile(filepath=path)
    return path

def ok(answer):
    assert "ok" in answer, answer
    return answer["ok"]

def error(answer):
    assert "error" in answer, answer
    return f"{answer['error']['type']}: {answer['error']['text']}"

def apply(step, /, **kwargs):
    return ok(worker.apply([[step, kwargs]]))[0]

def refused(step, /, **kwargs):
    return error(worker.apply([[step, kwargs]]))

def warned():
    texts = [event["text"] for event in events if event["event"] == "warning"]
    events.clear()
    return texts

worker = Worker()
"""


def reported(runtime: Runtime, tmp_path: Path, code: str) -> dict[str, Any]:
    return runtime.reported(tmp_path, f"folder = {str(tmp_path)!r}\n{WORKER}{code}")


OPEN = """
def text(path):
    new_scene()
    cube, camera = bpy.data.objects["Cube"], bpy.data.objects["Camera"]
    module = bpy.data.texts.new("register.py")
    module.use_module = True
    module.write("import bpy\\nbpy.app.driver_namespace['RAN'] = 1\\n"
                 "def watch(scene): pass\\nbpy.app.handlers.frame_change_pre.append(watch)\\n")
    driver = cube.driver_add("location", 1).driver
    driver.use_self, driver.expression = True, "3 + 0 * self.location.x"
    image = bpy.data.images.new("Wood", 4, 4)
    image.source, image.filepath, image.use_fake_user = "FILE", "//none/wood.png", True
    cube["image"] = image
    return save(path)

file = text("text.blend")
# A library that is gone.
new_scene()
library = save("library.blend")
new_scene()
with bpy.data.libraries.load(library, link=True) as (there, linked):
    linked.objects = ["Cube"]
bpy.context.scene.collection.objects.link(linked.objects[0])
users = save("users.blend")
assert ok(worker.open(scene=users))["libraries"] == [library]
os.remove(library)
about = ok(worker.open(scene=users))
assert about["warnings"] == [
    f"the library {library} is missing: what it holds is not rendered"], about
for autoexec in (False, True, False):
    bpy.app.driver_namespace.pop("RAN", None)
    about = ok(worker.open(scene=file, autoexec=autoexec))
    bpy.context.scene.frame_set(3)
    y = bpy.data.objects["Cube"].matrix_world.translation.y
    assert ("RAN" in bpy.app.driver_namespace) == autoexec
    assert (y == 3) == autoexec, y
    told = " ".join(about["sequential"])
    assert ("watch" in told and "Cube.location[1] uses `self`" in told) == autoexec, told
    told = " ".join(about["warnings"])
    assert ("do not run without autoexec=True" in told) != autoexec
    assert f"{folder}/none/wood.png is missing" in told
assert about["frame_start"] == 1 and about["frame_end"] == 5 and about["frame_step"] == 1
assert about["fps"] == 24 and about["engine"] == "CYCLES" and about["camera"] == "Camera"
assert about["resolution"] == [48, 64] and about["libraries"] == []
assert about["version"] == ".".join(map(str, bpy.app.version))
render = bpy.context.scene.render
assert render.use_persistent_data and not render.film_transparent
ok(worker.close())
assert "RuntimeError: no scene is open" in refused("original_fps")

# What cannot be opened.
new_scene().camera = None
bpy.context.scene.name = "Bare"
bare = save("bare.blend")
open(f"{folder}/text.txt.blend", "w").write("no scene")
old = open(bare, "rb").read()
assert old.startswith(b"BLENDER-v") or old.startswith(b"BLENDER_v") or old[:4] == b"(\\xb5/\\xfd", old[:12]
open(f"{folder}/new.blend", "wb").write(b"BLENDER17-01v0999" + bytes(99))
report(
    missing=error(worker.open(scene=f"{folder}/none.blend")),
    folder=error(worker.open(scene=folder)),
    broken=error(worker.open(scene=f"{folder}/text.txt.blend")),
    newer=error(worker.open(scene=f"{folder}/new.blend")),
    bare=error(worker.open(scene=bare)),
    option=error(worker.open(scene=file, options={"load_gui": False})),
    taken=error(worker.open(scene=file, options={"use_scripts": True})),
    ui=ok(worker.open(scene=file, options={"load_ui": False}))["camera"],
)
"""


def test_a_file_is_opened_as_it_was_asked_and_says_what_is_wrong(
    runtime: Runtime, tmp_path: Path
) -> None:
    said = reported(runtime, tmp_path, OPEN)
    expected = {
        "missing": f"FileNotFoundError: {tmp_path}/none.blend: there is no such file; give",
        "folder": f"RuntimeError: {tmp_path} is no file",
        "broken": f"RuntimeError: {tmp_path}/text.txt.blend does not open in Blender",
        "newer": f"RuntimeError: {tmp_path}/new.blend was saved by Blender 9.99, and this is",
        "bare": f"ValueError: {tmp_path}/bare.blend: its scene 'Bare' has no camera (it has cameras: ",
        "option": "ValueError: open: bpy.ops.wm.open_mainfile has no option load_gui",
        "taken": "ValueError: open: use_scripts cannot be an option",
    }
    for name, text in expected.items():
        assert said[name].startswith(text.removesuffix("it has cameras: ")), said[name]
    assert said["ui"] == "Camera"


SCENE = """
scene = new_scene()
scene.render.fps, scene.render.fps_base = 30, 1.001
scene.frame_step = 2
other = bpy.data.objects.new("Other", bpy.data.cameras.new("Other"))
scene.collection.objects.link(other)
marker = scene.timeline_markers.new("cut", frame=3)
marker.camera = other
second = bpy.data.scenes.new("Second")
scene.view_layers.new("Layer 2")
if hasattr(scene, "compositing_node_group"):  # Blender 5
    nodes = scene.compositing_node_group = bpy.data.node_groups.new("nodes", "CompositorNodeTree")
else:
    scene.use_nodes = True
    nodes = scene.node_tree
nodes.nodes.new("CompositorNodeOutputFile").name = "Mine"
file = save()
about = ok(worker.open(scene=file))
assert any("File Output node 'Mine'" in text for text in about["warnings"]), about["warnings"]
scene = bpy.context.scene

assert apply("original_fps") == 30
assert abs(apply("get_original_fps") - 30 / 1.001) < 1e-4
assert apply("animation_range_tuple") == [1, 5, 2]
assert list(range(*apply("animation_range"))) == [1, 3, 5]

apply("set_resolution", height=[32, 40])
assert (scene.render.resolution_y, scene.render.resolution_x) == (32, 40)
apply("set_resolution", width=80, resolution_percentage=50)
assert (scene.render.resolution_y, scene.render.resolution_x) == (32, 80)
assert apply("camera_info")["w"] == 40 and apply("camera_info")["h"] == 16
apply("set_resolution", height=48, width=64)
assert "pass a pair" in refused("set_resolution", height=[1, 2], width=3)
assert refused("set_resolution", height=0).startswith("ValueError: height must be")
assert scene.render.resolution_percentage == 100

apply("image_settings", file_format="OPEN_EXR", bit_depth=32, color_mode="RGBA")
settings = scene.render.image_settings
assert (settings.file_format, settings.color_depth, settings.color_mode) == (
    "OPEN_EXR", "32", "RGBA")
assert refused("image_settings", file_format="JPEG", bit_depth=32).startswith("ValueError: image_s")
assert settings.file_format == "OPEN_EXR" and settings.color_depth == "32"

apply("use_motion_blur", enable=True)
assert scene.render.use_motion_blur
apply("use_motion_blur", enable=False)

apply("set_animation_range", start=2, stop=4)
assert apply("animation_range_tuple") == [2, 3, 2]
apply("set_animation_range", start=10, stop=21, step=1)
assert apply("animation_range_tuple") == [10, 20, 1]
apply("set_animation_range", start=0, stop=1)
assert apply("animation_range_tuple") == [0, 0, 1]
assert refused("set_animation_range", stop=0).startswith("ValueError: set_animation_range: frames")
assert refused("set_animation_range", start=5, stop=5).startswith("ValueError: set_animation_range")
assert refused("set_animation_range", step=0).startswith("ValueError: step must be")
assert apply("animation_range_tuple") == [0, 0, 1]
apply("set_current_frame", frame_number=3)
assert scene.frame_current == 3 and bpy.data.objects["Cube"].matrix_world.translation.x == 2
assert refused("set_current_frame", frame_number=2**21).startswith("ValueError: the frame must")

apply("camera", name="Camera")
scene.frame_set(4)
assert scene.camera.name == "Camera"
assert refused("camera", name="Cube") == (
    "KeyError: scene 'Scene' has no camera 'Cube'; there are: Camera, Other")
apply("view_layer", name="Layer 2")
assert bpy.context.view_layer.name == "Layer 2"
assert "there are: Layer 2, View" in refused("view_layer", name="x")
apply("engine", name="eevee")
assert "EEVEE" in scene.render.engine
apply("samples", count=7)
assert scene.eevee.taa_render_samples == 7
apply("engine", name="Workbench")
assert refused("samples", count=7).startswith("ValueError: WORKBENCH has no samples")
assert apply("cycles_settings", max_samples=3) == []
assert "renders with WORKBENCH" in warned()[-1]
assert refused("engine", name="LUX").startswith("ValueError: this Blender has no engine 'LUX'")
apply("engine", name="CYCLES")
apply("threads", count=2)
assert scene.render.threads == 2 and scene.render.threads_mode == "FIXED"
apply("threads", count=0)
assert scene.render.threads_mode == "AUTO"
apply("seed", value=5)
assert scene.cycles.seed == 5

assert "there is no step 'render'" in refused("render")
assert "got an unexpected keyword argument 'x'; it takes (height" in refused("set_resolution", x=1)
assert worker.apply([["seed", {"value": 6}], ["seed", {"value": -1}], ["seed", {"value": 7}]])[
    "error"]["type"] == "ValueError"
assert scene.cycles.seed == 6
assert "add-on 'no such'" in refused("load_addons", names=["no such"])
apply("load_addons", names=[" IO_Scene_FBX "])
assert "io_scene_fbx" in bpy.context.preferences.addons

apply("scene", name="Second")
assert bpy.context.scene.name == "Second"
assert refused("camera_extrinsics").startswith("ValueError: scene 'Second'")
assert "there are: Scene, Second" in refused("scene", name="x")
report()
"""


def test_steps_set_what_they_say(runtime: Runtime, tmp_path: Path) -> None:
    reported(runtime, tmp_path, SCENE)


CYCLES = """
from blendtorch.btb.worker.steps import cycles

scene = new_scene()
file = save()
ok(worker.open(scene=file))
scene = bpy.context.scene
bpy.context.view_layer.samples = 9
scene.cycles.use_adaptive_sampling = False
cpu = apply("cycles_settings", device_type="cpu", use_cpu=True, adaptive_threshold=0.1,
            max_samples=3)
assert len(cpu) == 1
assert scene.cycles.samples == 3 and bpy.context.view_layer.samples == 0
assert abs(scene.cycles.adaptive_threshold - 0.1) < 1e-6 and scene.cycles.use_adaptive_sampling
assert scene.cycles.device == "CPU"
assert apply("cycles_settings", max_samples=4) == [] and scene.cycles.samples == 4
assert "with a device_type say use_cpu too" in refused("cycles_settings", device_type="CUDA")
assert refused("cycles_settings", device_type="CRAY", use_cpu=False).startswith("ValueError: device")
there = refused("cycles_settings", device_type="CUDA", use_cpu=True, max_samples=5)
assert there.startswith("RuntimeError: there is no CUDA device here") and cpu[0] in there
assert scene.cycles.samples == 4

import _cycles
if _cycles.with_openimagedenoise:
    apply("denoise", enable=True)
    assert scene.cycles.use_denoising
else:
    assert "without OpenImageDenoise" in refused("denoise", enable=True)
    assert "without OpenImageDenoise" in refused("cycles_settings", use_denoising=True)
apply("cycles_settings", use_denoising=False)
assert not scene.cycles.use_denoising

# Cards that this machine does not have.
class Device:
    def __init__(self, id, type):
        self.id, self.type, self.name, self.use = id, type, f"{type} {id}", True

class Preferences:
    compute_device_type = "NONE"
    devices = [Device("a", "CUDA"), Device("b", "CUDA"), Device("a-rt", "OPTIX"),
               Device("CPU", "CPU"), Device("CPU", "CPU")]
    def refresh_devices(self): pass

cycles._preferences = lambda: Preferences
Preferences.refresh_devices = staticmethod(lambda: None)
used = []
for number in range(3):
    cycles.instance_number = lambda: number
    used.append(apply("cycles_settings", device_type="cuda", use_cpu=False))
    assert [one.name for one in Preferences.devices if one.use] == used[-1]
assert used == [["CUDA a"], ["CUDA b"], ["CUDA a"]], used
assert apply("cycles_settings", device_type="OPTIX", use_cpu=True) == ["OPTIX a-rt", "CPU CPU"]
assert [one.id for one in Preferences.devices if one.use] == ["a-rt", "CPU", "CPU"]
assert Preferences.compute_device_type == "OPTIX" and scene.cycles.device == "GPU"
report()
"""


def test_devices_are_those_that_are_there_and_each_instance_has_its_own(
    runtime: Runtime, tmp_path: Path
) -> None:
    reported(runtime, tmp_path, CYCLES)


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
assert refused("position_camera", look_at=[0, 0, 0]).startswith("ValueError: position_camera: `look")
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
assert near(np.array(apply("camera_extrinsics"))[:3, 3] - pose[:3, 3], pose[:3, :3] @ (1, 2, 3), 1e-4)
camera.parent = None

for mode, path in (("XYZ", "rotation_euler"), ("QUATERNION", "rotation_quaternion")):
    camera.animation_data_clear()
    camera.rotation_mode = mode
    for frame, angle in ((1, 3.0), (3, 3.5)):
        matrix = Matrix.Translation((frame, 0, 0)) @ Matrix.Rotation(angle, 4, "Z")
        apply("set_camera_keyframe", frame_num=frame, matrix=[list(row) for row in matrix])
    scene.frame_set(2)
    assert near(apply("camera_extrinsics"), Matrix.Translation((2, 0, 0)) @
                Matrix.Rotation(3.25, 4, "Z"), 1e-3), apply("camera_extrinsics")
    name = camera.animation_data.action.name
    paths = {one["data_path"] for one in apply("iter_fcurves", actions=[name])}
    assert paths == {"location", path, "scale"}, paths
assert refused("set_camera_keyframe", frame_num=1, matrix=[[1]]).startswith("ValueError: matrix must")
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


MOVED = """
scene = new_scene()
cube = bpy.data.objects["Cube"]
scene.frame_start, scene.frame_end, scene.frame_current = 2, 11, 3
scene.render.motion_blur_shutter = 0.5

def empty(name):
    made = bpy.data.objects.new(name, None)
    scene.collection.objects.link(made)
    return made

def curve(name, *modifiers):
    one = empty(name)
    for frame, x in ((1, 0), (5, 3), (9, 1)):
        one.location.x = x
        one.keyframe_insert("location", index=0, frame=frame)
    data = one.animation_data
    action = data.action
    curves = action.fcurves if hasattr(action, "fcurves") else (
        action.layers[0].strips[0].channelbag(data.action_slot).fcurves)
    for kind, values in modifiers:
        modifier = curves[0].modifiers.new(kind)
        for key, value in values.items():
            setattr(modifier, key, value)
    return curves[0]

curve("keys")
curve("cycles", ("CYCLES", {}))
curve("noise", ("NOISE", {"scale": 3, "offset": 2, "strength": 2, "phase": 0.3}))
curve("stepped", ("STEPPED", {"frame_step": 3, "frame_offset": 1}))
curve("limits", ("LIMITS", {"use_min_x": True, "min_x": 4, "use_max_x": True, "max_x": 7}))
curve("sine", ("FNGENERATOR", {"phase_multiplier": 0.7, "phase_offset": 0.2, "use_additive": True}))
curve("poly", ("GENERATOR", {"poly_order": 2, "coefficients": (0.5, 0.2, 0.03)}))
curve("product", ("GENERATOR", {"mode": "POLYNOMIAL_FACTORISED", "poly_order": 2,
                                "coefficients": (0.5, 0.2, 0.1, 1)}))
curve("range", ("FNGENERATOR", {"use_restricted_range": True, "frame_start": 3, "frame_end": 8,
                                "blend_in": 2, "blend_out": 1}))
driven = empty("driven").driver_add("location", 0).driver
driven.expression = "sin(frame / 5) + frame"
var = empty("reads").driver_add("location", 0).driver
var.type = "SUM"
variable = var.variables.new()
variable.targets[0].id_type, variable.targets[0].id = "SCENE", scene
variable.targets[0].data_path = "frame_current"
strips = empty("strips")
for frame, x in ((1, 0), (5, 3)):
    strips.location.x = x
    strips.keyframe_insert("location", index=0, frame=frame)
action = strips.animation_data.action
track = strips.animation_data.nla_tracks.new()
first = track.strips.new("first", 1, action)
second = track.strips.new("second", 6, action)
first.blend_out = 1
strips.animation_data.action = None
scene.timeline_markers.new("mark", frame=5)
file = save()

names = [one.name for one in bpy.data.objects if one.type == "EMPTY" and one.name != "reads"]
def sampled(frames):
    scene, values = bpy.context.scene, []
    for frame in frames:
        scene.frame_set(math.floor(frame), subframe=frame - math.floor(frame))
        bpy.context.view_layer.update()
        values.append([bpy.data.objects[name].matrix_world.translation.x for name in names])
    return np.array(values)

ok(worker.open(scene=file))
frames = np.array([2, 3.5, 5, 6, 7.25, 9, 11])
before = sampled(frames)
bpy.context.scene.frame_set(3)
for scale, shift in ((2.0, 3.0), (0.5, -1.5), (1.0, 10.0), (0.25, 0.0)):
    events.clear()
    ok(worker.open(scene=file))
    apply("move_keyframes", scale=scale, shift=shift)
    scene = bpy.context.scene
    told = warned()
    assert "the driver of reads.location[0]" in told[-1] and "strips" not in told[-1], told
    assert "driven" not in told[-1], told
    legacy = "use_legacy_noise" not in bpy.types.FModifierNoise.bl_rna.properties
    assert ("a modifier of noiseAction.location[0]" in told[-1]) == legacy, told
    assert told[-1].count("modifier") == legacy, told
    assert apply("animation_range_tuple")[:2] == [
        round(2 * scale + shift), round(12 * scale + shift) - 1]
    assert abs(scene.render.motion_blur_shutter - 0.5 / scale) < 1e-6
    assert scene.frame_current == round(3 * scale + shift)
    assert scene.timeline_markers["mark"].frame == round(5 * scale + shift)
    after = sampled(frames * scale + shift)
    worst = np.abs(after - before).max(0)
    worst = {name: value for name, value in zip(names, worst) if not (legacy and name == "noise")}
    assert max(worst.values()) < 2e-3, (scale, shift, worst)

# Twice is the product.
ok(worker.open(scene=file))
apply("move_keyframes", scale=2)
apply("move_keyframes", scale=0.5, shift=4)
assert np.abs((sampled(frames + 4) - before)[:, names.index("keys")]).max() < 2e-3
assert apply("animation_range_tuple")[:2] == [6, 15]

assert refused("move_keyframes", scale=1e6).startswith("RuntimeError: move_keyframes: the animation")
assert refused("move_keyframes", shift=-20).startswith("RuntimeError: move_keyframes: the animation")
assert refused("move_keyframes", scale=0).startswith("ValueError: scale must be above 0")
assert apply("animation_range_tuple")[:2] == [6, 15]
report()
"""


def test_keyframes_are_moved_with_all_that_goes_by_frames(runtime: Runtime, tmp_path: Path) -> None:
    reported(runtime, tmp_path, MOVED)


MUTED = """
scene = new_scene()
cube = bpy.data.objects["Cube"]
for index in (1, 2):
    for frame, value in ((1, 0), (5, 4)):
        cube.location[index] = value
        cube.keyframe_insert("location", index=index, frame=frame)
from blendtorch.btb.worker.fcurves import iter_fcurves
[one for one in iter_fcurves() if one.array_index == 2][0].mute = True
cube.location = (0, 0, 0)
file = save()
ok(worker.open(scene=file))

def at(frame):
    apply("set_current_frame", frame_number=frame)
    return list(bpy.data.objects["Cube"].matrix_world.translation)

def mutes():
    return [one["mute"] for one in apply("iter_fcurves")]

assert at(3) == [2, 2, 0]
apply("use_animations", enable=False)
assert at(5) == [2, 2, 0] and mutes() == [True] * 3
apply("use_animations", enable=True)
assert at(5) == [4, 4, 0] and mutes() == [False, False, True]
told = apply("iter_fcurves")
assert told[0]["data_path"] == "location" and told[0]["keyframes"] == [[1, 0], [5, 4]]
assert "there is no action 'x'" in refused("iter_fcurves", actions=["x"])

# What is saved is the scene with the client's changes, without what rendering takes.
assert refused("save_file", path=file) == f"ValueError: {file} is the file that is open: save the " \\
    "scene under another name"
os.link(file, f"{folder}/same.blend")
assert "is the file that is open" in refused("save_file", path=f"{folder}/same.blend")
apply("set_resolution", height=20)
apply("save_file", path=f"{folder}/new/saved.blend")
assert bpy.data.filepath == file and bpy.context.scene.render.use_persistent_data
ok(worker.close())
bpy.ops.wm.open_mainfile(filepath=f"{folder}/new/saved.blend")
render = bpy.context.scene.render
assert render.resolution_y == 20 and not render.use_persistent_data
open(f"{folder}/file", "w").close()
ok(worker.open(scene=file))
assert refused("save_file", path=f"{folder}/file/x.blend").startswith("RuntimeError: ")
report()
"""


def test_animations_are_muted_and_the_scene_is_saved(runtime: Runtime, tmp_path: Path) -> None:
    reported(runtime, tmp_path, MUTED)


REASONS = """
scene = new_scene()

def add(name, kind=None, **location):
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=2, y_subdivisions=2)
    bpy.context.object.name = name
    if kind:
        bpy.context.object.modifiers.new(kind.title(), kind)
    return bpy.context.object

def zones(name):
    tree = bpy.data.node_groups.new(name, "GeometryNodeTree")
    into = tree.nodes.new("GeometryNodeSimulationInput")
    tree.nodes.new("GeometryNodeSimulationOutput")
    into.pair_with_output(tree.nodes[-1])
    return tree

bpy.ops.rigidbody.world_add()
for name, kind in (("Floor", "PASSIVE"), ("Stone", "ACTIVE")):
    add(name)
    bpy.ops.rigidbody.object_add(type=kind)
add("Flag", "CLOTH")
add("Jelly", "SOFT_BODY")
add("Hidden", "CLOTH").modifiers[0].show_render = False
bpy.context.view_layer.objects.active = add("Canvas", "DYNAMIC_PAINT")
bpy.ops.dpaint.type_toggle(type="CANVAS")
add("Smoke", "FLUID").modifiers[0].fluid_type = "DOMAIN"
add("Rain", "PARTICLE_SYSTEM")
add("Fur", "PARTICLE_SYSTEM").particle_systems[0].settings.type = "HAIR"
expected = ["Stone", "Flag", "Jelly", "Canvas", "Smoke", "Rain"]
if hasattr(bpy.types, "GeometryNodeSimulationInput"):
    add("Zones", "NODES").modifiers[0].node_group = zones("zones")
    expected.append("Zones")
told = ok(worker.open(scene=save()))["sequential"]
assert len(told) == len(expected), told
for name in expected:
    assert any(name in reason for reason in told), (name, told)
assert "cloth 'Cloth' of 'Flag' is not baked" in told
# Baked, it is no reason.
scene = bpy.context.scene
scene.frame_end = scene.rigidbody_world.point_cache.frame_end = 3
with bpy.context.temp_override(point_cache=scene.rigidbody_world.point_cache):
    bpy.ops.ptcache.bake(bake=True)
told = ok(worker.open(scene=save("baked.blend")))["sequential"]
assert not any("Stone" in reason for reason in told), told
ok(worker.open(scene=save("none.blend") if new_scene() else None))
report()
"""


def test_what_depends_on_the_frame_before_is_named(runtime: Runtime, tmp_path: Path) -> None:
    reported(runtime, tmp_path, REASONS)


# A worker whose frames are kept: nothing is written, no head is told.
RENDERS = """
from blendtorch.btb.worker import prepared, run as running

frames = {}
class Writer:
    '''A writer that keeps what it is given.'''
    def __init__(self, spec, folder): self.spec, self.closed = json.loads(spec), False
    def warnings(self): return ["to be known"]
    def write(self, frame, arrays, about):
        frames[frame] = {name: np.array(array) for name, array in arrays.items()}
        events.append({"event": "written", "frame": frame, "about": json.loads(about)})
    def flush(self): pass
    def close(self): self.closed = True

def prepare(passes, **kwargs):
    spec = {"layout": "flat", "previews": False, "multilayer": False, "files": [
        {"pass": name, "format": "exr", "bits": 32, "codec": "ZIP"} for name in passes]}
    return ok(worker.prepare(passes={name: {} for name in passes}, spec=spec, folder=folder,
                             **kwargs))

def ids(told):
    objects = {thing["name"]: [n + 1, 0] for n, thing in enumerate(told["objects"])}
    return {"instances": objects, "materials": {n: i + 1 for i, n in enumerate(told["materials"])}}

def said():
    values = [(event["event"], event["frame"]) for event in events if "frame" in event]
    events.clear()
    return values
"""

RUN = """
real_writer = prepared._blendtorch.FrameWriter
prepared._blendtorch.FrameWriter = Writer
scene = new_scene()
scene.frame_current = 2
cube = bpy.data.objects["Cube"]
cube.pass_index = 77
file = save()
assert error(worker.run(frames=[1])).startswith("RuntimeError: no scene is open")
assert error(worker.prepare(passes={"depths": {}})).startswith("RuntimeError: no scene is open")
ok(worker.open(scene=file))
assert error(worker.run(frames=[1])).startswith("RuntimeError: nothing is prepared")
assert error(worker.prepare(passes={"depth": {}})).startswith("ValueError: ")
blocked = f"{folder}/blocked"
open(blocked, "w").close()
assert error(worker.prepare(passes={"depths": {}}, spec={"files": []}, folder=f"{blocked}/x")
    ).startswith(f"RuntimeError: {blocked}/x cannot be made")
apply("engine", name="WORKBENCH")
lacks = worker.prepare(passes={"flows": {}})["error"]
assert lacks["lacks"] and lacks["type"] == "ValueError" and "WORKBENCH" in lacks["text"], lacks
apply("engine", name="CYCLES")
apply("use_motion_blur", enable=True)
assert error(worker.prepare(passes={"flows": {}})).startswith("RuntimeError: with motion blur")
apply("use_motion_blur", enable=False)

told = prepare(["depths", "segmentations"])
assert told["engine"] == "CYCLES" and "to be known" in told["warnings"]
assert told["objects"] == [{"name": "Cube", "category_id": None, "collection": "Collection"}] or (
    told["objects"][0]["name"] == "Cube" and len(told["objects"]) == 1), told
# A name without an id is asked for before its frame is written.
answer = ok(worker.run(frames=[3, 1]))
assert answer["left"] == [3, 1] and answer["unknown"]["objects"][0]["name"] == "Cube", answer
assert said() == [("began", 3)] and not frames
ok(worker.table(**ids(told)))
assert ok(worker.run(frames=[3, 1])) == {"left": [], "unknown": {"objects": [], "materials": []}}
about = [event["about"] for event in events if event["event"] == "written"]
assert said() == [("began", 3), ("written", 3), ("began", 1), ("written", 1)]
assert about[0]["frame"] == 3 and about[0]["ids"] == 1, about
assert set(about[0]["seconds"]) >= {"evaluate", "render"} and about[0]["camera"]["w"] == 64
assert np.allclose(np.array(about[0]["view"]) @ np.array(about[0]["pose"]), np.eye(4), atol=1e-6)
assert frames[3]["depth"].shape == (48, 64) and frames[3]["instance"].max() == 1
left = [np.nonzero((frames[n]["instance"] == 1).any(0))[0].min() for n in (1, 3)]
assert left[1] > left[0]
assert abs(frames[1]["depth"].min() - 7) < 1e-3
assert error(worker.run(frames=[-1])).startswith("ValueError: a frame must be")

# A step that the capture would not survive, then more frames: the ids are still there.
apply("save_file", path=f"{folder}/saved.blend")
apply("set_resolution", height=24, width=32)
ok(worker.run(frames=[2]))
assert frames[2]["instance"].shape == (24, 32) and frames[2]["instance"].max() == 1
said()

# A frame that raises changes nothing, and does not end the run.
render = prepared.Capture.render
scene = bpy.context.scene
def fails(self):
    if scene.frame_current == 4:
        scene.frame_start, scene.frame_end = 0, 1048573
        scene.render.resolution_percentage, scene.cycles.samples = 10, 99
        scene.render.image_settings.file_format = "JPEG"
        raise RuntimeError("no memory")
    return render(self)
prepared.Capture.render = fails
try:
    assert ok(worker.run(frames=[4, 5]))["left"] == []
finally:
    prepared.Capture.render = render
failed = [event for event in events if event["event"] == "failed"]
assert len(failed) == 1 and failed[0]["kind"] == "render" and "no memory" in failed[0]["text"]
assert said() == [("began", 4), ("failed", 4), ("began", 5), ("written", 5)]
assert (scene.frame_start, scene.frame_end) == (1, 5)
assert scene.render.resolution_percentage == 100 and scene.cycles.samples == 1
assert scene.render.image_settings.file_format == "PNG"

# Asked to stop, it answers what is left.
asked = running.asked.stop_waits
running.asked.stop_waits = lambda: len(events) >= 2
try:
    assert ok(worker.run(frames=[1, 2, 3]))["left"] == [2, 3]
finally:
    running.asked.stop_waits = asked
said()

# Without rendering: the camera of each frame, as markers choose it.
before = dict(frames)
assert error(worker.prepare(passes={"composites": {}})).startswith("ValueError: composites are")
second = bpy.data.objects.new("Second", bpy.data.cameras.new("Second"))
bpy.context.collection.objects.link(second)
second.location.x = 4
for frame, camera in ((1, bpy.context.scene.camera), (5, second)):
    bpy.context.scene.timeline_markers.new("cut", frame=frame).camera = camera
prepare(["frames", "depths"], dry_run=True)
ok(worker.run(frames=[1, 5]))
written = [event for event in events if event["event"] == "written"]
assert [one["files"] for one in written] == [[], []]
assert [one["about"]["pose"][0][3] for one in written] == [0, 4]
assert frames == before
said()

# Saved without what was prepared, and closed: the scene is as it was.
prepare(["segmentations"], ids=ids(told))
ok(worker.run(frames=[1]))
apply("save_file", path=f"{folder}/saved.blend")
writer = worker._prepared.writer()
ok(worker.close())
assert writer.closed
bpy.ops.wm.open_mainfile(filepath=f"{folder}/saved.blend")
assert bpy.data.objects["Cube"].pass_index == 77
assert not bpy.context.view_layer.use_pass_object_index
prepared._blendtorch.FrameWriter = real_writer
report()
"""


def test_frames_are_rendered_and_one_that_fails_changes_nothing(
    runtime: Runtime, tmp_path: Path
) -> None:
    reported(runtime, tmp_path, RENDERS + RUN)


PARTS = """
real_writer = prepared._blendtorch.FrameWriter
prepared._blendtorch.FrameWriter = Writer
scene = new_scene()
scene.frame_end = 12
bpy.ops.rigidbody.world_add()
bpy.ops.mesh.primitive_plane_add(size=20, location=(0, 0, -1.5))
bpy.ops.rigidbody.object_add(type="PASSIVE")
for n in range(2):
    bpy.ops.mesh.primitive_cube_add(size=1, location=(0.3 * n, 0, -0.9 + 1.1 * n))
    bpy.ops.rigidbody.object_add(type="ACTIVE")
file = save()

def part(*numbers):
    frames.clear()
    ok(worker.open(scene=file))
    bpy.context.scene.frame_set(6)  # what was evaluated before does not count
    prepare(["depths"], sequential=True)
    assert ok(worker.run(frames=list(numbers)))["left"] == []
    return {n: frame["depth"] for n, frame in frames.items()}

single = part(*range(1, 13))
parts = part(*range(1, 7)) | part(*range(7, 13)) | part(4, 2)
assert all((single[n] == parts[n]).all() for n in single)
assert (single[1] != single[7]).any() and (single[7] != single[12]).any()
prepared._blendtorch.FrameWriter = real_writer
report()
"""


def test_rigid_bodies_rendered_in_parts_are_those_of_a_single_run(
    runtime: Runtime, tmp_path: Path
) -> None:
    reported(runtime, tmp_path, RENDERS + PARTS)
