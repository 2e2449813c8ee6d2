"""Annotation is of the camera as it is at the call, in whatever order things are asked."""

from pathlib import Path

import numpy as np
import pytest
from support.runtimes import Runtime

# Each camera is moved in a way that Blender knows only once it has evaluated the frame.
MOVED = """
from mathutils import Matrix

SIZE = 48
scene = cubes.empty_scene(SIZE, SIZE)
scene.cycles.filter_width = 0.01
thing = cubes.colored_cube("thing")
thing.scale = (0.7, 0.7, 0.7)
target = bpy.data.objects.new("target", None)
scene.collection.objects.link(target)
for frame, x in ((1, 0), (3, 2)):
    target.location.x = x
    target.keyframe_insert("location", frame=frame)

def camera(name, at=(0, -9, 0)):
    made = cubes.camera(at, (0, 0, 0)).bpy_camera
    made.name = name
    return made

def keyed(obj, path, first, last):
    for frame, value in ((1, first), (3, last)):
        setattr(obj, path, value)
        obj.keyframe_insert(path, frame=frame)

def with_keys():
    made = camera("keys")
    keyed(made, "location", (0, -9, 0), (1.5, -7, 1))
    keyed(made.data, "lens", 50, 35)
    keyed(made.data, "shift_x", 0, 0.2)
    keyed(made.data, "sensor_width", 36, 30)
    keyed(made.data, "clip_end", 100, 50)
    return made

def with_driver():
    made = camera("driver")
    driver = made.driver_add("location", 0).driver
    variable = driver.variables.new()
    variable.name, variable.type = "x", "TRANSFORMS"
    variable.targets[0].id, variable.targets[0].transform_type = target, "LOC_X"
    driver.expression = "x"
    return made

def with_parent():
    made = camera("parent")
    made.parent = target
    return made

def with_constraints():
    made = camera("constraints")
    made.constraints.new("COPY_LOCATION").target = target
    made.constraints[0].use_offset = True
    looks = made.constraints.new("TRACK_TO")
    looks.target, looks.track_axis, looks.up_axis = thing, "TRACK_NEGATIVE_Z", "UP_Y"
    return made

def under_what_is_hidden():
    made, above = camera("above"), bpy.data.objects.new("above", None)
    scene.collection.objects.link(above)
    keyed(above, "location", (0, 0, 0), (1.5, 0, 0))
    made.parent, above.hide_viewport = above, True
    return made

def orthographic():
    made = camera("orthographic")
    made.data.type = "ORTHO"
    keyed(made.data, "ortho_scale", 8, 6)
    return made

def hidden(made, how="hide_viewport"):
    setattr(made, how, True)
    bpy.context.view_layer.update()
    return made

def by_hand(made, scene_has_it):
    '''One that is moved by the script, and hidden.'''
    made.name = f"by hand {scene_has_it}"
    return hidden(hidden(made), "hide_render")

other = camera("other")
made = [with_keys(), with_driver(), with_parent(), with_constraints(), orthographic(),
        hidden(with_keys()), hidden(with_parent(), "hide_render"), hidden(with_constraints()),
        hidden(under_what_is_hidden()), by_hand(camera("hand"), False),
        by_hand(camera("hand"), True)]
found = {}
for one in made:
    scene.camera = one if one.name.endswith("True") or one.name == "keys" else other
    cam = btb.Camera(one)
    key = f"{one.name}, {'hidden' if one.hide_viewport or one.hide_render else 'shown'}"
    found[key] = {}
    for engine in ("WORKBENCH", "CYCLES"):
        samples = 1 if engine == "CYCLES" else None
        renderer = btb.Renderer(("depth", "image"), cam, engine, samples)
        seen, worst = [], 0
        for frame in (1, 2, 3, 1):
            scene.frame_set(frame)
            if one.name.startswith("by hand"):
                one.location.x = frame / 2
            before = cam.boxes_2d(thing).boxes[0]
            xyz = btb.utils.world_coordinates(thing)
            k_rt = cam.intrinsics() @ cam.extrinsics() if cam.type == "PERSP" else None
            rows, columns = np.nonzero(np.isfinite(renderer.render()["depth"]))
            drawn = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
            after = cam.boxes_2d(thing).boxes[0]
            pixels = cam.object_to_pixel(thing)
            worst = max(worst, *np.abs(before - drawn), *np.abs(after - drawn))
            if k_rt is not None:
                uvw = k_rt @ np.c_[xyz, np.ones(len(xyz))].T
                worst = max(worst, np.abs((uvw[:2] / uvw[2]).T - pixels).max())
            seen.append([int(v) for v in drawn])
        found[key][engine] = dict(worst=worst, seen=seen)
        renderer.free()
keys = bpy.data.objects["keys"]
scene.frame_set(3)
report(found=found, clip=btb.Camera(keys).clip_range,
       scene_camera=scene.camera.name)
"""


