"""Steps that change a scene, by what Blender has then."""

from pathlib import Path

from support.runtimes import Runtime
from support.workers import reported

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
for wrong in ("seed", ["seed"], [1, {}], ["seed", 1]):
    assert error(worker.apply([wrong])).startswith("TypeError: a step must be a pair")
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
said = refused("cycles_settings", device_type="CRAY", use_cpu=False)
assert said.startswith("ValueError: device_type must be one of CPU, CUDA"), said
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
