"""What the compositor makes of a render, read back from real File Output nodes."""

import os
import re
from pathlib import Path

import pytest
from support.runtimes import Runtime

# The upper half of the image is a plane of one colour, 5 from the camera; below is nothing.
SCENE = """
import os, pathlib
scene = cubes.empty_scene(64, 48)
scene.render.engine = "CYCLES"
scene.cycles.samples, scene.cycles.use_denoising, scene.cycles.filter_width = 1, False, 0.01
# Neither this, nor a file's 8 bits, may reach what is returned.
scene.view_settings.view_transform = "Filmic"
scene.view_settings.exposure = 1.5
bpy.ops.mesh.primitive_plane_add(size=20, location=(0, 10, 0))
bpy.context.active_object.data.materials.append(cubes.plain_material("plain", (2.5, 0.5, 0.001)))
cubes.set_background((0.0, 0.0, 0.25))
cam = cubes.camera((0, 0, 5), (0, 0, 0))
layer = bpy.context.view_layer
layer.use_pass_z = layer.use_pass_normal = True
FIVE = hasattr(scene, "compositing_node_group")  # Blender 5 has other names.
if FIVE:
    tree = scene.compositing_node_group = bpy.data.node_groups.new("c", "CompositorNodeTree")
else:
    scene.use_nodes = True
    tree = scene.node_tree
    tree.nodes.clear()
source = tree.nodes.new("CompositorNodeRLayers")
PLACE = "directory" if FIVE else "base_path"
KINDS = {"Image": "RGBA", "Depth": "FLOAT", "Normal": "VECTOR", None: "RGBA"}

def output(name, kind, **slots):
    node = tree.nodes.new("CompositorNodeOutputFile")
    node.name = name
    if FIVE:
        node.format.media_type = "IMAGE" if kind == "PNG" else "MULTI_LAYER_IMAGE"
    else:
        node.file_slots.clear()
    node.format.file_format = kind
    setattr(node, PLACE, "/nowhere/at/all/")
    for index, (slot, pass_name) in enumerate(slots.items()):
        if FIVE:
            node.file_output_items.new(KINDS[pass_name], slot)
        else:
            node.file_slots.new(slot)
        if pass_name:
            tree.links.new(source.outputs[pass_name], node.inputs[index])
    return node

first = output("First", "PNG", Color="Image", Depth="Depth", Unconnected=None)
second = output("Second", "OPEN_EXR_MULTILAYER", Image="Image", Normals="Normal")
first.format.color_depth = "8"
second.format.color_depth = "16"
second.format.exr_codec = "ZIP"
select = btb.CompositeSelection
"""


