"""Devices in a scene, in real Blenders: what Cleo's plot has of them (devices.json of the golden
set), what is declared is applied again, and what is lit is seen."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.runtimes import Runtime

FIBER = """
from blendtorch.btb import runtime
from blendtorch.btb.network import devices, light_beams
from blendtorch.circuit import optics
for obj in list(bpy.data.objects): bpy.data.objects.remove(obj)
scene = bpy.context.scene
scene.render.engine = "CYCLES"
light = dict(kind="light", name="fibers", coords=[[0, 0, 0], [700, 0, 0]], max_value=5.0)
class Slow:
    def ms(self, frame): return frame / 2
def a_of(name): return [round(float(one.color[3]), 5) for one in bpy.data.objects
                        if name in one.name]
def clouds(): scene.render.engine = runtime.engine_called("EEVEE")
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


def test_a_light_has_cleos_opacities_at_each_value(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        FIBER
        + """
still = draw(light)
first = a_of("fibers")
drawn = draw(light | dict(values=[[4.247738, 0.5083836], [0, 5], [0, 80]], values_ms=[0, 50, 60]),
             timeline=Slow())
seen = []
for frame in (0, 99, 100, 119, 120, 1000):
    drawn.update(frame)
    seen.append(a_of("fibers"))
drawn.set("fibers", [2.5, 1.0])
drawn.update(0)
live = a_of("fibers")
drawn.set("fibers", [0.0, 1.0])
beams = [obj for obj in bpy.data.objects if "fibers" in obj.name]
off, many = [one.hide_render for one in beams], len(beams)
clouds()
draw(light)
one = next(obj for obj in bpy.data.objects if "fibers" in obj.name)
t = np.zeros(len(one.data.vertices), np.float32)
one.data.attributes["transmittance"].data.foreach_get("value", t)
report(still=first, seen=seen, live=live, off=off, clouds=many, cloud_a=a_of("fibers"),
       low=float(t.min()), high=float(t.max()),
       rgb=list(optics.wavelength_rgb(473)))
""",
    )
    assert got["clouds"] == 2
    assert got["still"] == got["cloud_a"] == [0.45, 0.45]
    start = [0.50973, 0.06101]
    assert got["seen"] == [start, start, [0, 0.6], [0, 0.6], [0, 0.6], [0, 0.6]]
    # What came last counts, and not the declaration any more.
    assert got["live"] == [0.3, 0.12]
    assert got["off"] == [True, False]
    assert 1e-3 <= got["low"] < 1.001e-3 and got["high"] == pytest.approx(0.3283, abs=2e-3)
    assert got["rgb"] == pytest.approx([0, 0.71719, 1], abs=1e-5)


