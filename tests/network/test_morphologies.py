"""Cells with branches in real Blenders: where the BSB has them, as thick as they are, with the
colours of cells and of compartments."""

import gzip
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from support.runtimes import Runtime

GOLDEN = Path(__file__).parents[1] / "golden" / "network"

SHAPES = """
from types import SimpleNamespace
from blendtorch.btb.network import legend, morphologies
from blendtorch.btb.network.morphology_tubes import tubes
for obj in list(bpy.data.objects): bpy.data.objects.remove(obj)
scene = bpy.context.scene
scene.camera = None

def shape(points, radii, parents, branches=()):
    return SimpleNamespace(points=np.array(points, np.float32), radii=np.array(radii, np.float32),
                           parents=np.array(parents, np.int32), branches=branches)

# A soma with a branch along x that forks: sections are the soma, the trunk, and its two ends.
forked = shape([[0, 0, 0], [10, 0, 0], [40, 0, 0], [60, 20, 0], [60, -20, 0]],
               [5, 1, 1, 0.5, 0.4], [-1, 0, 1, 2, 2],
               [(0, 1, -1), (1, 3, 0), (3, 4, 1), (4, 5, 1)])
needle = shape([[0, 0, 0], [0, 12, 0]], [1, 0.5], [-1, 0], [(0, 2, -1)])

def network(positions, rotations=None, of=None, up="z", color=(0.2, 0.4, 0.6, 1)):
    n = len(positions)
    one = SimpleNamespace(
        name="golgi", positions=np.array(positions, np.float32), up=up, color=color,
        rotations=None if rotations is None else np.array(rotations, np.float32),
        morphologies=["needle", "forked"],
        morphology_of=np.zeros(n, np.int32) if of is None else np.array(of, np.int32))
    return SimpleNamespace(population=lambda name: {"golgi": one}[name],
                           morphology=lambda name: dict(needle=needle, forked=forked)[name])

def draw(of, cells="all", **how):
    return morphologies.draw(scene, scene.collection, of, "golgi", cells, **how)

def corners(drawn):
    xyz = np.zeros(3 * len(drawn.object.data.vertices), np.float32)
    drawn.object.data.vertices.foreach_get("co", xyz)
    return xyz.reshape(-1, 3)

def colors(drawn):
    data = drawn.object.data.attributes["morphology_color"].data
    rgba = np.zeros(4 * len(data), np.float32)
    data.foreach_get("color", rgba)
    return rgba.reshape(-1, 4)

def color_at(drawn, place):
    "The colour of the corner that is nearest to a place."
    return colors(drawn)[np.argmin(np.linalg.norm(corners(drawn) - place, axis=1))][:3]
"""


def test_cells_are_placed_and_turned_as_the_bsb_does(runtime: Runtime, tmp_path: Path) -> None:
    got = runtime.reported(
        tmp_path,
        SHAPES
        + """
import math
from mathutils import Euler, Vector
drawn = draw(network([[100, 0, 0], [0, 0, 0]], [[30, 40, 50], [0, 0, 90]]))
xyz = corners(drawn)
n = len(xyz) // 2
tips = [one[np.linalg.norm(one - at, axis=1) > 8].mean(axis=0)
        for one, at in ((xyz[:n], [100, 0, 0]), (xyz[n:], [0, 0, 0]))]
blenders = Euler([math.radians(a) for a in (30, 40, 50)], "XYZ").to_matrix() @ Vector((0, 12, 0))
old = draw(network([[1, 2, 3]], up="y"))
flat = corners(old)
def outside(drawn):
    "How much of the surface looks away from the middle of its own tube, by area."
    mesh, all_, out = drawn.object.data, 0.0, 0.0
    for face in list(mesh.polygons)[:12]:
        middle = np.mean([mesh.vertices[i].co for i in face.vertices], axis=0)
        axis = np.array([1, 3, middle[2]])
        all_ += face.area
        out += face.area * float(np.dot(middle - axis, face.normal) > 0)
    return out / all_
report(tips=tips, blenders=list(blenders), low=flat.min(axis=0), high=flat.max(axis=0),
       outside=outside(old))
""",
    )
    # What bsb 8.0.2 makes of the point (0, 12, 0) with the rotation (30, 40, 50).
    turned = np.array([-5.48191191, 9.63446805, 4.59626666])
    assert got["tips"][0] == pytest.approx(np.add(turned, [100, 0, 0]), abs=1e-4)
    assert got["blenders"] == pytest.approx(turned, abs=1e-5)
    assert got["tips"][1] == pytest.approx([-12, 0, 0], abs=1e-4)
    # Before version 4 y is up, and is Blender's z: the needle stands on its ball.
    assert got["low"] == pytest.approx([0, 2, 1], abs=1e-5)
    assert got["high"] == pytest.approx([2, 4, 14], abs=1e-5)
    assert got["outside"] == 1