def test_labels_are_of_the_frame_that_is_drawn_and_not_of_the_one_before(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(tmp_path, MOVED)
    assert len(got["found"]) == 11
    for name, engines in got["found"].items():
        for engine, found in engines.items():
            assert found["worst"] <= 1, (name, engine, found)
            first, second, third, again = found["seen"]
            assert first == again and first != second != third, (name, engine, found)
    assert got["clip"] == [pytest.approx(0.1), 50]
    assert got["scene_camera"] == "by hand True", "hidden cameras are looked up, not left"


SET = """
from mathutils import Matrix

SIZE = 48
scene = cubes.empty_scene(SIZE, SIZE)
scene.render.engine = "BLENDER_WORKBENCH"
cubes.set_background((0, 0, 0))
cubes.colored_cube("thing").scale = (0.4, 0.4, 0.4)
thing = bpy.data.objects["thing"]
cam = cubes.camera((0, -9, 0), (0, 0, 0))
off = btb.OffScreenRenderer(cam, mode="rgb")
depth = btb.Renderer(("depth",), cam, "WORKBENCH")

def around(there):
    rows, columns = np.nonzero(there)
    return [int(v) for v in (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)]

def off_by():
    '''How far the label is from each picture, and where the picture has it.'''
    box = cam.boxes_2d(thing).boxes[0]
    pictures = around(off.render().any(axis=-1)), around(np.isfinite(depth.render()["depth"]))
    worst = max(np.abs(box - picture).max() for picture in pictures)
    return [float(worst), pictures[0][0] + pictures[0][2] - SIZE]

own = cam.view_matrix
told = [off_by()]
cam.view_matrix = Matrix.Translation((1, 0, 0)) @ own  # The world goes right.
told.append(off_by())
cam.bpy_camera.location.x = -3  # What is set stays.
told.append(off_by())
cam.update_view_matrix()
told.append(off_by())
cam.bpy_camera.location.x = 0
lens = np.array(cam.proj_matrix)
lens[0, 2] = 0.5  # Shifted: the picture goes left.
cam.proj_matrix = lens
told.append(off_by())

error = error_of(lambda: btb.Renderer(("depth",), cam, "CYCLES", samples=1).render())
scene.render.engine = "BLENDER_WORKBENCH"
cam.update_proj_matrix()
cam.drawn_by = "WORKBENCH"
told.append(off_by())
cam.view_matrix = Matrix()
cam.look_at((0, 0, 0), (0, -9, 0))
told.append(off_by())
# A driver that cannot be overruled: the camera is looked from where it is.
cam.bpy_camera.constraints.new("LIMIT_LOCATION").use_min_x = True
cam.bpy_camera.constraints[0].min_x = 3
cam.look_at((0, 0, 0))
told.append(off_by())
wrong = error_of(lambda: setattr(cam, "drawn_by", "POVRAY"))
ways = []
for way in ("CYCLES", None):
    cam.drawn_by = way
    ways.append([cam.drawn_by, btb.Camera(drawn_by="RENDER").drawn_by])
# Renderers tell, the last one counts; without one it is the scene's engine.
other = btb.Camera(bpy.data.objects.new("other", cam.bpy_camera.data))
for engine in ("CYCLES", "BLENDER_WORKBENCH"):
    scene.render.engine = engine
    ways.append(other.drawn_by)
off = btb.OffScreenRenderer(other)
ways.append(other.drawn_by)
off.set_render_style("SOLID")
ways.append([other.drawn_by, btb.Camera(other.bpy_camera).drawn_by])
drawer = btb.Renderer(("depth",), other, "EEVEE")  # Its depth is drawn by Workbench.
ways.append(other.drawn_by)
drawer = btb.Renderer(("image",), other, "EEVEE")
ways.append(other.drawn_by)
# One that is not there any more says nothing.
del drawer
ways.append(other.drawn_by)
if hasattr(scene, "compositing_node_group"):  # Blender 5
    tree = scene.compositing_node_group = bpy.data.node_groups.new("c", "CompositorNodeTree")
    node = tree.nodes.new("CompositorNodeOutputFile")
    node.file_output_items.new("RGBA", "Image")
else:
    scene.use_nodes = True
    node = scene.node_tree.nodes.new("CompositorNodeOutputFile")
drawer = btb.CompositeRenderer([btb.CompositeSelection("image", node.name, "Image", "RGB")], other)
ways.append(other.drawn_by)
report(told=told, error=error, wrong=wrong, ways=ways)
"""


def test_matrices_that_a_script_sets_count_for_pictures_and_labels(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(tmp_path, SET)
    assert all(worst <= 1 for worst, _ in got["told"]), got["told"]
    middle, right, stays, back, left, again, looked, limited = (side for _, side in got["told"])
    assert abs(middle) <= 1 and right > 5 and stays == right and back > right and left < -5
    assert again == looked == middle and abs(limited) <= 2
    assert got["error"].startswith("ValueError ") and "update_view_matrix()" in got["error"]
    assert got["wrong"].startswith("ValueError ") and "WORKBENCH, VIEW" in got["wrong"]
    assert got["ways"] == [
        ["CYCLES", "RENDER"],
        ["WORKBENCH", "RENDER"],  # The one of Cycles is not there any more.
        "RENDER",
        "VIEW",
        "VIEW",
        ["WORKBENCH", "WORKBENCH"],
        "WORKBENCH",
        "EEVEE",
        "WORKBENCH",
        "RENDER",
    ]


BEFORE_ANY_RENDERER = """
scene, cube = bpy.context.scene, bpy.data.objects["Cube"]
scene.render.engine = "BLENDER_WORKBENCH"
scene.render.resolution_x = scene.render.resolution_y = 64
cube.scale = (.3, .3, .3)
cam = btb.Camera()
cube.hide_viewport = True
cube.location.x = 1
only_rendered = cam.boxes_2d(cube)
depth = btb.Renderer(("depth",), cam, "CYCLES", samples=1).render()["depth"]
y, x = np.nonzero(np.isfinite(depth))
cube.hide_viewport, cube.hide_render = False, True
report(box=only_rendered.boxes[0], drawn=[x.min(), y.min(), x.max() + 1, y.max() + 1],
       hidden_from_renders=cam.boxes_2d(cube).in_view[0])
"""


def test_what_only_renders_show_is_labelled_before_there_is_a_renderer(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(tmp_path, BEFORE_ANY_RENDERER)
    assert np.abs(np.array(got["box"]) - got["drawn"]).max() <= 1, got
    assert not got["hidden_from_renders"]  # The scene's engine is Cycles now.
