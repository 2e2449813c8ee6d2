"""Depth, normals, points and flow of captures, against formulas and against golden files."""

from pathlib import Path
from typing import Any

import pytest
from support.captures import SCENE
from support.runtimes import Runtime

GOLDEN = Path(__file__).parents[1] / "render" / "golden"


def golden(runtime: Runtime) -> tuple[Path, Path]:
    """The golden scene of a Blender and what was rendered of it."""
    if runtime.name == "bpy":
        return GOLDEN / "golden.blend", GOLDEN / "out_45"
    return GOLDEN / "golden_blender341.blend", GOLDEN / "out_341"


def test_the_golden_frame(runtime: Runtime, tmp_path: Path) -> None:
    blend, out = golden(runtime)
    got = runtime.reported(
        tmp_path,
        SCENE
        + f"""
from blendtorch import _blendtorch
bpy.ops.wm.open_mainfile(filepath={str(blend)!r})
bpy.context.scene.frame_set(3)

def exr(kind, letters):
    file = _blendtorch.Exr(f"{out}/{{kind}}_000003.exr")
    names = file.channels if len(file.channels) == 1 else list(letters)
    pixels = np.empty((48, 64, len(names)), np.float32)
    file.read(names, pixels)
    return pixels

frame = captured(["depths", "normals", "flows", "segmentations"])
arrays = {{name: array[::-1] for name, array in frame.arrays.items()}}
depth, ids = exr("depth", "R")[..., 0], exr("segmentation", "R")[..., 0]
turn = np.array(frame.about["view"])[:3, :3]
pairs = set(zip(ids.ravel().astype(int).tolist(), arrays["instance"].ravel().tolist()))
report(
    depth=np.abs(arrays["depth"] - depth).max(), far=arrays["depth"].max(),
    normal=np.abs(arrays["normal"] @ turn.T - exr("normal", "RGB")).max(),
    # The fourth channel of that by Blender 4.5 is 1 everywhere.
    flow=np.abs(arrays["vector"] - exr("flow", "RGBA")).max((0, 1)),
    w=float(arrays["vector"][18, 32, 3]),
    pairs=sorted(pairs), camera=frame.about["camera"], pose=frame.about["pose"],
    unknown=frame.unknown.plain(),
)
""",
    )
    assert got["depth"] < 1e-4 and got["far"] == pytest.approx(1e10), got
    assert got["normal"] < 1e-6, got
    assert max(got["flow"][:3]) < 1e-4, got
    assert runtime.name == "bpy" or got["flow"][3] < 1e-4, got
    assert got["w"] == pytest.approx(-1.6611, abs=1e-3), got
    # The same partition.
    assert len(got["pairs"]) == 3 and [0, 0] in got["pairs"], got
    assert len({pair[1] for pair in got["pairs"]}) == 3, got
    assert got["unknown"] == {"objects": [], "materials": []}, got
    camera = got["camera"]
    assert camera["fl_x"] == camera["fl_y"] == pytest.approx(88.888885, abs=1e-5), got
    assert (camera["cx"], camera["cy"], camera["w"], camera["h"]) == (32, 24, 64, 48), got
    assert camera["lens"] == 50 and camera["type"] == "PERSP" and camera["sensor_fit"] == "AUTO"
    pose = [[1, 0, 0, 0], [0, 0.42261823, -0.9063078, -8], [0, 0.9063078, 0.42261823, 4]]
    for row, expected in zip(got["pose"], [*pose, [0, 0, 0, 1]], strict=True):
        assert row == pytest.approx(expected, abs=1e-6), got


