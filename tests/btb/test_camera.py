"""Statement 19: cameras against Blender's own `world_to_camera_view`, in a real Blender.

Each script looks at many random cameras in one process; what it reports is the worst of them.
"""

from pathlib import Path
from typing import Any

import pytest
from support.runtimes import Runtime

_measured: dict[tuple[str, str], dict[str, Any]] = {}


def measured(runtime: Runtime, tmp_path: Path, code: str) -> dict[str, Any]:
    """What a script reports, which runs once for all tests that look at it."""
    key = runtime.name, code
    if key not in _measured:
        _measured[key] = runtime.reported(tmp_path, code)
    return _measured[key]


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

# Blender's matrices are float32. Pixels are in parts of the image's longer side.
PIXELS, LENGTHS = 2e-5, 1e-4


def worst_of(runtime: Runtime, tmp_path: Path, *names: str) -> float:
    """The largest of some errors, over all cameras."""
    got = measured(runtime, tmp_path, AGAINST_BLENDER)
    assert got["shapes"] == ["landscape", "portrait"] and got["kinds"] == 6
    return max(float(got["worst"][name]) for name in names)


def test_conformance_19_pixels_are_those_of_blender(runtime: Runtime, tmp_path: Path) -> None:
    assert worst_of(runtime, tmp_path, "upper", "lower") < PIXELS


def test_conformance_19_lower_left_is_the_height_less_upper_left(
    runtime: Runtime, tmp_path: Path
) -> None:
    assert worst_of(runtime, tmp_path, "mirror") < 1e-6


def test_conformance_19_depth_is_linear_and_that_of_blender(
    runtime: Runtime, tmp_path: Path
) -> None:
    assert worst_of(runtime, tmp_path, "depth") < LENGTHS


def test_conformance_19_shape_has_the_resolution_percentage(
    runtime: Runtime, tmp_path: Path
) -> None:
    assert worst_of(runtime, tmp_path, "shape") == 0


def test_conformance_19_k_and_extrinsics_are_the_projection(
    runtime: Runtime, tmp_path: Path
) -> None:
    assert worst_of(runtime, tmp_path, "k_rt", "matrix") < PIXELS
    assert worst_of(runtime, tmp_path, "z", "w") < LENGTHS


def test_conformance_19_k_is_that_of_lens_sensor_shift_and_aspect(
    runtime: Runtime, tmp_path: Path
) -> None:
    assert worst_of(runtime, tmp_path, "by_hand") < PIXELS
    assert worst_of(runtime, tmp_path, "integer") < 1e-9


def test_conformance_19_distance_is_along_the_line_of_sight(
    runtime: Runtime, tmp_path: Path
) -> None:
    assert worst_of(runtime, tmp_path, "distance") < LENGTHS


FINAL = (
    RANDOM
    + """
from pathlib import Path
scene.render.engine = "BLENDER_WORKBENCH"
scene.display.render_aa = "OFF"
render.film_transparent = True
render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGBA"
render.filepath = str(Path(sys.argv[-1]) / "final.png")
thing = cubes.colored_cube("thing")
thing.scale = (0.8, 1.2, 1)
cam.look_at((0, 0, 0), (3, -6, 2))
for i in range(12):
    # Sizes that the percentage does not divide, too large for neither machine nor test.
    render.resolution_x, render.resolution_y = (int(n) for n in rng.integers(300, 900, 2))
    render.resolution_percentage = int(rng.integers(31, 60))
    render.pixel_aspect_x, render.pixel_aspect_y = map(float, rng.uniform(1, 2, 2))
    shuffle_lens("PERSP" if i % 2 else "ORTHO")
    lens.lens, lens.sensor_width, lens.sensor_height, lens.ortho_scale = 30, 36, 36, 8
    lens.shift_x, lens.shift_y = map(float, rng.uniform(-0.1, 0.1, 2))
    camera = taken()
    (box,), _ = camera.boxes_2d(thing)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(render.filepath)
    w, h = image.size
    pixels = np.empty(w * h * 4, np.float32)
    image.pixels.foreach_get(pixels)
    rows, columns = np.nonzero(pixels.reshape(h, w, 4)[::-1, :, 3])
    drawn = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    note(shape=np.subtract(camera.shape, (h, w)), box=box - drawn)
    bpy.data.images.remove(image)
report(worst=worst)
"""
)


def test_conformance_19_final_renders_have_that_shape_and_those_pixels(
    runtime: Runtime, tmp_path: Path
) -> None:
    worst = runtime.reported(tmp_path, FINAL, str(tmp_path))["worst"]
    assert worst["shape"] == 0
    assert worst["box"] <= 1.5, worst


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
    view=np.abs(np.array(view) - np.array(cam.view_matrix)).max(),
    depth=np.abs(along - depth).max(),
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


@pytest.fixture(params=["PERSP", "ORTHO"])
def objects(request: pytest.FixtureRequest, runtime: Runtime, tmp_path: Path) -> dict[str, Any]:
    """What a camera of either kind makes of two objects."""
    got = measured(runtime, tmp_path, OBJECTS.replace("KIND", repr(request.param)))
    assert got["kind"] == request.param
    return got


def test_conformance_19_the_view_is_the_inverse_of_the_normalised_world_matrix(
    objects: dict[str, Any],
) -> None:
    assert objects["view"] < 1e-6, "the matrix"
    assert objects["scale"] < 1e-3, "a camera that is scaled sees the same"


def test_conformance_19_depth_is_along_minus_z_of_the_camera(objects: dict[str, Any]) -> None:
    assert objects["depth"] < 1e-5


def test_conformance_19_the_corner_of_the_image_is_pixel_0_0(objects: dict[str, Any]) -> None:
    assert objects["shape"] == [235, 321]
    assert objects["corner"] == objects["corner_lower"] == [[0, 0], [321, 235]]


def test_conformance_19_vertices_are_the_evaluated_ones(objects: dict[str, Any]) -> None:
    assert objects["points"] > 3 * objects["originals"]


def test_conformance_19_vertices_keep_their_order(objects: dict[str, Any]) -> None:
    assert objects["order"] < 1e-3


def test_conformance_19_objects_are_concatenated(objects: dict[str, Any]) -> None:
    points = objects["points"]
    assert objects["each"] == 0
    assert objects["alone"] == ["float64", [points, 2], [8, 2], [points, 3]]


def test_conformance_19_boxes_are_concatenated_too(objects: dict[str, Any]) -> None:
    assert objects["boxes"] == [[16, 2], [16]] and objects["box"] < 1e-3


def test_conformance_19_arguments_by_name_and_the_clip_range(objects: dict[str, Any]) -> None:
    assert objects["named"] == 0 and objects["clip"] == [True]


def test_conformance_19_a_camera_that_changed_counts_as_it_is(
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
    assert seen[0] != seen[1] == seen[2]
    assert seen[2] != seen[3] == seen[4]
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
    errors.append(error_of(attempt))
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
