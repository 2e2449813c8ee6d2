"""What is declared anew takes the place of what was: activity, kinds of cells, networks."""

from pathlib import Path
from typing import Any

import pytest
from support.networks import PRELUDE, reported_once
from support.runtimes import Runtime

SCRIPT = (
    PRELUDE
    + """
out = {}
AT = np.random.default_rng(0).uniform(0, 100, (9, 3))
SPIKE = {str(n): [[n, 10.0]] for n in range(9)}
OTHER = {"3": [[3, 2.0]]}
def fresh():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene
def script(**how):
    "A script that runs again and again."
    net = network.from_arrays({"exc": AT})
    net.for_blender(**how).blend(bpy.context.scene, "net")
    net.load_populations()
    net.animate.pulsar(SPIKE, net.get_populations(), glare=False)
    return net
def drawn(net, frame):
    "The values that Blender draws: those of keys, where there are any."
    bpy.context.scene.frame_set(frame)
    obj = net.populations["exc"].object
    mesh = obj.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    return [round(one.value, 4) for one in mesh.attributes["activity"].data][:9]
def count(*kinds): return [len(getattr(bpy.data, kind)) for kind in kinds]
def cells(): return sum(obj.get("cell_id") is not None for obj in bpy.data.objects)
def clouds(): return sum(obj.get("blendtorch") == "points" for obj in bpy.data.objects)

# Activity that was baked.
scene = fresh()
net = script(draw_as="mesh")
playing = drawn(net, 24)
unbaked = count("objects", "meshes")
network.bake(scene, 0, 60)
out["baked"] = [drawn(net, 24) == playing, count("objects", "meshes"), unbaked]
net.animate.show("decay", OTHER, net.populations, tau_ms=20)
out["shown anew"] = [drawn(net, 24), net.populations["exc"].activity.round(4).tolist(),
                     count("objects", "meshes"), network.bake(scene, 0, 60)["exc"] > 9]
net.animate.stop()
out["stopped"] = [drawn(net, 24), count("objects", "meshes")]
script(draw_as="mesh")
network.bake(scene, 0, 60)
AT = np.random.default_rng(1).uniform(0, 100, (7, 3))
net = script(draw_as="mesh")
out["of other cells"] = [len(net.populations["exc"]), max(drawn(net, 24)[:7])]
AT = np.random.default_rng(0).uniform(0, 100, (9, 3))

# Cells as objects, each with keys.
scene = fresh()
net = script(as_objects=True)
exc = net.populations["exc"]
def colors(frame):
    scene.frame_set(frame)
    return [round(cell.object.color[0], 4) for cell in exc.cells]
out["keyed"] = [colors(24), count("actions")]
net.animate.show("decay", OTHER, exc.cells[3:4], tau_ms=20)
out["keyed anew"] = [colors(24), count("actions")]
net.animate.show("decay", SPIKE, exc.cells[4:6], tau_ms=20)
out["keyed besides"] = [colors(25), count("actions")]
net.animate.stop()
out["unkeyed"] = [colors(24), count("actions")]
net.animate.pulsar(OTHER, exc.cells[3:4], glare=False)
out["after a stop"] = [colors(4), count("actions")]

# The same script with objects, and without.
scene = fresh()
kinds = ("objects", "meshes", "materials", "actions", "node_groups", "collections")
first = script()
out["points"] = [cells(), clouds(), count(*kinds)]
script(as_objects=True)
out["objects"] = [cells(), clouds(), count(*kinds)]
net = script()
scene.frame_set(24)
out["points again"] = [cells(), clouds(), count(*kinds), net.populations["exc"].activity.tolist()]
script(as_objects=True)
out["objects again"] = [cells(), clouds(), count(*kinds)]
# Within one script what was said once holds.
net = network.from_arrays({"exc": AT})
net.blend(scene, "net")
net.load_populations(as_objects=True)
net.get_population("exc", color=(1, 0, 0))
out["in one script"] = [cells(), clouds()]
net.load_populations(as_objects=False)
out["in one script"] += [cells(), clouds()]
# A file that shows other cells than it says is at rest.
net.animate.pulsar(SPIKE, net.get_populations(), glare=False)
net.load_populations(as_objects=True)
out["at rest"] = [net.populations["exc"].look.way, network.attach(scene)]
# Objects that others have made.
scene = fresh()
for parent, name in ((scene.collection, "net"), (None, "cells"), (None, "exc")):
    parent = parent or made_in
    made_in = bpy.data.collections.new(name)
    parent.children.link(made_in)
for n in range(9):
    obj = bpy.data.objects.new(f"exc #{n}", bpy.data.meshes.new("exc"))
    obj["cell_id"] = n
    made_in.objects.link(obj)
out["of others"] = []
for how in ({}, {}, {"as_objects": False}, {}):
    script(**how)
    out["of others"].append([cells(), clouds()])

# Another network of the name of one that is there, beside one of another name.
scene = fresh()
other = network.show(plain(name="other"))
mine = network.show(plain(name="mine", results=SPIKES, legend=True, axes=True, devices=[
    {"kind": "light", "coords": [[100, 100, 0]], "values": [1.0], "max_value": 2.0}]))
def parts(name):
    root = scene.collection.children[name]
    of = {one.name.partition(".")[0]: one for one in root.children}
    return [sorted(of), sorted(one.name.partition(".")[0] for one in of["cells"].children),
            len(root.all_objects)]
out["before"] = parts("mine")
beside = parts("other")
shutil.copy(NET, folder + "/moved.hdf5")
net = network.from_file(folder + "/moved.hdf5")
net.blend(scene, "mine")
out["a moved file"] = [parts("mine") == out["before"],
                       sorted(one.name for one in network.files(scene))]
net = network.from_file(folder + "/v8.hdf5")
net.blend(scene, "mine")
net.load_population("golgi_cell")
out["another file"] = [parts("mine"), sorted(one.name for one in network.files(scene))]
scene.frame_set(9)
scene.render.engine = "CYCLES"
out["nothing of it"] = [network.settle(scene), network.attach(scene)]
net = network.from_arrays({"exc": AT, "golgi_cell": AT})
net.blend(scene, "mine")
net.load_populations()
fewer = network.from_arrays({"exc": AT})
fewer.blend(scene, "mine")
fewer.load_populations()
out["fewer"] = [parts("mine"), parts("other") == beside,
                sorted(one.name for one in network.files(scene))]

# A network that is simulated, in place of another one.
from blendtorch.btb.network.live import Hello
from blendtorch.btb.network.live_canvas import SceneCanvas
scene = fresh()
canvas = SceneCanvas()
out["live"] = []
for name in ("one", "two", "two"):
    canvas.begin(Hello({"name": name, "axes": True}, {"exc": AT.astype(np.float32)}, {}, {}))
    out["live"].append([[one.name for one in scene.collection.children], clouds(),
                        scene.camera.users_collection[0].name, count("cameras", "collections")])

# What is drawn again for another engine, and what is to be said of it.
scene = fresh()
light = {"kind": "light", "coords": [[100, 100, 0]], "values": [1.0], "max_value": 2.0}
made = network.show(plain(devices=[light]))
out["settled"] = [network.settle(scene)]
os.remove(NET)
scene.render.engine = "CYCLES"
out["settled"] += [network.settle(scene), network.settle(scene)]
report(**out)
"""
)