FLOW = """
scene = scene_of()
scene.frame_start, scene.frame_end = 1, 3
bpy.ops.mesh.primitive_plane_add(size=40)
bpy.ops.mesh.primitive_cube_add(size=1.5, location=(0, 0, 1))
cube = bpy.context.active_object
at = [(0, (0, 0, 1)), (1, (.1, 0, 1)), (2, (.3, .1, 1.1)), (3, (.6, .3, 1.3)), (4, (1, .6, 1.6))]
cam = cubes.camera((0, -6, 8), (0, 0, 0)).bpy_camera
if MOVES != "camera":
    keyed(cube, "location", at)
if MOVES != "object":
    places = [(0, (-.4, -6, 8)), (2, (0, -6, 8)), (3, (.3, -6.2, 8)), (4, (1, -7, 8))]
    keyed(cam, "location", places)
    keyed(cam, "rotation_euler", [(0, (.6, 0, .1)), (2, (.6, .02, 0)), (4, (.5, 0, -.1))])
capture = Capture({"flows": {}, "points": {}, "segmentations": {}})
capture.give(dict(instances={"Plane": [1, 0], "Cube": [2, 0]}, materials={}))

def cube_at(frame):
    scene.frame_set(frame)
    return np.array(cube.matrix_world.translation), *eye()

results = []
for frame in (1, 2, 3):
    (p, *before), (c, *_), (n, *after) = map(cube_at, (frame - 1, frame, frame + 1))
    scene.frame_set(frame)
    got = capture.render()
    _, *now = cube_at(frame)
    a = got.arrays
    on = (a["instance"] == 2)[..., None]
    xy = pixels_of(a["points"], *now, (48, 64))
    back = pixels_of(a["points"] + on * (p - c), *before, (48, 64)) - xy
    ahead = pixels_of(a["points"] + on * (n - c), *after, (48, 64)) - xy
    wanted = np.concatenate([back, -ahead], -1)
    off = np.abs(a["vector"] - wanted).max(-1)
    seen = a["instance"] > 0
    results.append([off[seen].max(), np.abs(wanted[seen]).max(0).tolist(), int(on.sum())])
capture.release()
report(results=results)
"""


@pytest.mark.parametrize("moves", ["object", "camera", "both"])
def test_flow_is_the_motion_that_the_scene_has(
    runtime: Runtime, tmp_path: Path, moves: str
) -> None:
    """The first frame of the range and the last one too."""
    got = runtime.reported(tmp_path, SCENE + f"MOVES = {moves!r}\n" + FLOW)
    for off, largest, pixels in got["results"]:
        assert pixels > 50 and max(largest) > 0.3, got
        assert off < 2e-3, got


CAMERAS = """
scene = scene_of((24, 32))
bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=2, radius=3)
cam = cubes.camera((0, -9, 3), (0, 0, 0))
cam.bpy_camera.scale = (2, 2, 2)
data, render = cam.bpy_camera.data, scene.render
results = []
for fit, width, height, aspect, shift, percent, lens in (
    ("AUTO", 32, 24, (1, 1), (0, 0), 100, "PERSP"),
    ("AUTO", 24, 32, (1, 1), (.1, -.2), 100, "PERSP"),
    ("HORIZONTAL", 24, 32, (1, 2), (.1, .2), 100, "PERSP"),
    ("VERTICAL", 32, 24, (1.5, 1), (-.1, .05), 100, "PERSP"),
    ("AUTO", 64, 48, (2, 1), (.2, 0), 51, "PERSP"),
    ("AUTO", 32, 24, (1, 1), (.1, -.1), 100, "ORTHO"),
):
    data.sensor_fit, data.sensor_width, data.sensor_height = fit, 30, 20
    data.type, data.ortho_scale = lens, 8
    data.shift_x, data.shift_y = shift
    render.resolution_x, render.resolution_y, render.resolution_percentage = width, height, percent
    render.pixel_aspect_x, render.pixel_aspect_y = aspect
    frame = captured(["points", "depths"])
    k, pose = frame.about["camera"], np.array(frame.about["pose"])
    points, depth = frame.arrays["points"][::-1], frame.arrays["depth"][::-1]
    seen = depth < 1e9
    x, y, z = ((points - pose[:3, 3]) @ pose[:3, :3])[seen].T
    by = -z if lens == "PERSP" else 1
    column, row = k["cx"] + k["fl_x"] * x / by, k["cy"] - k["fl_y"] * y / by
    rows, columns = np.nonzero(seen)
    results.append(dict(
        off=max(np.abs(column - columns - .5).max(), np.abs(row - rows - .5).max()),
        depth=np.abs(-z - depth[seen]).max(), pixels=int(seen.sum()),
        shape=list(depth.shape) == [k["h"], k["w"]], square=k["fl_x"] == k["fl_y"],
        scale=np.abs(pose[:3, :3] @ pose[:3, :3].T - np.eye(3)).max(), aspect=aspect))
report(results=results)
"""


