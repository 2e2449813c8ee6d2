"""Statement 19: cameras against Blender's own `world_to_camera_view`, in a real Blender.

Each script looks at many random cameras in one process; what it reports is the worst of them.
"""

from pathlib import Path

import pytest
from btb_support import Runtime

# Random cameras: everything that moves a pixel. Only what a test needs to hold still, it sets.
RANDOM = """
from bpy_extras.object_utils import world_to_camera_view
from mathutils import Matrix, Vector

scene = cubes.empty_scene(64, 48)
render = scene.render
rng = np.random.default_rng(19)
cam = cubes.camera((0, -5, 0), (0, 0, 0))
lens = cam.bpy_camera.data

def shuffle_render():
    # Multiples of 20: 5, 10, ... percent of them are whole.
    render.resolution_x, render.resolution_y = (int(n) * 20 for n in rng.integers(2, 100, 2))
    render.resolution_percentage = int(rng.choice([5, 25, 50, 100]))
    render.pixel_aspect_x, render.pixel_aspect_y = 1, 1
    if rng.random() < 0.6:
        aspect = float(rng.uniform(1, 2.5))
        setattr(render, rng.choice(["pixel_aspect_x", "pixel_aspect_y"]), aspect)

def shuffle_lens(kind):
    lens.type = kind
    lens.sensor_fit = str(rng.choice(["AUTO", "HORIZONTAL", "VERTICAL"]))
    lens.lens, lens.ortho_scale = float(rng.uniform(10, 120)), float(rng.uniform(0.5, 20))
    lens.sensor_width, lens.sensor_height = map(float, rng.uniform(8, 60, 2))
    lens.shift_x, lens.shift_y = map(float, rng.uniform(-0.6, 0.6, 2))
    lens.clip_start = float(rng.uniform(0.01, 1))

def shuffle_pose():
    cam.bpy_camera.location = rng.uniform(-5, 5, 3)
    cam.bpy_camera.rotation_euler = rng.uniform(-3.1, 3.1, 3)
    cam.bpy_camera.scale = rng.uniform(0.3, 3, 3)

def taken():
    bpy.context.view_layer.update()
    return btb.Camera(cam.bpy_camera)

def points_in_front(camera, n):
    # Anywhere in and around the picture, 1.1 to 60 from the camera's plane.
    ndc_like = rng.uniform(-1.5, 1.5, (n, 2))
    depth = rng.uniform(1.1, 60, n)
    p = np.array(camera.proj_matrix)
    w = depth if lens.type == "PERSP" else np.ones(n)
    x = (ndc_like[:, 0] * w + p[0, 2] * depth - p[0, 3]) / p[0, 0]
    y = (ndc_like[:, 1] * w + p[1, 2] * depth - p[1, 3]) / p[1, 1]
    world = np.array(Matrix(camera.view_matrix).inverted())
    return np.c_[x, y, -depth, np.ones(n)] @ world.T[:, :3]

def blenders(points):
    return np.array([world_to_camera_view(scene, cam.bpy_camera, Vector(p)) for p in points])

worst = {}
def note(**errors):
    for name, error in errors.items():
        worst[name] = max(worst.get(name, 0.0), float(np.abs(error).max()))
"""

AGAINST_BLENDER = (
    RANDOM
    + """
shapes, kinds = set(), set()
for i in range(300):
    shuffle_render()
    shuffle_lens("PERSP" if i % 2 else "ORTHO")
    shuffle_pose()
    camera = taken()
    h, w = camera.shape
    shapes.add("portrait" if h > w else "landscape")
    kinds.add((lens.type, lens.sensor_fit))
    points = points_in_front(camera, 40)
    ours, depth = camera.world_to_ndc(points, return_depth=True)
    expected = blenders(points)
    # Of pixels, relative to the image: matrices are float32, and Blender shows 3 x its width.
    upper, lower = camera.ndc_to_pixel(ours), camera.ndc_to_pixel(ours, origin="lower-left")
    scale = max(h, w)
    note(
        upper=(upper - np.c_[expected[:, 0] * w, (1 - expected[:, 1]) * h]) / scale,
        lower=(lower - expected[:, :2] * (w, h)) / scale,
        depth=depth - expected[:, 2],
        mirror=upper[:, 1] + lower[:, 1] - h,
        shape=np.subtract(camera.shape, (
            render.resolution_y * render.resolution_percentage / 100,
            render.resolution_x * render.resolution_percentage / 100)),
        # Perspective or not, a point on the line of sight has the picture's place.
        distance=camera.distance(points) - (
            np.linalg.norm(points - np.array(cam.bpy_camera.matrix_world.translation), axis=1)
            if lens.type == "PERSP" else depth),
    )
    # The pinhole's own words.
    p = camera.camera_matrix() @ np.c_[points, np.ones(len(points))].T
    note(matrix=((p[:2] / p[2]).T - upper) / scale)
    if lens.type == "PERSP":
        x = camera.extrinsics() @ np.c_[points, np.ones(len(points))].T
        uvw = camera.intrinsics() @ x
        note(k_rt=((uvw[:2] / uvw[2]).T - upper) / scale, z=x[2] - depth, w=uvw[2] - depth)
        # f, and the principal point, from the lens by hand: docs/camera.md has the formulas.
        ax, ay = render.pixel_aspect_x, render.pixel_aspect_y
        fit = lens.sensor_fit
        wide = fit == "HORIZONTAL" or (fit == "AUTO" and w * ax >= h * ay)
        extent = w if wide else h * ay / ax
        sensor = lens.sensor_height if fit == "VERTICAL" else lens.sensor_width
        fx = lens.lens / sensor * extent
        k = np.array([[fx, 0, w / 2 - lens.shift_x * extent],
                      [0, fx * ax / ay, h / 2 + lens.shift_y * extent * ax / ay], [0, 0, 1]])
        note(by_hand=(camera.intrinsics() - k) / scale,
             integer=camera.intrinsics() - camera.intrinsics(integer_centers=True)
             - [[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]])
report(worst=worst, shapes=sorted(shapes), kinds=len(kinds))
"""
)


