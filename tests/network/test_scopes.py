"""What microscopes show, in real Blenders: regions that glow, and a picture in the focal plane."""

from pathlib import Path

import numpy as np
import pytest
from support.runtimes import Runtime

SCOPE = """
from blendtorch.btb.network import device_scopes, devices
from blendtorch.btb.network.device_picture import SIDE, Picture
for obj in list(bpy.data.objects): bpy.data.objects.remove(obj)
scene = bpy.context.scene
scene.render.engine = "CYCLES"
def draw(*what, **how): return devices.draw(scene, scene.collection, what, **how)
"""

PICTURE = """
from mathutils import Vector
def picture(eye, at, size=48, samples=4):
    scene.render.resolution_x = scene.render.resolution_y = size
    scene.render.resolution_percentage = 100
    scene.cycles.samples, scene.cycles.use_denoising = samples, False
    scene.view_settings.view_transform = "Standard"
    world = bpy.data.worlds.new("black"); world.color = (0, 0, 0); scene.world = world
    if world.node_tree: world.node_tree.nodes["Background"].inputs[0].default_value = (0, 0, 0, 1)
    camera = bpy.data.objects.new("eye", bpy.data.cameras.new("eye"))
    scene.collection.objects.link(camera)
    camera.location, camera.data.clip_end = eye, 1e5
    camera.rotation_euler = (Vector(at) - Vector(eye)).to_track_quat("-Z", "Y").to_euler()
    scene.camera = camera
    scene.render.filepath = sys.argv[sys.argv.index("--") + 1] + "/seen.png"
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    return np.array(image.pixels[:]).reshape(size, size, 4)[..., :3]
"""


def test_a_region_glows_with_its_cell(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCOPE
        + PICTURE
        + """
activity = np.zeros(3, np.float32)
drawn = draw(dict(kind="scope", location=[0, 0, -100], focus_depth=0, img_width=1,
                  rois=[["exc", 2], ["exc", 7]]),
             where=lambda name, cells: (np.array([[5.0 * (cells[0] - 2) * 4, 0, 0]]), [10.0]),
             activity=lambda name: activity)
drawn.update(0)
rest = picture((0, 0, -80), (0, 0, 0))
activity[2] = 1
drawn.update(1)
lit = picture((0, 0, -80), (0, 0, 0))
report(rest=rest.max(axis=(0, 1)), lit=lit.max(axis=(0, 1)))
""",
        str(tmp_path),
    )
    assert 0.2 < got["rest"][1] < 0.5 and got["rest"][0] < 0.1
    assert got["lit"][1] > 0.9


def test_the_focal_plane_shows_the_cells_values(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCOPE
        + PICTURE
        + """
drawn = draw(dict(kind="scope", name="s", location=[0, 0, 100], direction=[0, 0, -1],
                  focus_depth=100, img_width=100, range=[-1, 3], roi_radius=6,
                  roi_coords=[[0, 25, 0], [0, -25, 40], [-25, 0, 0]]))
for obj in bpy.data.objects:
    obj.hide_render = "plane" not in obj.name
def seen(values):
    drawn.set("s", values)
    rgb = picture((0, 0, 150), (0, 0, 0), 48, 1)
    # 150 µm away 48 pixels are 108 µm.
    at = lambda x, y: rgb[int(24 + y * 48 / 108), int(24 + x * 48 / 108)]
    return dict(sharp=at(0, 25), far=at(0, -25), left=at(-25, 0), right=at(25, 0), corner=rgb[1, 1])
report(rest=seen([-1, -1, np.nan]), lit=seen([3, 3, -1]), half=seen([1, -1, -1]))
""",
        str(tmp_path),
    )
    seen = {name: {at: float(np.mean(rgb)) for at, rgb in one.items()} for name, one in got.items()}
    lit, rest, half = seen["lit"], seen["rest"], seen["half"]
    # A cell in focus is bright, one that is 40 µm off is blurred, others stay as they were.
    assert lit["sharp"] > 0.55 and lit["sharp"] > half["sharp"] + 0.05 > rest["sharp"] + 0.15
    assert rest["far"] + 0.02 < lit["far"] < 0.5 * lit["sharp"]
    assert lit["left"] == pytest.approx(rest["left"], abs=0.02)
    assert rest["left"] > rest["right"] + 0.02 and rest["right"] > 0.02
    assert rest["corner"] < 0.01


def test_light_of_a_cell_is_spread_and_not_lost(bpy_runtime: Runtime, tmp_path: Path) -> None:
    got = bpy_runtime.reported(
        tmp_path,
        SCOPE
        + """
one = lambda z, **how: Picture([[3.0, -7.0, z]], [5.0], 200.0).of(np.array([2.0]))
sharp, blurred = one(0.0), one(30.0)
row, column = np.divmod(sharp.argmax(), SIDE)
both = Picture([[0, 0, 0], [0, 0, 0]], [5, 5], 200.0).of(np.array([1.0, 3.0]))
bar = device_scopes.fluorescence(0, 2)
report(sums=[sharp.sum(), blurred.sum(), both.sum()], tops=[sharp.max(), blurred.max()],
       at=[-100 + 200 * column / (SIDE - 1), -100 + 200 * row / (SIDE - 1)],
       none=Picture(np.empty((0, 3)), [], 10.0).of(np.empty(0)).sum(),
       bar=[bar.low, bar.high, bar.label, bar.colors[0], bar.colors[-1]])
""",
    )
    assert got["sums"][1:] == pytest.approx(np.multiply(got["sums"][0], [1, 2]), rel=0.02)
    # A soma of 5 µm is 3 µm wide in focus, and 30 µm off another 7.5.
    expected = [2, 2 * 9 / (9 + 7.5**2)]
    assert got["tops"] == pytest.approx(expected, rel=0.05)
    assert got["at"] == pytest.approx([3, -7], abs=1.1)
    assert got["none"] == 0
    low, high, label, first, last = got["bar"]
    assert (low, high, label) == (0, 2, "ΔF/F")
    assert first == pytest.approx(np.multiply(0.3, [0.0314, 1, 0.0314]), abs=1e-5)
    assert last == pytest.approx([0.5314, 1, 0.5314], abs=1e-4)
