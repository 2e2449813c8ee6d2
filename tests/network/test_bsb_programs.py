"""The programs of the BSB's guide, with their import changed, in Blender's factory scene and in an
empty file, in every Blender there is."""

import gzip
import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.runtimes import Runtime
from support.untested import untested

BSB = Path(__file__).resolve().parents[1] / "golden/network/bsb_v3"

GUIDE = """
import bpy, h5py, itertools
from blendtorch import bsb

network = bsb.core.from_hdf5("mynetwork.hdf5")
# Blend the network into the current scene under the name `scaffold`
network.for_blender({how}).blend(bpy.context.scene, "scaffold")
# Load all cell types into the blender scene
populations = network.get_populations()
cells = itertools.chain(*(p.cells for p in populations.values()))
# Use the 'pulsar' animation to animate all cells with the simulation results
with h5py.File("my_results.hdf5", "r") as f:
  # Animate the simulation's spikes
  network.animate.pulsar(f["recorders/soma_spikes"], cells)
"""

SCRIPT = """
import os, time, warnings
folder = sys.argv[sys.argv.index("--") + 1]
sys.path.append(folder)
os.chdir(folder)
from itertools import chain as itertools_chain
from mathutils import Vector
from bpy_extras.object_utils import world_to_camera_view
from blendtorch.btb import network as ours
said = []
# The Blender is shared: whoever comes next has nothing of ours.
usual = warnings.showwarning
warnings.showwarning = lambda message, *rest: said.append(str(message))
GUIDE = open("guide.py").read()
try:
    import h5py
except ValueError:
    # Debian's Blender has an HDF5 of its own, beside which the one that h5py brings along fails
    # ("Not a datatype"): there results are given by their path.
    GUIDE = GUIDE[:GUIDE.index("with h5py")].replace(" h5py,", "")
    GUIDE += 'network.animate.pulsar("my_results.hdf5", cells)'
out = {"version": bpy.app.version_string, "h5py": "with h5py" in GUIDE}
def run(how="", before=""):
    space = {}
    exec(compile(GUIDE.replace("{how}", how), "guide.py", "exec"), space)
    return space
def count():
    trees = sum(len(tree.nodes) for tree in bpy.data.node_groups)
    composed = btb.runtime.compositor_tree(bpy.context.scene)
    return {kind: len(getattr(bpy.data, kind)) for kind in (
        "objects", "collections", "meshes", "materials", "cameras", "lights", "texts", "actions",
        "node_groups")} | {"nodes": trees, "composed": len(composed.nodes)}

# In the factory scene, where something is selected and its collection is the active one.
bpy.ops.wm.read_factory_settings()
scene = bpy.context.scene
scene.render.resolution_x, scene.render.resolution_y = 96, 72
scene.render.engine = "BLENDER_WORKBENCH"
made = run()
populations = made["populations"]
root = scene.collection.children["scaffold"]
out["first"] = count()
out["populations"] = {
    k: [p.name, len(p), len(p.cells), p.cells[0].id] for k, p in populations.items()}
out["collections"] = [[one.name for one in root.children],
                      sorted(one.name for one in root.children["cells"].children)]
out["cube"] = [one.name for one in bpy.data.objects["Cube"].users_collection]
out["camera"] = [scene.camera.name, scene.camera.users_collection[0].name]
out["range"] = [scene.frame_start, scene.frame_end, scene.render.fps, scene.render.fps_base]
bpy.context.view_layer.update()
seen = [world_to_camera_view(scene, scene.camera, Vector(at))
        for p in populations.values() for at in p.locations.tolist()]
out["outside"] = sum(not (0 < x < 1 and 0 < y < 1 and z > 0) for x, y, z in seen)
out["spread"] = [max(p[0] for p in seen) - min(p[0] for p in seen),
                 max(p[1] for p in seen) - min(p[1] for p in seen)]
values = []
for frame in range(61):
    scene.frame_set(frame)
    values.append({k: p.activity.tolist() for k, p in populations.items()})
out["values"] = {k: [one[k] for one in values] for k in populations}
out["locations"] = {k: p.locations.tolist() for k, p in populations.items()}
out["warned"] = list(said)
run(); run()
out["again"] = count()
# What is declared anew is seen.
net = run()["network"]
net.load_population("golgi_cell", color=(1, 0, 0), radius=3)
golgi = net.get_population("golgi_cell")
out["recolored"] = [golgi.colors[0].tolist(), float(golgi.radii[0]), golgi.cells[0].radius]
run()
golgi = net.get_population("golgi_cell", color=(0, 1, 0))
out["regreened"] = golgi.colors[0].tolist()
# Other names of the guide, and the arguments the other way round.
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
from blendtorch import bsb
net = bsb.core.from_hdf5("mynetwork.hdf5")
assert net.for_blender() is net
out["returned"] = [net.blend("scaffold", scene), net.load_populations()]
out["has"] = [net.has_population("golgi_cell"), net.has_population("mossy_fibers")]
out["entity"] = net.get_population("mossy_fibers")
net.load_population("stellate_cell"); net.ensure_population("stellate_cell")
out["one"] = repr(net.get_population("stellate_cell"))
out["names"] = [hasattr(net, one) for one in (
    "animate", "blend", "create_collection", "create_lighting", "create_network",
    "create_network_cam", "create_population", "devnull", "ensure_population",
    "ensure_populations", "get_population", "get_populations", "has_population", "print_debug")]
# Some cells after others.
golgi = net.get_population("golgi_cell")
both = {"10": [[10, 2.0]], "11": [[11, 2.0]]}
net.animate.pulsar(both, golgi.cells[:1], ms_per_s=50)
net.animate.pulsar(both, itertools_chain(golgi.cells[1:2], golgi.cells[5:]), ms_per_s=50)
scene.frame_set(2)
out["after others"] = [round(one, 3) for one in golgi.activity[:3].tolist()]
# A cell an object, in an empty file.
net = run("as_objects=True")["network"]
populations = net.populations
by_id = {cell.id: cell.object for p in populations.values() for cell in p.cells}
out["objects"] = {k: [cell.object.name for cell in p.cells][:2] for k, p in populations.items()}
out["placed"] = {k: [list(c.object.location) for c in p.cells] for k, p in populations.items()}
meshes = {k: p.cells[0].object.data for k, p in populations.items()}
out["mesh"] = {k: [len(mesh.vertices), len(mesh.polygons)] for k, mesh in meshes.items()}
def curves(obj):
    from blendtorch.btb.network.objects import _curves
    return _curves(obj.animation_data.action)
moving = {n: curves(o) for n, o in by_id.items() if o.animation_data}
out["keys"] = {n: [[list(p.co) for p in c.keyframe_points] for c in of] for n, of in moving.items()}
out["eased"] = {n: [of[0].evaluate(f) for f in range(61)] for n, of in moving.items()}
once = count()
run("as_objects=True")
out["objects again"] = once == count()
bpy.data.objects.remove(by_id[10])
out["missing"] = error_of(lambda: net.get_population("golgi_cell"))
out["partial"] = len(net.get_population("golgi_cell", partial=True).cells)
# A picture, whose bright cells are those that spike.
bpy.ops.wm.read_factory_settings()
scene = bpy.context.scene
bpy.data.objects.remove(bpy.data.objects["Cube"])
scene.render.resolution_x, scene.render.resolution_y = 160, 120
made = run()
out["lit"] = {}
for engine in ("CYCLES", "BLENDER_WORKBENCH"):
    scene.render.engine = engine
    scene.cycles.samples, scene.cycles.use_denoising = 1, False
    scene.display.shading.light, scene.display.render_aa = "FLAT", "OFF"
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = folder + "/seen.png"
    ours.settle(scene)
    scene.frame_set(60)
    bpy.ops.render.render(write_still=True)
    image = bpy.data.images.load(scene.render.filepath)
    seen = np.array(image.pixels[:]).reshape(120, 160, 4)[..., :3]
    bpy.data.images.remove(image)
    at = {"spiking": [], "silent": []}
    golgi = made["populations"]["golgi_cell"]
    for place, value in zip(golgi.locations.tolist(), golgi.activity.tolist()):
        x, y, z = world_to_camera_view(scene, scene.camera, Vector(place))
        pixel = float(seen[int(y * 120), int(x * 160)].max())
        at["spiking" if value > 0.5 else "silent"].append(pixel)
    out["lit"][engine] = at
warnings.showwarning = usual
report(**out)
"""

