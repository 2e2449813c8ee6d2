"""What cannot be shown, or only in part: one clear error, or a count; never silence."""

from pathlib import Path
from typing import Any

import pytest
from support.networks import PRELUDE, reported_once
from support.processes import run_python
from support.runtimes import Runtime

SCRIPT = (
    PRELUDE
    + """
from blendtorch import bsb
scene = bpy.context.scene
out = {}
def fresh():
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return bpy.context.scene
def net_of(**populations):
    net = network.from_arrays(populations)
    net.blend(bpy.context.scene, "net")
    return net

# Files.
open(folder + "/text.hdf5", "w").write("no HDF5 at all")
whole = open(NET, "rb").read()
open(folder + "/cut.hdf5", "wb").write(whole[: len(whole) // 3])
out["files"] = [error_of(lambda: bsb.core.from_hdf5(folder + "/" + one))
                for one in ("gone.hdf5", "text.hdf5", "cut.hdf5", "results.hdf5")]
out["described"] = [error_of(lambda: network.show(plain(network=folder + "/" + one)))
                    for one in ("gone.hdf5", "cut.hdf5")]
out["results"] = [error_of(lambda: network.show(plain(results=folder + "/" + one)))
                  for one in ("gone.hdf5", "text.hdf5", "net.hdf5")]

# Calls.
scene = fresh()
net = bsb.core.from_hdf5(NET)
out["not blended"] = error_of(net.get_populations)
out["blend"] = [error_of(lambda: net.blend("a", "b")), error_of(lambda: net.blend(scene)),
                error_of(lambda: net.blend(scene, ""))]
net.blend(scene, "scaffold")
out["no such population"] = error_of(lambda: net.get_population("golgi"))
golgi = net.get_population("golgi_cell")
out["cells"] = [error_of(lambda: net.animate.pulsar(SPIKES, cells)) for cells in (5, [1, 2], ["a"])]
out["no cells"] = warned(lambda: net.animate.pulsar(SPIKES, []))
out["results of no kind"] = error_of(lambda: net.animate.pulsar(7, golgi))
one_spike = {"10": [[10, 1.0]]}
out["more arguments"] = warned(lambda: net.animate.pulsar(one_spike, golgi.cells[:1], fsp=3))
out["listener"] = error_of(lambda: net.animate.pulsar({}, golgi, listener="nobody"))
heard = []
net.animate.pulsar(one_spike, golgi.cells[0], listener=heard.append)
out["heard"] = len(heard)
out["numbers"] = [error_of(lambda: net.animate.pulsar({}, golgi, **one)) for one in (
    {"fps": 0}, {"fps": -5}, {"ms_per_s": float("nan")}, {"spike_duration": -1})]
out["kind"] = error_of(lambda: net.animate.show("sparkle", {}, golgi))
out["no results"] = error_of(lambda: net.animate.show("decay", cells=golgi))
out["draw as"] = error_of(lambda: net.load_population("golgi_cell", draw_as="cubes"))
out["shapes"] = [error_of(lambda: network.from_arrays({"a": one})) for one in (
    [[1, 2]], [1, 2, 3], {"ids": [1]}, {"positions": [[0, 0, 0]], "ids": [1, 2]},
    {"positions": [[0, 0, 0]], "radii": [1, 2]})]

# Spikes.
out["of no cell"] = warned(lambda: net.animate.pulsar(
    {"9999": [[9999, 1.0], [9999, 2.0]], "90": [[90, 1.0]], "soma": [[10, 1.0], [8888, 3.0]],
     "note": "text"}, golgi))
out["granule cells"] = warned(lambda: net.animate.pulsar({"90": [[90, 1.0]]}, golgi))
out["none of them"] = warned(lambda: net.animate.pulsar({"9999": [[9999, 1.0]]}, golgi))
out["some"] = warned(lambda: net.animate.pulsar(
    {str(n): [[n, 3.0], [n, 1.0]] for n in golgi.ids[:7]}, golgi))
out["before 0"] = warned(lambda: net.animate.pulsar(
    {str(n): [[n, -1.0], [n, 2.0], [n, float("nan")]] for n in golgi.ids}, golgi))
out["values"] = float(golgi.activity.max())
out["late"] = [warned(lambda: net.animate.pulsar({"10": [[10, 1e9]]}, golgi)), scene.frame_end]

# SONATA's, of a network of arrays.
circuit.Spikes({"exc": (np.array([0, 70, 71]), np.array([1.0, 2.0, 3.0]))}).write(
    folder + "/exc.h5")
scene = fresh()
arrays = net_of(exc=np.zeros((5, 3)) + np.arange(5)[:, None])
exc = arrays.get_population("exc")
out["file of nobody"] = warned(lambda: arrays.animate.pulsar(folder + "/exc.h5", exc))

# Cells without a place, and no cells at all.
at = np.random.default_rng(0).uniform(0, 100, (50, 3))
at[7] = np.nan
at[9, 1] = np.inf
scene = fresh()
net = net_of(exc=at, nobody=np.zeros((0, 3)))
out["lost"] = warned(net.get_populations)
exc = net.get_population("exc")
out["lost cells"] = [float(exc.radii[7]), float(exc.radii[9]),
                     bool(np.isfinite(exc.locations).all()),
                     all(np.isfinite(list(scene.camera.location))),
                     len(net.get_population("nobody"))]
out["lost objects"] = warned(lambda: net.load_population("exc", as_objects=True))
out["objects"] = len(net.get_population("exc", partial=True).cells)
net.load_populations(as_objects=False)
net.animate.pulsar({str(n): [[n, 1.0]] for n in range(50)}, net.get_populations())
scene.frame_set(3)
out["nobody"] = float(net.get_population("exc").activity[0])

# Two networks with populations of one name, and collections that have it already.
scene = fresh()
bpy.context.scene.collection.children.link(bpy.data.collections.new("exc"))
one, other = network.from_arrays({"exc": at[:5]}), network.from_arrays({"exc": at[10:30]})
one.blend(scene, "one")
other.blend(scene, "other")
for _ in range(3):
    sizes = [len(one.get_population("exc")), len(other.get_population("exc"))]
out["two"] = [sizes, one.get_population("exc").name, other.get_population("exc").name,
              len(bpy.data.collections), len(bpy.data.objects)]
one.animate.pulsar({"0": [[0, 1.0]]}, one.get_population("exc"))
other.animate.show("decay", {"3": [[3, 1.0]]}, other.get_population("exc"), fps=60)
scene.frame_set(4)
out["two play"] = [int(one.get_population("exc").activity.argmax()),
                   int(other.get_population("exc").activity.argmax())]

# What a script deletes while it plays is made again, or let go.
bpy.data.objects.remove(one.get_population("exc").object)
scene.frame_set(5)
out["made again"] = len(one.get_population("exc").activity)
bpy.data.collections.remove(other.get_population("exc").collection)
scene.frame_set(6)
out["other again"] = len(other.get_population("exc").activity)
bpy.data.collections.remove(scene.collection.children["one"])
scene.frame_set(7)
one.load_populations()
out["root again"] = one.has_population("exc")
# What is kept was broken by hand.
root = scene.collection.children["other"]
root["blendtorch_network"] = "{no json"
for cells in root.children:
    for collection in cells.children: collection["blendtorch_play"] = "[]"
out["broken"] = network.attach(scene)
report(**out)
"""
)