def test_the_camera_of_a_frame_projects_points_to_their_pixels(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(tmp_path, SCENE + CAMERAS)
    for one in got["results"]:
        assert one["off"] < 0.02 and one["depth"] < 1e-4 and one["pixels"] > 100, one
        assert one["shape"] and one["scale"] < 1e-6, one
        assert one["square"] == (one["aspect"] == [1, 1]), one


WORKBENCH = """
scene = scene_of(engine="CYCLES")
bpy.ops.mesh.primitive_plane_add(size=40)
bpy.ops.mesh.primitive_uv_sphere_add(segments=64, ring_count=32, radius=1.2, location=(0, 0, 1))
bpy.ops.object.shade_smooth()
bpy.ops.mesh.primitive_cube_add(size=1, location=(2.5, 0, .5))
bpy.context.active_object.hide_viewport = True
cubes.camera((1, -9, 3), (0, 0, 2.5))
passes = ["depths", "normals", "points", "segmentations"]
exact = captured(passes).arrays
scene.render.engine = "BLENDER_WORKBENCH"
color = tuple(scene.objects["Plane"].color)
flat = captured(passes).arrays
inner = exact["instance"] == flat["instance"]
sky = exact["instance"] == 0
angle = np.degrees(np.arccos(np.clip((exact["normal"] * flat["normal"]).sum(-1), -1, 1)))
report(
    differ=int((~inner).sum()), ids=sorted(np.unique(flat["instance"]).tolist()),
    depth=np.abs(exact["depth"] / flat["depth"] - 1)[inner].max(),
    points=np.median(np.abs(exact["points"] - flat["points"])[inner & ~sky]),
    angle=np.median(angle[inner & ~sky]),
    sky=[flat["depth"][sky & inner].min(), np.abs(flat["normal"][sky & inner]).max()],
    kept=tuple(scene.objects["Plane"].color) == color,
)
"""


def test_workbench_gives_what_cycles_does(runtime: Runtime, tmp_path: Path) -> None:
    """Of renders: what is hidden in the 3D view alone is there."""
    got = runtime.reported(tmp_path, SCENE + WORKBENCH)
    assert got["ids"] == [0, 1, 2, 3] and got["sky"] == [pytest.approx(1e10), 0], got
    assert got["differ"] <= 6 and got["kept"], got
    assert got["depth"] < 2e-3 and got["points"] < 1e-3 and got["angle"] < 0.3, got


def check_refused(got: dict[str, Any]) -> None:
    assert got["flows"].startswith("Lacks WORKBENCH has no pass 'flows'; it has frames,"), got
    assert got["name"].startswith("ValueError passes must be some of frames,"), got
    assert got["blur"].startswith("RuntimeError with motion blur depths, flows"), got
    assert got["pano"].startswith("ValueError camera 'camera' is of type PANO"), got
    assert got["none"].startswith("ValueError the scene 'Scene' has no camera"), got


def test_what_cannot_be_is_refused_before_the_first_frame(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
scene = scene_of(engine="BLENDER_WORKBENCH")
cam = cubes.camera((0, -6, 4), (0, 0, 0)).bpy_camera
results = dict(flows=error_of(lambda: Capture({"flows": {}})),
               name=error_of(lambda: Capture({"flow": {}})))
scene.render.engine, scene.render.use_motion_blur = "CYCLES", True
results["blur"] = error_of(lambda: Capture({"frames": {}, "depths": {}, "flows": {}}))
scene.render.use_motion_blur = False
cam.data.type = "PANO"
results["pano"] = error_of(lambda: Capture({"depths": {}}))
scene.camera = None
results["none"] = error_of(lambda: Capture({"depths": {}}))
report(**results)
""",
    )
    check_refused(got)