_results: dict[str, dict[str, Any]] = {}


@pytest.fixture
def made(runtime: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What the programs made, in each Blender once."""
    if runtime.name not in _results:
        folder = _folder(tmp_path_factory)
        _results[runtime.name] = runtime.reported(folder, SCRIPT, str(folder))
    return _results[runtime.name]


def _folder(factory: pytest.TempPathFactory) -> Path:
    """A folder with the files that the programs name, and h5py, which they import."""
    folder = factory.mktemp("seed")
    for name, path in (("mynetwork", "small_v3"), ("my_results", "results_v3")):
        data = gzip.decompress((BSB / f"{path}.hdf5.gz").read_bytes())
        (folder / f"{name}.hdf5").write_bytes(data)
    (folder / "guide.py").write_text(GUIDE)
    spec = importlib.util.find_spec("h5py")
    if spec is None or spec.origin is None or sys.version_info[:2] != (3, 11):
        untested("the programs import h5py, and there is none for Blender's Python 3.11")
    package = Path(spec.origin).parent
    for one in (package, package.with_name("h5py.libs")):
        (folder / one.name).symlink_to(one)
    return folder


def golden() -> list[dict[str, Any]]:
    cells: list[dict[str, Any]] = json.loads((BSB / "pulsar_keyframes.json").read_text())["cells"]
    return cells


def test_the_guides_program_runs_in_the_factory_scene(made: dict[str, Any]) -> None:
    assert made["populations"] == {
        "golgi_cell": ["golgi_cell", 30, 30, 10],
        "granule_cell": ["granule_cell", 420, 420, 90],
        "stellate_cell": ["stellate_cell", 50, 50, 40],
    }
    assert made["collections"] == [["cells"], ["golgi_cell", "granule_cell", "stellate_cell"]]
    assert made["cube"] == ["Collection"]
    assert made["h5py"] or made["version"].startswith("3.4")
    said = [one for one in made["warned"] if "no entry" in one or "no results" in one]
    assert len(said) == 1 and " 1 of " in said[0]


def test_cells_are_where_the_bsb_has_them(made: dict[str, Any]) -> None:
    expected = json.loads((BSB / "expected_v3.json").read_text())["populations"]
    for name, locations in made["locations"].items():
        positions = np.array(expected[name]["positions"])[:, [0, 2, 1]]
        np.testing.assert_allclose(np.array(locations)[: len(positions)], positions, atol=1e-4)


def test_the_camera_is_the_scenes_and_sees_every_cell(made: dict[str, Any]) -> None:
    assert made["camera"] == ["Network Camera", "scaffold"]
    assert made["outside"] == 0 and max(made["spread"]) > 0.7


def test_frames_and_their_rate_are_set(made: dict[str, Any]) -> None:
    assert made["range"] == [0, 318, 60, 1.0]


def test_points_have_the_values_of_the_bsbs_curves(made: dict[str, Any]) -> None:
    ids = {"golgi_cell": 10, "granule_cell": 90, "stellate_cell": 40}
    compared = 0
    for cell in golden():
        wanted = cell.get("evaluated_each_frame_0_60")
        if wanted is None:
            continue
        row = cell["cell_id"] - ids[cell["type"]]
        got = [frame[row] for frame in made["values"][cell["type"]]]
        np.testing.assert_allclose(got, wanted, atol=1.1e-5)
        compared += 1
    assert compared == 18


def test_calls_can_be_made_again(made: dict[str, Any]) -> None:
    assert made["again"] == made["first"]
    assert made["objects again"]


def test_what_is_declared_anew_is_applied(made: dict[str, Any]) -> None:
    assert made["recolored"] == [[1, 0, 0, 1], 3.0, 3.0]
    assert made["regreened"] == [0, 1, 0, 1]


def test_the_guides_other_names_are_there(made: dict[str, Any]) -> None:
    assert made["returned"] == [None, None]
    assert made["has"] == [True, False] and made["entity"] is None
    assert made["one"] == "<population 'stellate_cell': 50 cells as points>"
    assert all(made["names"])


def test_some_cells_can_be_animated_after_others(made: dict[str, Any]) -> None:
    first, second, silent = made["after others"]
    assert first == second > 0.9 and silent == 0.3


def test_cells_as_objects_have_the_bsbs_names_and_meshes(made: dict[str, Any]) -> None:
    assert made["objects"]["golgi_cell"] == ["golgi_cell #10", "golgi_cell #11"]
    assert made["mesh"] == {
        "golgi_cell": [42, 80],
        "granule_cell": [12, 20],
        "stellate_cell": [12, 20],
    }
    for name, locations in made["placed"].items():
        np.testing.assert_allclose(locations, made["locations"][name], atol=1e-4)


def test_cells_as_objects_have_the_bsbs_keys(made: dict[str, Any]) -> None:
    compared = 0
    for cell in golden():
        if cell.get("keyframes") is None:
            continue
        curves = made["keys"][str(cell["cell_id"])]
        assert len(curves) == 4
        for keys in curves:
            # Frames are float32 in Blender and have four digits there, values six.
            np.testing.assert_allclose(
                np.array(keys)[:, 0], np.array(cell["keyframes"])[:, 0], atol=6e-5
            )
            np.testing.assert_allclose(
                np.array(keys)[:, 1], np.array(cell["keyframes"])[:, 1], atol=1e-6
            )
        if cell.get("evaluated_each_frame_0_60") is not None:
            eased = made["eased"][str(cell["cell_id"])]
            np.testing.assert_allclose(eased, cell["evaluated_each_frame_0_60"], atol=1.1e-5)
        compared += 1
    assert compared == sum(cell.get("keyframes") is not None for cell in golden()) > 50


def test_a_cell_whose_object_is_gone_is_said(made: dict[str, Any]) -> None:
    assert "Cell 10 missing from collection golgi_cell" in made["missing"]
    assert made["partial"] == 29


def test_spiking_cells_are_bright_in_the_picture(made: dict[str, Any]) -> None:
    for engine, lit in made["lit"].items():
        assert lit["spiking"], engine
        # Some are behind others.
        assert max(lit["spiking"]) > np.median(lit["silent"]) + 0.1, engine
