"""Frames that a worker renders."""

from pathlib import Path

from support.runtimes import Runtime
from support.workers import RENDERS, reported

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
assert set(about[0]["seconds"]) == {"evaluate", "render", "read"} and about[0]["camera"]["w"] == 64
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
# A frame that is asked for again is not played again.
ok(worker.open(scene=file))
told = prepare(["segmentations"], sequential=True)
played = []
def count(*_): played.append(bpy.context.scene.frame_current)
bpy.app.handlers.frame_change_pre.append(count)
assert ok(worker.run(frames=[5]))["left"] == [5]
ok(worker.table(**ids(told)))
assert ok(worker.run(frames=[5, 8]))["left"] == []
# Blender calls them within a render too.
assert [n for i, n in enumerate(played) if played[i - 1] != n] == list(range(1, 9)), played
bpy.app.handlers.frame_change_pre.remove(count)
assert told["sequential"] == ["the rigid bodies of scene 'Scene' are not baked: Cube.001, Cube.002"]
assert (single[1] != single[7]).any() and (single[7] != single[12]).any()
prepared._blendtorch.FrameWriter = real_writer
report()
"""


def test_rigid_bodies_rendered_in_parts_are_those_of_a_single_run(
    runtime: Runtime, tmp_path: Path
) -> None:
    reported(runtime, tmp_path, RENDERS + PARTS)