@pytest.mark.usefixtures("no_display")
def test_conformance_20_slots_of_one_node_need_not_be_adjacent_nor_a_display_be_there(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
renderer = btb.CompositeRenderer([
    select("color", "First", "Color", "RGB"),
    select("normals", "Second", "Normals", "XYZ"),
    select("depth", "First", "Depth", "V"),
    select("swapped", "Second", "Image", "BGRA"),
    select("again", "First", "Color", "G"),
], btid=3)
renderer.render()
got = renderer.render()
report(
    background=bpy.app.background, display=os.environ.get("DISPLAY"),
    keys=list(got), shapes=[value.shape for value in got.values()],
    dtypes=sorted({str(value.dtype) for value in got.values()}),
    color=[got["color"][row].mean(axis=0) for row in (0, 47)],
    depth=[got["depth"][row].mean() for row in (0, 47)],
    normals=got["normals"][0].mean(axis=0),
    swapped=bool((got["swapped"][..., 2::-1] == got["color"]).all()),
    again=bool((got["again"] == got["color"][..., 1:2]).all()),
    left=os.listdir(renderer.folder), folder=renderer.folder,
    settings=[getattr(first, PLACE), first.format.file_format, first.format.color_depth,
              getattr(second, PLACE), second.format.file_format, second.format.color_depth,
              second.format.exr_codec, scene.camera.name, scene.render.resolution_x],
)
""",
        alone=True,
    )
    assert got["background"] and got["display"] is None
    assert got["keys"] == ["color", "normals", "depth", "swapped", "again"]
    assert got["shapes"] == [[48, 64, c] for c in (3, 3, 1, 4, 1)]
    assert got["dtypes"] == ["float32"]
    top, bottom = got["color"]
    assert top == pytest.approx([2.5, 0.5, 0.001], rel=1e-3), "linear light, more than a byte holds"
    assert bottom == pytest.approx([0, 0, 0.25], abs=1e-3)
    assert got["depth"][0] == pytest.approx(5, abs=1e-4) and got["depth"][1] > 1e9
    assert got["normals"] == pytest.approx([0, 0, 1], abs=1e-4)
    assert got["swapped"] and got["again"]
    assert got["left"] == [] and not Path(got["folder"]).exists()
    assert "composite-03" in got["folder"]
    nowhere, png, bits, other, exr, half, codec, camera, width = got["settings"]
    assert nowhere == other == "/nowhere/at/all/"
    assert (png, bits) == ("PNG", "8")
    assert (exr, half, codec) == ("OPEN_EXR_MULTILAYER", "16", "ZIP")
    assert camera == "camera" and width == 64


def test_frames_and_another_camera(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
above = bpy.data.objects.new("above", cam.bpy_camera.data.copy())
scene.collection.objects.link(above)
above.location = (0, 10, 8)
bpy.context.view_layer.update()
other = btb.Camera(above, shape=(20, 30))
one = [select("depth", "First", "Depth", "V")]
near, far = btb.CompositeRenderer(one), btb.CompositeRenderer(one, camera=other, btid=None)
seen = []
for frame in (-3, 0, 7, 12345):
    scene.frame_set(frame)
    seen.append([near.render()["depth"][0].mean(), far.render()["depth"].mean()])
report(seen=seen, shape=far.render()["depth"].shape, camera=scene.camera.name,
       apart=near.folder != far.folder)
""",
    )
    assert got["seen"] == [[pytest.approx(5, abs=1e-4), pytest.approx(8, abs=1e-4)]] * 4
    assert got["shape"] == [20, 30, 1]
    assert got["camera"] == "camera" and got["apart"]