@pytest.fixture
def made(runtime: Runtime, tmp_path: Path) -> dict[str, Any]:
    """What the scripts made, in each Blender once."""
    return reported_once(runtime, SCRIPT, tmp_path)


def test_baked_keys_end_where_activity_is_declared_anew(made: dict[str, Any]) -> None:
    """They went on playing, over whatever was shown later, and after a stop."""
    same, baked, plain = made["baked"]
    assert same and baked == [one + 1 for one in plain]
    values, own, blocks, baked_again = made["shown anew"]
    # 8 ms after its spike, with a time constant of 20.
    wanted = pytest.approx([0, 0, 0, 0.6703, 0, 0, 0, 0, 0], abs=1e-4)
    assert values == wanted and own == wanted
    assert blocks == plain and baked_again
    assert made["stopped"] == [[0.0] * 9, plain]
    assert made["of other cells"] == [7, 1.0]


def test_keys_of_objects_end_where_activity_is_declared_anew(made: dict[str, Any]) -> None:
    """Cells that are not among those of a new declaration went on with the old one."""
    assert made["keyed"] == [[1.0] * 9, [9]]
    values, actions = made["keyed anew"]
    assert values[3] == pytest.approx(0.6703, abs=1e-3) and actions == [1]
    assert values[:3] + values[4:] == [0.0] * 8
    values, actions = made["keyed besides"]
    assert [round(one) for one in values] == [0, 0, 0, 1, 1, 1, 0, 0, 0] and actions == [3]
    assert made["unkeyed"] == [[1.0] * 9, [0]]
    assert made["after a stop"] == [[0.3] * 3 + [1.0] + [0.3] * 5, [1]]


def test_cells_are_objects_only_as_long_as_a_script_says_so(made: dict[str, Any]) -> None:
    """Objects stayed when the script no longer asked for them."""
    assert made["points"][:2] == [0, 1] and made["objects"][:2] == [9, 0]
    *kinds, values = made["points again"]
    assert kinds == made["points"] and values == [1.0] * 9
    assert made["objects again"] == made["objects"]
    assert made["in one script"] == [9, 0, 0, 1]
    assert made["at rest"] == ["plain", []]


def test_objects_that_others_have_made_stay(made: dict[str, Any]) -> None:
    assert made["of others"] == [[9, 0], [9, 0], [0, 1], [0, 1]]


def test_another_network_takes_the_place_of_one_of_its_name(made: dict[str, Any]) -> None:
    """What it does not have stayed, devices and all, and the file was kept as one of its own."""
    names, populations, _ = made["before"]
    assert names == ["axes", "cells", "devices", "legend"]
    assert populations == ["golgi_cell", "granule_cell", "stellate_cell"]
    # The same network elsewhere is the same one; its results are what its cells play still.
    assert made["a moved file"] == [True, ["moved.hdf5", "net.hdf5", "results.hdf5"]]
    parts, files = made["another file"]
    assert parts == [["cells"], ["golgi_cell"], 2] and files == ["net.hdf5", "v8.hdf5"]
    assert made["nothing of it"] == [[], []]
    parts, beside, files = made["fewer"]
    assert parts == [["cells"], ["exc"], 2] and files == ["net.hdf5"]
    assert beside, "networks of other names stay"


def test_a_network_that_is_simulated_takes_the_place_of_the_one_before(
    made: dict[str, Any],
) -> None:
    """One of another name stayed beside it."""
    first, second, third = made["live"]
    assert first[:3] == [["one"], 1, "one"]
    assert second == third == [["two"], 1, "two", first[3]]


def test_what_is_drawn_again_for_an_engine_says_what_is_gone(made: dict[str, Any]) -> None:
    """It was said to nobody."""
    first, second, third = made["settled"]
    assert first == third == []
    assert [one for one in second if "net.hdf5 is gone" in one] == second != []