def test_conformance_19_pixels_depth_and_matrices_are_blenders(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(tmp_path, AGAINST_BLENDER)
    worst = got["worst"]
    assert got["shapes"] == ["landscape", "portrait"]
    assert got["kinds"] == 6
    # Pixels, in parts of the image's longer side; Blender's matrices are float32.
    for name in ("upper", "lower", "matrix", "k_rt", "by_hand"):
        assert worst[name] < 2e-5, (name, worst)
    for name in ("depth", "z", "w", "distance"):
        assert worst[name] < 1e-4, (name, worst)
    assert worst["mirror"] < 1e-6 and worst["integer"] < 1e-9 and worst["shape"] == 0, worst


# Which vertices: evaluated, in their order, objects concatenated; scale of the camera left out.
OBJECTS = """
scene = cubes.empty_scene(642, 470)
scene.render.resolution_percentage = 50
bpy.ops.mesh.primitive_monkey_add(location=(0.3, 0.2, -0.1))
monkey = bpy.context.active_object
monkey.modifiers.new("finer", "SUBSURF").levels = 1
cube = cubes.colored_cube("cube")
cube.location, cube.rotation_euler, cube.scale = (1, 1, 0.5), (0.3, 0.2, 0.1), (1, 0.5, 0.7)
cam = cubes.camera((5, -6, 3), (0, 0, 0))
cam.bpy_camera.data.type = KIND
cam.bpy_camera.data.ortho_scale = 7
cam.update_proj_matrix()
before = cam.object_to_pixel(cube)
cam.bpy_camera.scale = (2, 3, 0.5)
cam.update_view_matrix()

dg = bpy.context.evaluated_depsgraph_get()
world = np.array([
    o.evaluated_get(dg).matrix_world @ v.co
    for o in (monkey, cube) for v in o.evaluated_get(dg).data.vertices])
corners = np.array([cube.matrix_world @ __import__("mathutils").Vector(c) for c in cube.bound_box])
xy, depth = cam.object_to_pixel(monkey, cube, return_depth=True)
box, box_depth = cam.bbox_object_to_pixel(monkey, cube, return_depth=True)
view = cam.bpy_camera.matrix_world.normalized().inverted()
along = np.array([-(view @ __import__("mathutils").Vector(p)).z for p in world])
ndc = cam.world_to_ndc(world)
report(
    shape=cam.shape, kind=cam.type, points=len(xy), originals=len(monkey.data.vertices) + 8,
    order=np.abs(xy - cam.ndc_to_pixel(ndc)).max(),
    each=np.abs(np.r_[cam.object_to_pixel(monkey), cam.object_to_pixel(cube)] - xy).max(),
    view=np.abs(np.array(view) - np.array(cam.view_matrix)).max(), depth=np.abs(along - depth).max(),
    scale=np.abs(cam.object_to_pixel(cube) - before).max(),
    boxes=[box.shape, box_depth.shape],
    box=np.abs(box[8:] - cam.ndc_to_pixel(cam.world_to_ndc(corners))).max(),
    alone=[xy.dtype.name, xy.shape, cam.object_to_pixel(cube).shape, ndc.shape],
    named=np.abs(cam.world_to_ndc(xyz=world) - cam.world_to_ndc(xyz_world=world)).max(),
    clip=[cam.clip_range == (cam.bpy_camera.data.clip_start, cam.bpy_camera.data.clip_end)],
    corner=cam.ndc_to_pixel([[-1, 1, 0], [1, -1, 0]]),
    corner_lower=cam.ndc_to_pixel([[-1, -1, 0], [1, 1, 0]], "lower-left"),
)
"""


@pytest.mark.parametrize("kind", ["PERSP", "ORTHO"])
def test_conformance_19_vertices_are_evaluated_in_order_and_concatenated(
    runtime: Runtime, tmp_path: Path, kind: str
) -> None:
    got = runtime.reported(tmp_path, OBJECTS.replace("KIND", repr(kind)))
    assert got["shape"] == [235, 321] and got["kind"] == kind
    assert got["points"] > 3 * got["originals"], "vertices must be the evaluated ones"
    assert got["order"] < 1e-3 and got["each"] == 0
    # The view matrix is without the camera's scale; depth is along its -Z.
    assert got["view"] < 1e-6 and got["depth"] < 1e-5 and got["scale"] < 1e-3
    assert got["boxes"] == [[16, 2], [16]] and got["box"] < 1e-3
    assert got["alone"] == ["float64", [got["points"], 2], [8, 2], [got["points"], 3]]
    assert got["named"] == 0 and got["clip"] == [True]
    assert got["corner"] == got["corner_lower"] == [[0, 0], [321, 235]]


def test_conformance_19_a_camera_that_changed_is_taken_anew(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        """
cubes.empty_scene(64, 48)
cam = cubes.camera((0, -5, 0), (0, 0, 0))
def place(): return cam.ndc_to_pixel(cam.world_to_ndc([[1, 0, 0.5]]))[0]
seen = [place()]
cam.bpy_camera.location.x += 1
seen.append(place())
cam.update_view_matrix()
seen.append(place())
cam.bpy_camera.data.lens *= 2
seen.append(place())
cam.update_proj_matrix()
seen.append(place())
cam.shape = (96, 128)
seen.append(place())

# look_at: both points in world coordinates, up is up; under a parent too.
cam = btb.Camera()
cam.look_at((1, 2, 3), (4, -5, 6))
at = [cam.ndc_to_pixel(cam.world_to_ndc([[1, 2, 3]]))[0]]
parent = bpy.data.objects.new("parent", None)
bpy.context.scene.collection.objects.link(parent)
parent.location, parent.rotation_euler = (1, 2, 3), (0.5, 0.4, 0.3)
cam.bpy_camera.parent = parent
cam.look_at(look_at=(0, 1, 0), look_from=(7, 8, 2))
at.append(cam.ndc_to_pixel(cam.world_to_ndc([[0, 1, 0]]))[0])
eye = np.linalg.inv(np.array(cam.view_matrix))[:3, 3]
cam.look_at()
at.append(cam.ndc_to_pixel(cam.world_to_ndc([[0, 0, 0]]))[0])
up = cam.ndc_to_pixel(cam.world_to_ndc([[0, 0, 1]]))[0]
stays = np.linalg.inv(np.array(cam.view_matrix))[:3, 3]
report(seen=seen, at=at, eye=eye, stays=stays, up=up)
""",
    )
    seen = got["seen"]
    assert seen[0] == seen[1] and seen[2] != seen[1]
    assert seen[3] == seen[2] and seen[4] != seen[3]
    assert seen[5] == pytest.approx([2 * v for v in seen[4]])
    for pixel in got["at"]:
        assert pixel == pytest.approx([32, 24], abs=1e-3)
    assert got["eye"] == pytest.approx([7, 8, 2], abs=1e-5) == got["stays"]
    assert got["up"][0] == pytest.approx(32, abs=1e-3) and got["up"][1] < 23


def test_wrong_arguments_are_explained(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        """
cubes.empty_scene(64, 48)
errors = []
def ortho():
    btb.Camera().bpy_camera.data.type = "ORTHO"
    return btb.Camera()
def pano():
    btb.Camera().bpy_camera.data.type = "PANO"
    return btb.Camera()
for attempt in (
    lambda: btb.Camera(),
    lambda: cubes.camera((0, -5, 0), (0, 0, 0)).ndc_to_pixel([[0, 0, 0]], origin="middle"),
    lambda: btb.Camera().object_to_pixel(bpy.context.scene.camera),
    lambda: btb.Camera().boxes_2d(bpy.context.scene.camera),
    lambda: btb.Camera().boxes_3d(frame="object"),
    lambda: btb.Camera().look_at((1, 1, 1), (1, 1, 1)),
    lambda: ortho().intrinsics(),
    lambda: pano().world_to_ndc([[0, 0, 0]]),
    lambda: pano().boxes_2d(),
):
    try: attempt()
    except Exception as error: errors.append(f"{type(error).__name__}: {error}")
report(errors=errors)
""",
    )
    for error, (kind, text) in zip(
        got["errors"],
        [
            ("ValueError", "has no camera"),
            ("ValueError", "upper-left"),
            ("TypeError", "no vertices"),
            ("TypeError", "no vertices"),
            ("ValueError", '"world" or "camera"'),
            ("ValueError", "same point"),
            ("ValueError", "camera_matrix()"),
            ("ValueError", "type PANO"),
            ("ValueError", "type PANO"),
        ],
        strict=True,
    ):
        assert error.startswith(kind) and text in error, error
