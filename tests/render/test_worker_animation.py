"""Steps about what moves, and the scene that is saved."""

from pathlib import Path

from support.runtimes import Runtime
from support.workers import reported

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

for wrong in ({"scale": 1e6}, {"shift": -20}):
    said = refused("move_keyframes", **wrong)
    assert said.startswith("RuntimeError: move_keyframes: the animation would be"), said
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
from blendtorch.btb.worker.fcurves import keyed
[one for _, one in keyed() if one.array_index == 2][0].mute = True
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
assert refused("save_file", path=file).startswith(f"ValueError: {file} is the file that is open")
os.link(file, f"{folder}/same.blend")
assert "is the file that is open" in refused("save_file", path=f"{folder}/same.blend")
apply("set_resolution", height=20)
apply("threads", count=1)
apply("threads", count=2)
apply("save_file", path=f"{folder}/new/saved.blend")
assert bpy.context.scene.render.threads == 2
assert bpy.data.filepath == file and bpy.context.scene.render.use_persistent_data
ok(worker.close())
bpy.ops.wm.open_mainfile(filepath=f"{folder}/new/saved.blend")
render = bpy.context.scene.render
assert render.resolution_y == 20 and not render.use_persistent_data
assert render.threads_mode == "AUTO"
open(f"{folder}/file", "w").close()
ok(worker.open(scene=file))
assert refused("save_file", path=f"{folder}/file/x.blend").startswith("RuntimeError: ")
report()
"""


def test_animations_are_muted_and_the_scene_is_saved(runtime: Runtime, tmp_path: Path) -> None:
    reported(runtime, tmp_path, MUTED)
