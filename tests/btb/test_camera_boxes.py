"""Statement 19: boxes and visibility, against what is rendered."""

from pathlib import Path

from support.runtimes import Runtime

RENDERED = """
from mathutils import Euler

scene = cubes.empty_scene(960, 720)
scene.render.engine = "BLENDER_WORKBENCH"
cubes.set_background((0, 0, 0))
# Smooth: the tip of a corner can be longer than a pixel, and too thin to be drawn.
bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32)
thing = bpy.context.active_object
thing.data.materials.append(cubes.plain_material("thing", (1, 1, 1)))
cam = cubes.camera((0, 0, 0), (0, 5, 0))
lens = cam.bpy_camera.data
lens.clip_start, lens.clip_end = 0.5, 15
off = btb.OffScreenRenderer(cam, mode="rgb")
rng = np.random.default_rng(19)

missed, excess, unseen, kinds = 0, 0, 0, {"inside": 0, "cut": 0, "behind": 0}
false_alarms = []
for i in range(100):
    lens.type = "PERSP" if i % 3 else "ORTHO"
    lens.lens, lens.ortho_scale = float(rng.uniform(15, 60)), float(rng.uniform(3, 9))
    lens.shift_x, lens.shift_y = map(float, rng.uniform(-0.3, 0.3, 2))
    thing.location = rng.uniform((-6, -3, -5), (6, 18, 5))
    thing.rotation_euler = Euler(rng.uniform(-3, 3, 3))
    thing.scale = rng.uniform(0.5, 4, 3)
    bpy.context.view_layer.update()
    cam.update_view_matrix()
    cam.update_proj_matrix()
    (box,), (in_view,) = cam.boxes_2d(thing)
    rows, columns = np.nonzero(off.render().any(axis=-1))
    if not len(rows):
        unseen += 1
        # Less than a pixel may be there and not be drawn.
        if in_view and min(box[2] - box[0], box[3] - box[1]) > 1:
            false_alarms.append([i, *box])
        continue
    drawn = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    outwards = (box - drawn) * (-1, -1, 1, 1)
    missed = max(missed, -outwards.min()) if in_view else 1e9
    excess = max(excess, outwards.max())
    behind = (cam.object_to_pixel(thing, return_depth=True)[1] < 0).any()
    cut = drawn[0] == 0 or drawn[1] == 0 or drawn[2] == 480 or drawn[3] == 360
    kinds["behind" if behind else "cut" if cut else "inside"] += 1
none = cam.boxes_2d()
report(missed=missed, excess=excess, unseen=unseen, kinds=kinds, false_alarms=false_alarms,
       none=[none.boxes.shape, none.in_view.shape])
"""