def test_branches_are_as_thick_as_they_are_and_no_thinner_than_can_be_seen(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    got = bpy_runtime.reported(
        tmp_path,
        SHAPES
        + """
def radius_at(made, x, low=-99.0, high=99.0):
    there = made.corners[(abs(made.corners[:, 0] - x) < 1e-3)
                         & (made.corners[:, 1] > low) & (made.corners[:, 1] < high)]
    return float(np.linalg.norm(there - there.mean(axis=0), axis=1).max()) if len(there) else None
exact, seen = tubes(forked), tubes(forked, 0.8)
# Near the soma's middle: the trunk begins there as thick as it is, inside of the soma's ball.
start = exact.corners[:-18][abs(exact.corners[:-18, 0]) < 1e-3]
wiggly = shape([[x, 0, 0] for x in (0, 10, 10, 11, 12, 30, 31)], [1] * 7, range(-1, 6))
bend = tubes(shape([[0, 0, 0], [10, 0, 0], [20, 0, 0], [20, 10, 0]], [1] * 4, range(-1, 3)))
far = tubes(shape([[0, 0, 0], [10, 0, 0], [20, 0, 0]], [0.1] * 3, range(-1, 2)), 1.0)
scene.render.resolution_x, scene.render.resolution_y = 400, 200
scene.render.resolution_percentage = 100
eye = bpy.data.objects.new("eye", bpy.data.cameras.new("eye"))
scene.collection.objects.link(eye)
eye.location, eye.data.sensor_width, eye.data.lens = (0, 0, 1000), 36, 36
scene.camera = eye
pixel = draw(network([[0, 0, 0]], of=[1]))
tip = corners(pixel)[abs(corners(pixel)[:, 0] - 60) < 2]
tip = tip[tip[:, 1] > 0]
report(exact=[radius_at(exact, 40, -5, 5), float(np.abs(start[:, 1:]).max())],
       ends=[float(np.ptp(made.corners[made.corners[:, 1] > 18][:, 2])) for made in (exact, seen)],
       points=[np.unique(tubes(wiggly, floor).point_of) for floor in (0.0, 1.0)],
       sides=[len(exact.corners), len(far.corners)],
       bend=float(np.linalg.norm(bend.corners[6:12] - [20, 0, 0], axis=1).max()),
       pixel=float(np.ptp(tip[:, 2])))
""",
    )
    assert got["exact"] == pytest.approx([1, 1], abs=1e-5)
    assert got["ends"] == pytest.approx([2 * 0.5, 2 * 0.8], abs=1e-4)
    # A point that is there twice, and then those that are nearer than two radii, but for the end.
    assert got["points"] == [[0, 1, 3, 4, 5, 6], [0, 1, 5, 6]]
    assert got["sides"] == [6 * 6 + 18, 3 * 3 + 18]
    assert got["bend"] == pytest.approx(1, abs=1e-5)
    # 1000 µm away a pixel is 1000 * 36 / 36 / 400 = 2.5 µm: so high is a tube of three sides.
    assert got["pixel"] == pytest.approx(1.5 * 1.25, rel=0.16)


def test_values_of_cells_and_of_compartments_are_the_colours(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SHAPES
        + """
two = network([[0, 0, 0], [0, 500, 0], [0, 900, 0]], of=[1, 1, -1])
cells = draw(two, floor=0.1)
rest = color_at(cells, [0, 505, 0])
cells.set([0, 1, 0])
by_cell = [color_at(cells, [0, 5, 0]), color_at(cells, [60, 520, 0])]
ramp = np.linspace([0, 0, 0], [1, 1, 1], 256)
# Cell 1: the trunk at a quarter and three quarters, one end; nothing of the soma, nor of cell 0.
columns = morphologies.Compartments([1, 1, 1], [1, 2, 1], [0.75, 0.5, 0.25])
parts_ = draw(two, floor=0.1, bar=legend.ColorBar(ramp, -100, 0), compartments=columns)
parts_.set([-50.0, 20.0, -100.0])
where = dict(other=[0, 5, 0], soma=[0, 505, 0], near=[10, 501, 0], far=[40, 501, 0],
             end=[60, 520, 0], bare=[60, 480, 0])
seen = {k: color_at(parts_, v)[0] for k, v in where.items()}
parts_.set([np.nan] * 3)
report(rest=rest, by_cell=by_cell, seen=seen, problems=parts_.problems, count=len(bpy.data.objects),
       few=error_of(lambda: parts_.set([1.0])), nan=np.unique(colors(parts_)[:, :3]))
""",
    )
    linear = lambda c: ((np.asarray(c) + 0.055) / 1.055) ** 2.4  # noqa: E731
    color = np.array([0.2, 0.4, 0.6])
    # Of what nothing is known has its plain colour, what is silent less of it.
    assert got["rest"] == pytest.approx(linear(color), abs=1e-5)
    assert got["by_cell"][0] == pytest.approx(linear(0.3 * color), abs=1e-5)
    assert got["by_cell"][1] == pytest.approx(linear(color + 0.5), abs=1e-5)
    grey = linear(0.5)
    expected = {"other": grey, "soma": grey, "near": 0, "far": linear(128 / 255), "end": 1}
    assert got["seen"] == pytest.approx({**expected, "bare": grey}, abs=1e-5)
    assert got["nan"] == pytest.approx([grey], abs=1e-5)
    assert got["problems"] == [
        "population 'golgi': 1 of 3 cells have no morphology and are not drawn with branches"
    ]
    assert got["count"] == 1
    assert "need 3 values, and 1 came" in got["few"]


def test_drawn_twice_is_drawn_once_and_what_is_kept_not_goes(
    runtime: Runtime, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SHAPES
        + """
def count(): return [len(getattr(bpy.data, one)) for one in
                     ("objects", "meshes", "materials", "collections")]
of = network([[0, 0, 0], [50, 0, 0]])
start = count()
draw(of); once = count()
drawn = draw(of, [1]); twice = count()
low = corners(drawn).min(axis=0)
frames = []
drawn = draw(of, values=lambda frame: frames.append(frame) or [frame, 0.0])
drawn.update(1)
morphologies.draw_shape(scene, scene.collection, "alone", needle, (0, 0, 100), (180, 0, 0))
alone = next(o for o in bpy.data.objects if "alone" in o.name)
z = np.array([v.co for v in alone.data.vertices])
morphologies.keep(scene.collection, ["golgi"])
report(start=start, once=once, twice=twice, low=low, frames=frames,
       alone=[z.min(axis=0), z.max(axis=0)], left=[o.name for o in bpy.data.objects])
""",
    )
    assert got["once"] == got["twice"] != got["start"]
    assert got["low"][0] > 45
    assert got["frames"] == [1]
    assert got["alone"][0] == pytest.approx([-1, -12, 99], abs=1e-4)
    assert got["alone"][1] == pytest.approx([1, 1, 101], abs=1e-4)
    assert got["left"] == ["morphologies golgi"]


def test_what_is_wrong_with_a_morphology_is_said(bpy_runtime: Runtime, tmp_path: Path) -> None:
    got = bpy_runtime.reported(
        tmp_path,
        SHAPES
        + """
of = network([[0, 0, 0]])
bare = network([[0, 0, 0]]); bare.population("golgi").morphology_of = None
line = lambda parents, x=1.0: tubes(shape([[0, 0, 0], [x, 0, 0]], [1, 1], parents), name="swc")
most, morphologies.MOST_CORNERS = morphologies.MOST_CORNERS, 20
columns = lambda *of: morphologies.Compartments(*of)
report(errors=[error_of(act) for act in (
    lambda: draw(of, [1]),
    lambda: draw(of, "some"),
    lambda: draw(bare),
    lambda: draw(network([[np.nan, 0, 0]])),
    lambda: draw(of),
    lambda: line([-1, 1]),
    lambda: line([-1, 0], np.nan),
    lambda: tubes(shape([], [], []), name="swc"),
    lambda: setattr(morphologies, "MOST_CORNERS", most) or draw(
        of, compartments=columns([7], [0], [0.5])),
    lambda: draw(of, compartments=columns([0, 0], [0], [0.5])),
)])
""",
    )
    parts = [
        "no cell 1: there are 1",
        "'all', or indices",
        "no cell of population 'golgi' has a morphology",
        "no cell that was asked for has a morphology",
        "draw fewer `cells`, or give a larger `floor`",
        "point 1 of morphology 'swc' goes on from point 1",
        "a point of morphology 'swc' is not finite",
        "'swc' has no points",
        "no cell that is drawn has a compartment",
        "there are 2 cells, 1 sections and 1 positions",
    ]
    assert len(got["errors"]) == len(parts)
    for error, part in zip(got["errors"], parts, strict=True):
        assert part in error and error.startswith("ValueError")


@pytest.mark.parametrize("engine", ["CYCLES", "BLENDER_WORKBENCH"])
def test_activity_is_seen_in_cells_with_branches(
    runtime: Runtime, engine: str, tmp_path: Path
) -> None:
    got = runtime.reported(
        tmp_path,
        SHAPES
        + f"""
scene.render.engine = {engine!r}
scene.render.resolution_x = scene.render.resolution_y = 64
scene.render.resolution_percentage = 100
scene.cycles.samples, scene.cycles.use_denoising = 2, False
scene.view_settings.view_transform = "Standard"
scene.display.shading.light = "FLAT"
world = bpy.data.worlds.new("black"); world.color = (0, 0, 0); scene.world = world
if world.node_tree: world.node_tree.nodes["Background"].inputs[0].default_value = (0, 0, 0, 1)
eye = bpy.data.objects.new("eye", bpy.data.cameras.new("eye"))
scene.collection.objects.link(eye)
eye.location, scene.camera = (30, 0, 150), eye
drawn = draw(network([[0, 30, 0], [0, -30, 0]], of=[1, 1], color=(0, 0.6, 0.1, 1)))
drawn.set([1.0, 0.0])
scene.render.filepath = sys.argv[sys.argv.index("--") + 1] + "/seen.png"
bpy.ops.render.render(write_still=True)
image = bpy.data.images.load(scene.render.filepath)
rgb = np.array(image.pixels[:]).reshape(64, 64, 4)[..., :3]
report(up=np.sort(rgb[32:, :, 1].ravel())[-40:], down=np.sort(rgb[:32, :, 1].ravel())[-40:],
       red=rgb[:32, :, 0].max())
""",
        str(tmp_path),
    )
    up, down = np.array(got["up"]), np.array(got["down"])
    assert (up > 0.5).all() and up.max() > 0.9
    assert (down > 0.05).all() and down.max() < 0.35 and got["red"] < 0.1


def test_cells_of_a_network_of_the_bsb_stand_where_it_has_them(
    runtime: Runtime, tmp_path: Path
) -> None:
    with gzip.open(GOLDEN / "bsb_v8" / "small_v8.hdf5.gz") as packed:
        (tmp_path / "net.hdf5").write_bytes(packed.read())
    got = runtime.reported(
        tmp_path,
        SHAPES
        + """
from pathlib import Path
from blendtorch import circuit
net = circuit.CellNetwork(Path(sys.argv[sys.argv.index("--") + 1]) / "net.hdf5")
cells = net.population("stellate_cell")
drawn = morphologies.draw(scene, scene.collection, net, "stellate_cell", floor=0.1)
xyz = corners(drawn)
axis = morphologies.turned(cells.rotations) @ np.array([0, -60, 0])
near = lambda places: [float(np.linalg.norm(xyz - one, axis=1).min()) for one in places]
report(cells=len(cells), problems=drawn.problems, color=color_at(drawn, [0, 0, 0]),
       balls=[int((abs(np.linalg.norm(xyz - one, axis=1) - 5) < 0.01).sum())
              for one in cells.locations], axons=near(cells.locations + axis),
       errors=[error_of(lambda: morphologies.draw(scene, scene.collection, net, name, cells))
               for name, cells in (("golgi_cell", "all"), ("stellate", "all"),
                                   ("stellate_cell", [50]))])
""",
        str(tmp_path),
    )
    assert got["cells"] == 50 and got["problems"] == []
    # A soma's ball is 5 µm around its place, and the axon ends 60 µm below it, as it is turned.
    assert min(got["balls"]) >= 18
    assert max(got["axons"]) < 0.5
    assert got["color"] == pytest.approx([0.9131, 0.6867, 0], abs=1e-3)
    golgi, unknown, beyond = got["errors"]
    assert "no cell of population 'golgi_cell' has a morphology" in golgi
    assert unknown.startswith("KeyError") and "stellate_cell" in unknown
    assert "no cell 50: there are 50" in beyond


def write_report(path: Path, values: "np.ndarray[Any, Any]", elements: list[list[int]]) -> None:
    """Of cells 7 and 3, in that order, their elements at a tenth, nine tenths, …"""
    ids = [one for cell in elements for one in cell]
    with h5py.File(path, "w") as file:
        of = file.create_group("report/cortex")
        of["data"] = values
        of["data"].attrs["units"] = "mV"
        mapping = of.create_group("mapping")
        mapping["node_ids"] = np.array([7, 3], np.uint64)
        mapping["index_pointers"] = np.array([0, len(elements[0]), len(ids)], np.uint64)
        mapping["element_ids"] = np.array(ids, np.uint32)
        mapping["element_pos"] = np.array(([0.5, 0.1, 0.9, 0.5])[: len(ids)], np.float32)
        mapping["time"] = np.array([0.0, float(len(values)), 1.0])
        mapping["time"].attrs["units"] = "ms"


def test_compartments_of_a_report_colour_the_branches_of_a_file(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    rows = np.zeros((3000, 4))
    rows[:, 1], rows[2, 2], rows[2999, 3] = np.arange(3000), 40.0, 60.0
    write_report(tmp_path / "v.h5", rows, [[0, 2, 2], [0]])
    write_report(tmp_path / "somata.h5", rows[:, :2], [[0], [0]])
    swc = "1 1 0 0 0 5 -1\n2 3 10 0 0 1 1\n3 3 90 0 0 1 2\n4 2 0 -10 0 1 1\n5 2 0 -60 0 1 4\n"
    (tmp_path / "cell.swc").write_text(swc)
    got = bpy_runtime.reported(
        tmp_path,
        SHAPES
        + """
from pathlib import Path
from blendtorch import circuit
from blendtorch.btb.network.morphology_reports import compartments_of
from blendtorch.btb.network.morphology_sections import branches_of
folder = Path(sys.argv[sys.argv.index("--") + 1])
line = circuit.Timeline(fps=20, ms_per_s=10)
cell = circuit.Morphology.from_swc(folder / "cell.swc")
traces = circuit.Traces(folder / "v.h5", "cortex", line, cells=[3, 5, 7], low=0, high=100)
ends = [list(cell.points[cell.branches[b][1] - 1]) for b in branches_of(cell)]
ramp = np.linspace([0, 0, 0], [1, 1, 1], 101)
of = SimpleNamespace(name="cortex", positions=np.array([[0, 0, 0], [0, 0, 0], [0, 500, 0]]),
                     rotations=None, up="z", color=None, morphologies=["cell"],
                     morphology_of=np.zeros(3, int))
net = SimpleNamespace(population=lambda name: of, morphology=lambda name: cell)
drawn = morphologies.draw(scene, scene.collection, net, "cortex", [0, 2], floor=0.1,
                          bar=legend.ColorBar(ramp, 0, 100), values=traces.row,
                          compartments=compartments_of(traces))
def seen(frame):
    drawn.update(frame)
    # Of cell 7 the dendrite near and far, its axon, and the soma of cell 3.
    return [float(color_at(drawn, p)[0]) for p in ([10, 501, 0], [90, 501, 0], [1, 440, 0],
                                                   [0, 0, 5])]
somata = circuit.Traces(folder / "somata.h5", "cortex", line, cells=[3, 5, 7])
report(ends=ends, frames={n: seen(n) for n in (-5, 0, 3, 4, 6, 5998, 7000, 180)},
       single=compartments_of(somata) is None)
""",
        str(tmp_path),
    )
    # NEURON's order: the soma, the axon, the dendrite.
    assert got["ends"] == [[0, 0, 0], [0, -60, 0], [90, 0, 0]]
    grey = ((0.5 + 0.055) / 1.055) ** 2.4

    def at(share: float) -> float:
        return float(share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4)

    # Two frames a row, and what is between rows is between their values.
    rows = {-5: 0, 0: 0, 3: 1.5, 4: 2, 6: 3, 5998: 2999, 7000: 2999, 180: 90}
    for frame, row in rows.items():
        near, far, axon, soma = got["frames"][str(frame)]
        assert near == pytest.approx(at(min(np.rint(row), 100) / 100), abs=2e-4)
        assert far == pytest.approx(at({2: 0.4, 1.5: 0.2}.get(row, 0)), abs=2e-4)
        assert soma == pytest.approx(at(0.6 if row == 2999 else 0), abs=2e-4)
        assert axon == pytest.approx(grey, abs=1e-5)
    assert got["single"] is True