@pytest.fixture
def made(runtime: Runtime, tmp_path: Path) -> dict[str, Any]:
    """What was said, in each Blender once."""
    return reported_once(runtime, SCRIPT, tmp_path)


def test_files_of_other_makes_are_refused_by_their_name(made: dict[str, Any]) -> None:
    for name, text in zip(("gone", "text", "cut", "results"), made["files"], strict=True):
        assert text != "nothing" and f"{name}.hdf5" in text
    for text in (*made["described"], *made["results"]):
        assert text != "nothing" and ".hdf5" in text


def test_wrong_calls_say_what_is_right(made: dict[str, Any]) -> None:
    assert "blend(bpy.context.scene, 'scaffold')" in made["not blended"]
    assert all("a scene and a name" in one for one in made["blend"])
    assert "golgi_cell" in made["no such population"]
    assert all("TypeError" in one and "cell" in one for one in made["cells"])
    assert made["no cells"] == ["no cells were given: nothing is animated"]
    assert "results must be a path" in made["results of no kind"]
    assert "pulsar has no argument 'fsp'" in made["more arguments"]
    assert "no listener 'nobody'" in made["listener"] and made["heard"] == 1
    assert all("ValueError" in one for one in made["numbers"])
    assert "not 'sparkle'" in made["kind"] and "Give results" in made["no results"]
    assert "not 'cubes'" in made["draw as"]
    assert all("ValueError" in one and "'a'" in one for one in made["shapes"])


