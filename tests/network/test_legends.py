"""Legends and boxes with numbers in real Blenders: what they say, where it stands in the picture,
and that it is readable there."""

from pathlib import Path

import numpy as np
import pytest
from support.runtimes import Runtime

SCENE = """
from blendtorch.btb.network import axes, legend
from mathutils import Vector
for obj in list(bpy.data.objects): bpy.data.objects.remove(obj)
scene = bpy.context.scene
scene.frame_set(0)
world = bpy.data.worlds.new("ground"); scene.world = world
def ground(light):
    world.color = (light, light, light)
    if world.node_tree:
        world.node_tree.nodes["Background"].inputs[0].default_value = (light, light, light, 1)
ground(0)
eye = bpy.data.objects.new("eye", bpy.data.cameras.new("eye"))
scene.collection.objects.link(eye)
scene.camera, eye.data.clip_end = eye, 1e5
def look_from(*place):
    eye.location = place
    eye.rotation_euler = (-Vector(place)).to_track_quat("-Z", "Y").to_euler()
look_from(0, 0, 500)
def size(width, height):
    scene.render.resolution_x, scene.render.resolution_y = width, height
    scene.render.resolution_percentage = 100
size(320, 240)
class Slow:
    def ms(self, frame): return frame / 4
RED_TO_BLUE = np.linspace([1, 0, 0], [0, 0, 1], 256)
SAYS = dict(bar=legend.ColorBar(RED_TO_BLUE, -80, 30, "V (mV)"),
            populations=[("golgi", (0, 1, 0, 1))])
def draw(timeline=None, **says):
    return legend.draw(scene, scene.collection, legend.Says(**says), timeline)
def words(start): return sorted(o.data.body for o in bpy.data.objects if o.type == "FONT"
                                and o.get("blendtorch_part", "").startswith(start))
def picture(engine="CYCLES"):
    "Rows from the bottom, sRGB."
    scene.render.engine = engine
    scene.cycles.samples, scene.cycles.use_denoising = 4, False
    scene.view_settings.view_transform = "Standard"
    scene.display.shading.light = "FLAT"
    scene.display.shading.color_type = "VERTEX"
    scene.display.shading.background_type = "WORLD"
    scene.render.filepath = sys.argv[sys.argv.index("--") + 1] + "/seen.png"
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    seen = np.array(image.pixels[:]).reshape(scene.render.resolution_y, -1, 4)[..., :3]
    bpy.data.images.remove(image)
    return seen
"""


def test_a_legend_says_what_is_shown(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
made = draw(Slow(), **SAYS)
first = words("legend")
made.update(50)
def count(): return [len(getattr(bpy.data, one)) for one in
                     ("objects", "meshes", "curves", "materials", "collections")]
once = count()
draw(Slow(), **SAYS)
twice = count()
draw(time=False, scale=False)
says = [legend.said_ticks(legend.round_ticks(*of, 4)) for of in
        ((-80, 30), (0, 1), (0, 0.05), (-1e6, 1e6), (3, 3), (0, 1e-7))]
report(first=first, later=words("legend"), once=once, twice=twice, says=says,
       lengths=[legend.said_length(legend.round_length(x)) for x in (0.3, 7, 99.9, 500, 2600)],
       left=len(bpy.data.collections["legend"].objects), errors=[error_of(act) for act in (
           lambda: draw(bar=legend.ColorBar(RED_TO_BLUE, 1, 0)),
           lambda: draw(bar=legend.ColorBar(RED_TO_BLUE, 0, float("nan"))),
           lambda: setattr(scene, "camera", None) or draw())])
""",
    )
    assert got["first"] == ["0", "50 µm", "V (mV)", "golgi", "t = 0.0 ms", "\N{MINUS SIGN}50"]
    assert got["once"] == got["twice"]
    assert got["left"] == 0
    assert got["says"] == [
        ["\N{MINUS SIGN}50", "0"],
        ["0.00", "0.25", "0.50", "0.75", "1.00"],
        ["0.00", "0.02", "0.04"],
        ["\N{MINUS SIGN}1e+06", "\N{MINUS SIGN}500000", "0", "500000", "1e+06"],
        ["3"],
        [
            one.replace("-", "\N{MINUS SIGN}")
            for one in ("0", "2.5e-08", "5e-08", "7.5e-08", "1e-07")
        ],
    ]
    assert got["lengths"] == ["0.2 µm", "5 µm", "50 µm", "500 µm", "2 mm"]
    parts = ["no colour bar from 1 to 0", "no colour bar from 0 to nan", "the scene has none"]
    for error, part in zip(got["errors"], parts, strict=True):
        assert part in error


def test_words_that_a_font_lacks_are_said_otherwise(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
bar = legend.ColorBar(RED_TO_BLUE, 0, 1, "ΔF/F")
draw(bar=bar)
def drawn():
    label = next(o for o in bpy.data.objects if o.get("blendtorch_part") == "legend bar label")
    graph = bpy.context.evaluated_depsgraph_get()
    graph.update()
    return len(label.evaluated_get(graph).to_mesh().vertices)
said = words("legend bar label")
long = drawn()
draw(bar=legend.ColorBar(RED_TO_BLUE, 0, 1, "F/F"))
report(said=said, long=long, short=drawn(), version=bpy.app.version[0])
""",
    )
    assert got["said"] == (["ΔF/F"] if got["version"] >= 4 else ["dF/F"])
    # Something stands there.
    assert got["long"] > got["short"] > 0