def test_a_cloud_is_the_points_that_cleo_draws_turned_to_where_it_shines(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    got = bpy_runtime.reported(
        tmp_path,
        FIBER
        + """
from blendtorch.btb.network.turning import turned
clouds()
draw(light | dict(direction=[[0, 0, 1], [0, 0, -2]], coords=[[0, 0, 0], [1, 2, 3]]))
def first(name):
    data = next(one for one in bpy.data.objects if name in one.name).data
    return [len(data.vertices), list(data.vertices[0].co)]
report(clouds=[first("fibers 0"), first("fibers 1")],
       aside=turned(np.array([[0.0, 0.0, 3.0]]), [1, 1, 0]))
""",
    )
    # As devices.json of cleosim 0.20.0 has them, but for where they stand.
    cloud, other = got["clouds"]
    assert cloud == [1677, pytest.approx([3.376222, 1.312678, 23.282866], abs=1e-5)]
    # Turned, not mirrored.
    assert other == [1677, pytest.approx([4.376222, 2 - 1.312678, 3 - 23.282866], abs=1e-5)]
    assert got["aside"] == [pytest.approx([3 / 2**0.5, 3 / 2**0.5, 0], abs=1e-12)]


def test_to_draw_again_changes_what_has_changed_and_adds_nothing(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        FIBER
        + """
probe = dict(kind="probe", coords=[[0, 0, 0], [0, 0, 50]])
scope = dict(kind="scope", location=[0, 0, 0], focus_depth=100, img_width=80,
             rois=[dict(population="exc", cells=[4, 2])])
where = lambda name, cells: (np.outer(cells, [1, 0, 0]), np.full(len(cells), 5.0))
def count(): return [len(getattr(bpy.data, one)) for one in
                     ("objects", "meshes", "materials", "node_groups", "collections")]
def color(): return list(next(m for m in bpy.data.materials if "fibers" in m.name).diffuse_color)
start = count()
draw(light, probe, scope, where=where)
once, blue = count(), color()
draw(light, probe, scope, where=where)
twice = count()
draw(light | dict(wavelength_nm=600), scope, where=where)
red = color()
less = sorted(obj.name for obj in bpy.data.objects)
mine = bpy.data.objects.new("probe probe", None)
next(one for one in bpy.data.collections if one.name == "devices").objects.link(mine)
draw()
none = count()
report(start=start, none=none, once=once, twice=twice, blue=blue, red=red, less=less,
       mine=bpy.data.objects["probe probe"].type)
""",
    )
    assert got["once"] == got["twice"]
    # The empty object, which is not ours, and the collection.
    assert np.subtract(got["none"], got["start"]).tolist() == [1, 0, 0, 0, 1]
    assert "probe probe" not in got["less"] and "light fibers 1" in got["less"]
    assert got["blue"][0] == 0 and got["red"][0] == 1 and got["red"][2] == 0
    assert got["mine"] == "EMPTY"


def test_devices_of_two_networks_do_not_share_what_they_look_like(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    got = bpy_runtime.reported(
        tmp_path,
        FIBER
        + """
clouds()
roots = [bpy.data.collections.new(name) for name in "ab"]
for root in roots: scene.collection.children.link(root)
for root, nm in zip(roots, (473, 600)):
    devices.draw(scene, root, [light | dict(wavelength_nm=nm)])
first = [next(o for c in root.children for o in c.objects if "fibers 0" in o.name)
         for root in roots]
report(colors=[list(one.material_slots[0].material.diffuse_color[:3]) for one in first],
       nodes=len({one.modifiers["points"].node_group for one in first}))
""",
    )
    (blue, red), nodes = got["colors"], got["nodes"]
    assert blue[2] == 1 and blue[0] == 0 and red[0] == 1 and red[2] == 0 and nodes == 2


def test_what_is_wrong_with_a_device_is_said_with_its_name(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    got = bpy_runtime.reported(
        tmp_path,
        FIBER
        + """
drawn = draw(light)
scope = dict(kind="scope", location=[0, 0, 0], focus_depth=1, img_width=1)
report(errors=[error_of(act) for act in (
    lambda: draw(dict(kind="laser")),
    lambda: draw(light | dict(coords=[[0, float("nan"), 0]])),
    lambda: draw(light | dict(coords=[[0, 1]])),
    lambda: draw(light | dict(direction=[0, 0, 0])),
    lambda: draw(light | dict(model="lamp")),
    lambda: draw(light | dict(model={"model": "fiber", "colour": 1})),
    lambda: draw(light, light),
    lambda: draw(light | dict(values=[[1, 2], [3, 4]])),
    lambda: draw(light | dict(values=[[1, 2], [3, 4]], values_ms=[5, 0])),
    lambda: draw(light | dict(values=[[1, float("nan")]], values_ms=[5])),
    lambda: drawn.set("fibers", [1, 2, 3]),
    lambda: drawn.set("fiber", [1]),
    lambda: draw(light | dict(max_value=None)).set("fibers", [1, 1]),
    lambda: draw(scope | dict(rois=[["exc", 1]])),
    lambda: draw(scope | dict(img_width=-1)),
    lambda: draw(scope | dict(focus_depth="far")),
    lambda: draw(scope | dict(range=[1, 1])),
    lambda: draw(scope | dict(roi_coords=[[0, 0, 0]], values=[1, 2])).update(0),
)])
""",
    )
    parts = [
        "kind is 'laser': there are light, probe, scope",
        "'coords' of device 'fibers' are not all finite",
        "'coords' of device 'fibers' are not rows",
        "a direction is [0.0, 0.0, 0.0]",
        "model is 'lamp': there are fiber, koehler, twophoton",
        "fiber: ",
        "two devices are called 'fibers'",
        "'fibers' have no times",
        "'fibers' must ascend",
        "row 0 of the values of device 'fibers' has a NaN",
        "'fibers' has 2 sources, and 3 values came",
        "no device 'fiber'; there are fibers",
        "'fibers' has no maximum",
        "no network is shown",
        "'img_width' of device 'scope' is -1, not a length",
        "'focus_depth' of device 'scope' is 'far', not a length",
        "the range of scope 'scope' is 1.0 to 1.0",
        "scope 'scope' has 1 regions, and 2 values came",
    ]
    assert len(got["errors"]) == len(parts)
    for error, part in zip(got["errors"], parts, strict=True):
        assert part in error


def seen(got: dict[str, Any], name: str) -> "np.ndarray[Any, np.dtype[np.float64]]":
    return np.array(got[name])


def test_a_light_is_seen_in_its_colour_and_without_black_pixels(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        FIBER
        + PICTURE
        + """
drawn = draw(light | dict(coords=[[0, 0, 0]]))
drawn.set("fibers", [5.0])
scene.cycles.seed = 3
bright = picture((0, -1500, 120), (0, 0, 120), 96, 1)
drawn.set("fibers", [1.0])
report(bright=bright[40:56, 40:56], dim=picture((0, -1500, 120), (0, 0, 120))[20:28, 20:28])
""",
        str(tmp_path),
    )
    bright, dim = seen(got, "bright"), seen(got, "dim")
    assert (bright[..., 2] > bright[..., 1]).all() and (bright[..., 0] < 0.02).all()
    # Paths that end early in so many layers would leave black pixels among the blue ones.
    blue = bright[..., 2]
    around = sum(np.roll(blue, (x, y), (0, 1)) for x in (-1, 0, 1) for y in (-1, 0, 1)) / 9
    assert (blue > 0.5 * around)[1:-1, 1:-1].all()
    assert blue.mean() > 1.5 * dim[..., 2].mean()


def test_in_cycles_a_light_is_a_beam_that_looks_as_its_cloud(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        FIBER
        + PICTURE
        + """
def beams(at_least, a):
    light_beams.FEWEST = at_least
    drawn = draw(light | a | dict(coords=[[90, -40, 70]], direction=[[1, 0.5, 2]]))
    one = []
    for value in (5.0, 1.0):
        drawn.set("fibers", [value])
        one.append(picture((90, -1700, -400), (200, 0, 300), 64, 16))
    return one, sum(len(o.data.vertices) for o in bpy.data.objects if "fibers" in o.name)
usual = light_beams.FEWEST
fiber, beam = {}, dict(model="koehler", params=dict(radius=100))
report(clouds=[beams(10**9, one) for one in (fiber, beam)],
       beams=[beams(usual, one) for one in (fiber, beam)])
""",
        str(tmp_path),
    )
    for cloud, beam in zip(got["clouds"], got["beams"], strict=True):
        assert cloud[1] > 1600 and beam[1] == 48
        for points, smooth in zip(cloud[0], beam[0], strict=True):
            srgb = np.array([points, smooth])[..., 2]
            blue = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
            seen = blue.max(0) > 0.01
            assert 150 < seen.sum() < 2500
            assert blue[1][seen].mean() == pytest.approx(blue[0][seen].mean(), rel=0.06)
            assert abs(blue[1] - blue[0])[seen].mean() < 0.2 * blue[0][seen].mean()
            for axis in (0, 1):  # Along and across.
                profile = blue.sum(axis + 1)
                assert abs(profile[1] - profile[0]).sum() < 0.1 * profile[0].sum()


def test_a_light_for_another_engine_leaves_nothing_of_the_one_before(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        FIBER
        + """
def count(): return [len(getattr(bpy.data, one)) for one in
                     ("objects", "meshes", "materials", "node_groups")]
def places(): return [list(map(list, o.matrix_world)) for o in bpy.data.objects]
first, seen = [], []
for _ in range(2):
    for engine in ("CYCLES", runtime.engine_called("EEVEE"), "BLENDER_WORKBENCH"):
        scene.render.engine = engine
        draw(light | dict(direction=[0, 1, 0]))
        seen.append([count(), places()])
report(seen=seen)
""",
    )
    seen = got["seen"]
    assert seen[:3] == seen[3:]
    identity = np.eye(4).tolist()
    assert all(one == identity for one in seen[1][1])
    # A beam is as long as its light along where it shines, and not elsewhere.
    sizes = np.linalg.norm(np.array(seen[0][1])[:, :3, :3], axis=2)
    assert (sizes[:, 1] > 1000).all() and (sizes[:, [0, 2]] < 300).all()


def test_a_point_of_a_light_is_as_bright_as_its_value(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        FIBER
        + PICTURE
        + """
# A cloud of one point, which all of the light reaches.
one = dict(model="koehler", params=dict(radius=100, zmax=100, points=1), coords=[[0, 0, 0]])
drawn = draw(light | one)
x, y, z = next(o for o in bpy.data.objects if "fibers" in o.name).data.vertices[0].co
def seen(value):
    drawn.set("fibers", [value])
    # A point of eight pixels: smaller ones are faint, as the pixel filter mixes in what is beside.
    return picture((x, y, 2000), (x, y, 0), 64, 16)[32, 32]
report(full=seen(5.0), part=seen(2.0), above=seen(50.0), off=seen(0.0))
""",
        str(tmp_path),
    )
    linear = {name: ((np.array(rgb) + 0.055) / 1.055) ** 2.4 for name, rgb in got.items()}
    assert linear["full"][2] == pytest.approx(0.6, abs=0.005)
    assert linear["part"][1:] == pytest.approx(0.4 * linear["full"][1:], abs=0.01)
    assert got["above"] == got["full"] and max(got["off"]) == 0


def test_workbench_has_a_light_in_classes_of_transmittance(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        FIBER
        + PICTURE
        + """
scene.render.engine = "BLENDER_WORKBENCH"
drawn = draw(light)
drawn.set("fibers", [5.0, 0.0])
one = sorted((list(obj.color), len(obj.data.vertices) // 6)
             for obj in bpy.data.objects if "fibers 0" in obj.name)
off = [obj.hide_render for obj in bpy.data.objects if "fibers 1" in obj.name]
same = [list(obj.color) == list(obj.material_slots[0].material.diffuse_color)
        for obj in bpy.data.objects if "fibers 0" in obj.name]
scene.display.shading.color_type = "VERTEX"
scene.display.shading.background_type = "WORLD"
report(one=one, off=off, same=same, seen=picture((0, -1500, 120), (0, 0, 120))[20:28, 20:28])
""",
        str(tmp_path),
    )
    # Transmittance is 0.001 to 0.33 here: six classes, most points in the faint ones.
    alphas, sizes = [color[3] for color, _ in got["one"]], [size for _, size in got["one"]]
    assert sum(sizes) == 1677
    edges = 0.6 * np.geomspace(1e-3, 1, 7)
    assert len(alphas) == 6 and (edges[:-1] <= alphas).all() and (alphas < edges[1:]).all()
    # Blender 3 and 4 draw an object's colour, 5 its material's.
    assert all(got["off"]) and got["same"] == [True] * 6
    rgb = np.array(got["seen"])
    assert (rgb[..., 2] > rgb[..., 0] + 0.05).all()