def test_spikes_that_do_not_fit_are_counted(made: dict[str, Any]) -> None:
    assert any("no entry for 30 of 30 cells" in one for one in made["none of them"])
    assert any("nothing will be seen" in one for one in made["none of them"])
    assert any("no entry for 23 of 30 cells" in one for one in made["some"])
    assert any("7 cells whose spikes are not in order" in one for one in made["some"])
    assert any("30 spikes before 0" in one for one in made["before 0"])
    assert any("30 spikes without a time" in one for one in made["before 0"])
    assert 0 < made["values"] <= 1


def test_spikes_of_no_cell_are_said_of_arrays_too(made: dict[str, Any]) -> None:
    """They were counted, and said of files alone."""
    said = [one for one in made["of no cell"] if "cells that the network does not have" in one]
    assert said == [
        "3 spikes are of cells that the network does not have (8888, 9999); they are left out"
    ]
    assert "1 entries are no spikes of cells (note)" in made["of no cell"]
    # Those of cells of another population are not asked for.
    assert not [one for one in made["granule cells"] if "does not have" in one]
    assert [one for one in made["file of nobody"] if "2 spikes of no cell of exc" in one]


def test_frames_that_blender_does_not_have_are_said(made: dict[str, Any]) -> None:
    """The last ones were left out without a word."""
    said, end = made["late"]
    assert any("Blender has none after 1048574" in one for one in said) and end == 1048574


def test_cells_without_a_place_are_counted_and_not_drawn(made: dict[str, Any]) -> None:
    assert [one for one in made["lost"] if "2 of 50 cells have no place" in one]
    assert made["lost cells"] == [0, 0, True, True, 0]
    assert [one for one in made["lost objects"] if "2 of 50 cells have no place" in one]
    assert made["objects"] == 48 and made["nobody"] > 0.3


def test_populations_of_one_name_are_told_apart(made: dict[str, Any]) -> None:
    sizes, *names, collections, objects = made["two"]
    assert sizes == [5, 20] and names == ["exc", "exc"]
    # One of a script's, two networks with their cells and their population; two clouds of points,
    # two cameras, a sun.
    assert collections == 1 + 2 * 3 and objects == 5
    assert made["two play"] == [0, 3]


def test_what_was_deleted_is_made_again(made: dict[str, Any]) -> None:
    assert made["made again"] == 5 and made["other again"] == 20 and made["root again"]
    assert made["broken"] == []


def test_outside_blender_it_says_how_to_run_it() -> None:
    said = run_python(
        "from blendtorch import bsb\n"
        "try: bsb.core.from_hdf5('net.hdf5')\n"
        "except ImportError as error: print(error)"
    )
    assert "networks are drawn inside Blender" in said and "CellNetwork" in said


def test_what_a_script_got_wrong_is_refused_and_the_next_call_works(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    code = """
net = btb.network.from_arrays({"exc": [[0, 0, 0], [9, 9, 9]]})
net.blend(bpy.context.scene, "net")
exc = net.get_population("exc", color="#ff8000")
out = dict(hex=exc.color)
spikes = {"0": [[0, 5.0]]}
show = lambda **how: net.animate.show("decay", spikes, exc, **how)
out["colors"] = [error_of(lambda: show(colors=one))
                 for one in ("virid", dict(map="magma", low=3, high=1))]
out["style"] = [error_of(lambda: net.get_population("exc", **one)) for one in (
    dict(color="redd"), dict(color=(1, 2)), dict(color=5), dict(radius=-1),
    dict(radius=float("nan")), dict(opacity=7))]
out["after"] = [net.get_population("exc").color, error_of(lambda: show(colors="viridis"))]
report(**out)
"""
    got = bpy_runtime.reported(tmp_path, code)
    assert got["hex"] == [1.0, 128 / 255, 0.0, 1.0]
    assert 'did you mean "viridis"' in got["colors"][0], got["colors"]
    assert "low (3) must be below high (1)" in got["colors"][1], got["colors"]
    texts = ["'redd' is no colour", "(1, 2) is no colour", "5 is no colour"]
    texts += ["radius must be above 0"] * 2 + ["opacity must be from 0 to 1"]
    for said, text in zip(got["style"], texts, strict=True):
        assert said.startswith("ValueError") and text in said, said
    assert got["after"] == [[1.0, 128 / 255, 0.0, 1.0], "nothing"]