def test_a_legend_says_the_time_of_a_frame(bpy_runtime: Runtime, tmp_path: Path) -> None:
    got = bpy_runtime.reported(
        tmp_path,
        SCENE
        + """
made = draw(Slow(), **SAYS)
made.update(50)
report(words=words("legend time"))
""",
    )
    assert got["words"] == ["t = 12.5 ms"]


@pytest.mark.parametrize("engine", ["CYCLES", "BLENDER_WORKBENCH"])
def test_a_legend_is_seen_at_the_edges_of_the_picture(
    runtime: Runtime, engine: str, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + f"""
draw(**SAYS)
small = picture({engine!r})
def box(lit):
    rows, columns = np.nonzero(lit)
    return [int(v) for v in (columns.min(), columns.max(), rows.min(), rows.max())]
white = small.min(axis=2) > 0.6
color = small.max(axis=2) - small.min(axis=2) > 0.4
bar = color[:, 200:]
rows = np.flatnonzero(bar.any(axis=1))
column = 200 + int(np.flatnonzero(bar.any(axis=0)).mean())
report(time=box(white[200:, :160]), scale=box(white[:12, :160]),
       middle=int(white[80:160, 110:210].sum()), swatch=box(color[:, :60]), bar=box(bar),
       low=small[rows[2], column], high=small[rows[-3], column])
""",
        str(tmp_path),
    )
    # Letters are at least 12 pixels high, and within the margin of 7 pixels.
    left, right, low, high = got["time"]
    assert 6 <= left <= 9 and 48 < right < 70 and 28 <= high <= 32 and high - low >= 8
    # 500 µm away 320 pixels are 360 µm, and the bar is 50 µm.
    left, right, low, high = got["scale"]
    assert 6 <= left <= 8 and abs(right - left + 1 - 50 * 320 / 360) <= 1.5 and low >= 6
    assert got["middle"] == 0
    left, right, low, high = got["swatch"]
    assert 6 <= left <= 8 and 6 <= right - left <= 10 and 200 < low < 222
    left, right, low, high = got["bar"]
    assert right + 200 < 313 and abs(low - 48) <= 1 and abs(high - 191) <= 1
    assert got["low"][0] > 0.9 and got["low"][2] < 0.25
    assert got["high"][2] > 0.9 and got["high"][0] < 0.25


def test_a_legend_follows_the_pictures_shape(bpy_runtime: Runtime, tmp_path: Path) -> None:
    got = bpy_runtime.reported(
        tmp_path,
        SCENE
        + """
made = draw(**SAYS)
def place():
    clock = next(o for o in bpy.data.objects if o.get("blendtorch_part", "") == "legend time")
    return list(clock.location), clock.scale[0]
def pixels():
    (x, y, z), height = place()
    tan, rows, columns = 0.36, scene.render.resolution_y, scene.render.resolution_x
    per = columns / (2 * tan * -z)
    return [x * per + columns / 2, rows / 2 - y * per, height * per]
eye.data.sensor_width, eye.data.lens = 36, 50
made.update(0)
small = pixels()
size(1920, 1080); made.update(0); large = pixels()
before = place(); made.update(1); same = place() == before
ground(0.9)
size(320, 240)
draw(**SAYS)
dark = picture()
legend.hide(scene.collection)
report(small=small, large=large, same=same, dark=dark[200:, :120].min(), hidden=picture().min())
""",
        str(tmp_path),
    )
    # From the left, from the top, and the height of letters: in pixels.
    assert got["small"] == pytest.approx([7.2, 7.2, 12], abs=0.01)
    assert got["large"] == pytest.approx([32.4, 32.4, 0.036 * 1080], abs=0.05)
    assert got["same"] is True
    # On light ground the ink is dark.
    assert got["dark"] < 0.4 and got["hidden"] > 0.9