def test_files_stay_when_they_are_wanted(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
renderer = btb.CompositeRenderer([select("depth", "First", "Depth", "V")],
                                 delete_render_files=False)
renderer.render(), renderer.render()
report(folder=renderer.folder)
""",
    )
    kept = sorted(Path(got["folder"]).iterdir())
    try:
        assert [path.suffix for path in kept] == [".exr", ".exr"]
        assert all(path.read_bytes().startswith(b"\x76\x2f\x31\x01") for path in kept)
    finally:
        for path in kept:
            path.unlink()
        os.rmdir(got["folder"])


def test_the_folder_of_a_killed_instance_is_removed_by_the_next(
    runtime: Runtime, tmp_path: Path
) -> None:
    kill = """
import signal
renderer = btb.CompositeRenderer([select("depth", "First", "Depth", "V")])
renderer.render()
pathlib.Path(renderer.folder, "half written.exr").write_bytes(b"...")
print("folder", renderer.folder, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = runtime.run_script(tmp_path, SCENE + kill)
    folder = Path(re.search(r"folder (\S+)", done.stdout)[1])  # type: ignore[index]
    assert folder.is_dir()
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
one = [select("depth", "First", "Depth", "V")]
first = btb.CompositeRenderer(one)
second = btb.CompositeRenderer(one)
if (child := os.fork()) == 0:
    import gc
    for finalizer in list(__import__("weakref").finalize._registry): finalizer()
    os._exit(0)
os.waitpid(child, 0)
report(alive=[os.path.isdir(first.folder), os.path.isdir(second.folder)],
       depth=first.render()["depth"][0].mean())
""",
        alone=True,
    )
    assert not folder.exists()
    assert got["alive"] == [True, True] and got["depth"] == pytest.approx(5, abs=1e-4)


def test_what_is_not_there_is_said_with_what_is(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
said = []
def attempt(*slots, render=False):
    def act():
        renderer = btb.CompositeRenderer([select(*slot) for slot in slots])
        if render: renderer.render()
    said.append(error_of(act))
attempt()
attempt(("a", "Third", "Color", "R"))
attempt(("a", "First", "Colour", "R"))
attempt(("a", "First", "Color", ""))
attempt(("a", "First", "Color", "R"), ("a", "First", "Depth", "V"))
attempt(("a", "Second", "Normals", "RGB"), render=True)
first.mute = True
attempt(("a", "First", "Color", "R"), render=True)
if FIVE: scene.compositing_node_group = None
else: scene.use_nodes = False
attempt(("a", "First", "Color", "R"))
report(said=said)
""",
    )
    none, node, slot, channels, twice, channel, muted, tree = got["said"]
    assert none == "ValueError no slots"
    assert node == "KeyError no File Output node is called 'Third'; there are: 'First', 'Second'"
    assert slot.startswith("KeyError no slot of the node 'First' is called 'Colour'; there are: ")
    assert "'Color', 'Depth', 'Unconnected'" in slot
    assert channels.startswith("ValueError the slot with the key 'a' has no channels")
    assert twice == "ValueError several slots have the key 'a'"
    assert channel.startswith(
        "KeyError slot 'Normals' of the node 'Second' has no channel 'R'; there are: X, Y, Z"
    )
    assert muted.startswith("RuntimeError the File Output node 'First' wrote 0 files: is it muted")
    assert tree.startswith("ValueError the scene 'Scene' has no compositor nodes")


def test_a_picture_is_of_its_camera_whatever_the_scene_says(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
other = bpy.data.objects.new("other", bpy.data.cameras.new("other"))
scene.collection.objects.link(other)
other.location = (0, 10, 9)
one = btb.CompositeRenderer([select("depth", "First", "Depth", "V")])
plain = one.render()["depth"]
seen, said = {}, []
def attempt(renderer=one):
    said.append(error_of(renderer.render))

scene.timeline_markers.new("cut", frame=1).camera = other
scene.frame_set(3)
seen["marker"] = one.render()["depth"]
chosen = scene.camera.name
scene.timeline_markers.clear()
scene.camera = cam.bpy_camera
scene.render.use_multiview = True
seen["stereo"] = one.render()["depth"]
scene.render.use_multiview = False

layer.use = False
attempt()
layer.use = True
scene.render.engine = "BLENDER_WORKBENCH"
cam.bpy_camera.data.type = "PANO"
attempt()
scene.render.engine = "CYCLES"
attempt()
cam.bpy_camera.data.type = "PERSP"
tree.links.new(tree.nodes.new("CompositorNodeRGB").outputs[0], first.inputs[2])
alone = btb.CompositeRenderer([select("alone", "First", "Unconnected", "R")])
tree.links.remove(first.inputs[0].links[0])
tree.links.remove(first.inputs[1].links[0])
attempt(alone)
report(same=[bool((depth == plain).all()) for depth in seen.values()], chosen=chosen, said=said)
""",
    )
    assert got["same"] == [True, True]
    assert got["chosen"] == "other", "the marker's, as it was before the render"
    layer, workbench, cycles, alone = got["said"]
    assert layer.startswith("RuntimeError the compositor node 'Render Layers' shows the view layer")
    assert "not rendered" in layer
    assert workbench.startswith("ValueError camera 'camera' is of type PANO, which BLENDER_WORK")
    assert cycles == "nothing"
    # Nothing that was rendered reaches it: one pixel in later versions, and no file in 3.4.
    assert alone.startswith(
        (
            "RuntimeError the node 'First' wrote pixels of the shape (1, 1)",
            "RuntimeError the File Output node 'First' wrote 0 files",
        )
    )