def test_conformance_19_2d_boxes_are_those_of_what_is_drawn(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(tmp_path, RENDERED)
    # Half a pixel counts as a whole one; and where the image's edge cuts an outline at a flat
    # angle, the last few pixels are too thin to be drawn.
    assert got["missed"] <= 1 and got["excess"] <= 10, got
    assert got["false_alarms"] == []
    assert min(got["kinds"].values()) >= 8 and got["unseen"] >= 8, got
    assert got["none"] == [[0, 4], [0]]


IN_SPACE = """
from mathutils import Matrix, Vector

cubes.empty_scene(64, 48)
bpy.ops.mesh.primitive_monkey_add()
monkey = bpy.context.active_object
monkey.location, monkey.rotation_euler, monkey.scale = (1, 2, 3), (0.4, -1, 2), (1, 2, -0.5)
cube = cubes.colored_cube("cube")
cube.location.z, cube.rotation_euler.z = 4, 0.3
text = bpy.data.objects.new("text", bpy.data.curves.new("text", "FONT"))
text.data.body = "text"
bpy.context.scene.collection.objects.link(text)
cam = cubes.camera((5, -6, 3), (0, 0, 0))
bpy.context.view_layer.update()

objs = monkey, cube, text
world, camera = cam.boxes_3d(*objs), cam.boxes_3d(*objs, frame="camera")
def rebuilt(boxes, i, corner):
    '''A corner by centre, size and rotation.'''
    return boxes.center[i] + boxes.rotation[i] @ (boxes.size[i] / 2 * corner)
def gap(boxes):
    '''How far corners are from the nearest rebuilt one.'''
    return max(min(np.linalg.norm(c - rebuilt(boxes, i, s)) for s in cubes.CORNERS)
        for i in range(len(objs)) for c in boxes.corners[i])
xyz = btb.utils.object_coordinates(monkey)
E = cam.extrinsics()
report(
    shapes=[a.shape for a in world],
    bound=np.abs(world.corners.reshape(-1, 3) - btb.utils.bbox_world_coordinates(*objs)).max(),
    order=np.abs(btb.utils.bbox_world_coordinates(cube) - np.array(
        [cube.matrix_world @ Vector(c) for c in [
            (-1, -1, -1), (-1, -1, 1), (-1, 1, 1), (-1, 1, -1),
            (1, -1, -1), (1, -1, 1), (1, 1, 1), (1, 1, -1)]])).max(),
    gap=gap(world), camera_gap=gap(camera),
    size=np.abs(world.size[0] - np.ptp(xyz, axis=0) * (1, 2, 0.5)).max(),
    same_size=np.abs(world.size - camera.size).max(), cube=world.size[1].tolist(),
    determinants=np.linalg.det(np.r_[world.rotation, camera.rotation]).tolist(),
    moved=np.abs(world.corners @ E[:, :3].T + E[:, 3] - camera.corners).max(),
    front=bool((camera.center[:, 2] > 0).all()),
)
"""


def test_conformance_19_3d_boxes_are_blenders_and_turn_with_the_object(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(tmp_path, IN_SPACE)
    assert got["shapes"] == [[3, 8, 3], [3, 3], [3, 3], [3, 3, 3]]
    assert max(got[k] for k in ("bound", "order", "gap", "camera_gap", "size", "moved")) < 1e-5, got
    assert got["same_size"] < 1e-5 and got["front"]
    assert all(abs(d - 1) < 1e-6 for d in got["determinants"]), got
    assert all(abs(d - 2) < 1e-6 for d in got["cube"]), got


VISIBILITY = """
scene = cubes.empty_scene(64, 64)
thing = cubes.colored_cube("thing")
screen = bpy.data.objects.new("screen", bpy.data.meshes.new("screen"))
screen.data.from_pydata([(-9, 0, -9), (0, 0, -9), (0, 0, 9), (-9, 0, 9)], [], [(0, 1, 2, 3)])
scene.collection.objects.link(screen)
cam = cubes.camera((0, -9, 0), (0, 0, 0))
lens = cam.bpy_camera.data
lens.clip_start, lens.ortho_scale = 0.5, 5
np.random.seed(19)
N = 400

def visibility(x=0, y=-3, at=(0, 0, 0), kind="PERSP", **kw):
    screen.location, thing.location, lens.type = (x, y, 0), at, kind
    return btb.utils.compute_object_visibility(thing, cam, N=N, **kw)

def beside(kind):
    # Close to the camera the screen ends beside the object; lines from the eye cross it.
    screen.location, thing.location, lens.type = (0.9, -8, 0), (2, 0, 0), kind
    lens.ortho_scale, lens.lens = 8, 20
    found = btb.utils.compute_object_visibility(thing, cam, N=N)
    lens.ortho_scale, lens.lens = 5, 50
    return found

def twice():
    np.random.seed(3)
    return visibility()

wire = bpy.data.objects.new("wire", bpy.data.meshes.new("wire"))
wire.data.from_pydata([(0, 0, 0), (1, 0, 0)], [(0, 1)], [])
scene.collection.objects.link(wire)
lens.clip_end = 100
def unseen():
    thing.hide_viewport = thing.hide_render = True
    found = visibility(x=-20)
    thing.hide_viewport = thing.hide_render = False
    return found
report(
    unseen=unseen(),
    free=visibility(x=-20), hidden=visibility(x=5), half=visibility(),
    ortho=[visibility(x=-20, kind="ORTHO"), visibility(kind="ORTHO"), visibility(5, kind="ORTHO")],
    beside_screen=[beside("ORTHO"), beside("PERSP")],
    behind=visibility(at=(0, -30, 0)), beside=visibility(x=-20, at=(30, 0, 0)),
    behind_screen_moved_back=visibility(x=5, y=3), before_near=visibility(x=5, y=-8.8),
    far=visibility(x=-20, at=(0, 120, 0)), dist=[visibility(-20, dist=5), visibility(-20, dist=50)],
    same=[twice(), twice()], wire=btb.utils.compute_object_visibility(wire, cam),
    several=cam.visibility(thing, screen, wire, N=50).tolist(),
    default=btb.utils.compute_object_visibility(screen, cam) * 25 % 1,
    given=btb.utils.compute_object_visibility(
        thing, cam, 50, scene=scene, view_layer=bpy.context.view_layer),
)
"""


def test_conformance_surface_visibility_is_the_part_that_rays_reach(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(tmp_path, VISIBILITY)
    assert got["free"] == 1 and got["hidden"] == 0
    # The screen's edge is the middle of the cube: five standard deviations of 400 rays.
    assert abs(got["half"] - 0.5) < 0.125
    assert got["ortho"][0] == 1 and abs(got["ortho"][1] - 0.5) < 0.125 and got["ortho"][2] == 0
    assert got["beside_screen"] == [1, 0], "rays are parallel, or come from the eye"
    assert got["behind"] == got["beside"] == got["far"] == 0
    assert got["behind_screen_moved_back"] == 1, "what stands farther away hides nothing"
    assert got["before_near"] == 1, "what stands before the near plane is not rendered"
    assert got["dist"] == [0, 1]
    assert got["same"][0] == got["same"][1] != 0
    assert got["wire"] == got["unseen"] == 0
    assert len(got["several"]) == 3 and got["several"][2] == 0 and got["default"] == 0
    assert 0 <= got["given"] <= 1