def test_a_box_has_its_numbers_where_the_camera_sees_them(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
look_from(-900, -700, 700)
box = ((-200, -100, 0), (200, 300, 150))
made = axes.draw(scene, scene.collection, *box)
said = words("axes")
def places(): return {o.get("blendtorch_part", ""): list(o.matrix_world.translation)
                      for o in bpy.data.objects if o.type == "FONT"}
def panes():
    mesh = next(o for o in bpy.data.objects if o.get("blendtorch_part", "") == "axes panes").data
    return np.array([v.co for v in mesh.vertices]).reshape(3, 4, 3)
bpy.context.view_layer.update()
first, behind = places(), [float(panes()[n, 0, n]) for n in range(3)]
count = len(bpy.data.objects)
look_from(900, 700, 700)
bpy.context.view_layer.update()
made.update(1)
bpy.context.view_layer.update()
other = [float(panes()[n, 0, n]) for n in range(3)]
axes.draw(scene, scene.collection, *box, up="-z")
down = float(panes()[2, 0, 2])
right = np.array(eye.matrix_world.to_3x3() @ Vector((1, 0, 0)))
turned = [list(next(o for o in bpy.data.objects if o.get("blendtorch_part", "") == "axes 0 name")
               .matrix_world.to_3x3().col[0].normalized()), list(right)]
report(said=said, first=first, behind=behind, other=other, down=down, turned=turned,
       count=[count, len(bpy.data.objects)],
       errors=[error_of(act) for act in (
           lambda: axes.draw(scene, scene.collection, (0, 0, 0), (1, 0, 1)),
           lambda: axes.draw(scene, scene.collection, *box, up="y"),
           lambda: setattr(scene, "camera", None) or axes.draw(scene, scene.collection, *box))])
""",
    )
    low = ["\N{MINUS SIGN}200", "\N{MINUS SIGN}100", "\N{MINUS SIGN}100"]
    # z has its 100 alone: its 0 would touch the 200 of x.
    high = ["0", "0", "100", "100", "100", "200", "200", "300"]
    assert got["said"] == [*high, "x (µm)", "y (µm)", "z (µm)", *sorted(low)]
    # The camera is at low x and y: sides behind are the higher ones, and the bottom.
    assert got["behind"] == [200, 300, 0]
    assert got["other"] == [-200, -100, 0]
    assert got["down"] == 150
    # Numbers of x stand in front of the box, at low y, each at its own x.
    ticks = [got["first"][f"axes 0 {n}"] for n in range(5)]
    assert [x for x, _, _ in ticks] == pytest.approx([-200, -100, 0, 100, 200], abs=1e-3)
    assert all(-200 < y < -100 for _, y, _ in ticks)
    assert np.abs(np.subtract(*got["turned"])).max() < 1e-5
    # The camera, sides and lines, and a word for each name and each number that has room.
    assert all(3 + 3 + 10 <= count <= 3 + 3 + 12 for count in got["count"])
    parts = ["no box from [0, 0, 0]", "`up` is 'y'", "the scene has none"]
    for error, part in zip(got["errors"], parts, strict=True):
        assert part in error


def test_numbers_of_a_box_do_not_touch_each_other(runtime: Runtime, tmp_path: Path) -> None:
    """They did, and the name of an axis too: along an axis that goes away from the camera, and in
    the corners."""
    got = runtime.reported(
        tmp_path,
        SCENE
        + """
from itertools import combinations
from bpy_extras.object_utils import world_to_camera_view
def rectangles():
    "Of each word, as Blender draws it: from and to, in pixels."
    graph = bpy.context.evaluated_depsgraph_get()
    graph.update()
    found = {}
    for obj in scene.objects:
        if obj.type == "FONT":
            there = obj.evaluated_get(graph)
            at = [world_to_camera_view(scene, eye, there.matrix_world @ Vector(corner))
                  for corner in there.bound_box]
            seen = np.array([one[:2] for one in at]) * (320, 240)
            found[obj["blendtorch_part"]] = (seen.min(0), seen.max(0))
    return found
def touching(words):
    return [f"{one} {other}" for one, other in combinations(words, 2)
            if (np.minimum(words[one][1], words[other][1])
                > np.maximum(words[one][0], words[other][0])).all()]
boxes = {"wide": ((-1100, -1100, 0), (1100, 1100, 600)),
         "high": ((-100, -100, 0), (100, 100, 1500)),
         "long": ((0, 0, 0), (3000, 200, 400))}
bad, numbers = {}, []
for name, (low, high) in boxes.items():
    middle, far = (np.array(low) + high) / 2, 3 * float(np.max(np.array(high) - low))
    for height in (0.15, 0.5, 1.2):
        for turn in range(0, 360, 40):
            aside = np.array([np.cos(np.radians(turn)), np.sin(np.radians(turn)), height])
            eye.location = middle + far * aside / np.linalg.norm(aside)
            eye.rotation_euler = Vector(-aside).to_track_quat("-Z", "Y").to_euler()
            axes.draw(scene, scene.collection, low, high)
            words = rectangles()
            numbers.append(len(words))
            if found := touching(words): bad[f"{name} {height} {turn}"] = found
report(bad=bad, least=min(numbers), most=max(numbers))
""",
    )
    assert got["bad"] == {}
    # Three names always, and no fewer numbers than there is room for.
    assert got["least"] >= 6 and got["most"] >= 12
