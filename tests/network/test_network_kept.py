"""What a saved file keeps of networks: in plain Blender cells rest and a text says so; attached,
and baked, it shows again what it showed."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from support.networks import PRELUDE, reported_once, unpacked
from support.runtimes import Runtime

SCRIPT = (
    PRELUDE
    + """
made = network.show(plain(results=SPIKES, populations={
    "stellate_cell": {"show": {"as": "decay"}, "colors": "magma"},
    "granule_cell": {"show": {"as": "flash"}}}, legend=True))
scene = bpy.context.scene
def look(name):
    bpy.context.scene.frame_set(60)
    return seen(name)
before = look("before")
values = {name: one.activity.copy() for name, one in made.populations.items()}
file = folder + "/kept.blend"
bpy.ops.wm.save_as_mainfile(filepath=file)
out = {"after saving": all((one.activity == values[name]).all()
                           for name, one in made.populations.items())}
def opened(path):
    bpy.ops.wm.open_mainfile(filepath=path)
    return bpy.context.scene
def resting():
    found = {}
    for obj in bpy.data.objects:
        if obj.type == "MESH" and "activity" in obj.data.attributes:
            values = np.empty(len(obj.data.vertices), np.float32)
            obj.data.attributes["activity"].data.foreach_get("value", values)
            found[obj.name] = sorted({round(float(one), 5) for one in values})
    return found
scene = opened(file)
out["plain"] = float(np.abs(look("plain") - before).max())
out["resting"] = resting()
out["text"] = bpy.data.texts["blendtorch network"].as_string()
out["is in"] = [network.is_in(scene), [str(one) for one in network.files(scene)]]
out["attached"] = [network.attach(scene), network.attach(scene)]
out["again"] = float(np.abs(look("again") - before).max())
keys = network.bake(scene)
out["keys"] = keys
baked = folder + "/baked.blend"
bpy.ops.wm.save_as_mainfile(filepath=baked)
scene = opened(baked)
out["baked"] = float(np.abs(look("baked") - before).max())
out["attached to baked"] = [network.attach(scene), float(np.abs(look("both") - before).max())]
scene.frame_set(61)
other = seen("other")
network.unbake(scene)
network.attach(scene)
scene.frame_set(61)
out["unbaked"] = float(np.abs(seen("unbaked") - other).max())
# A short range, and nothing that plays.
out["range"] = network.bake(scene, 58, 62)
out["no frames"] = error_of(lambda: network.bake(scene, 5, 4))
bpy.ops.wm.read_factory_settings(use_empty=True)
out["nothing plays"] = error_of(lambda: network.bake(bpy.context.scene))
out["not in"] = network.is_in(bpy.context.scene)
# Straight ramps have a key at each end, and are straight between.
from blendtorch.btb.network import activity as playing
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
class Ramps:
    n_cells = 9
    def fill(self, frame, values):
        values[:] = np.interp(frame, [5, 25], [0, 1]) * np.arange(9) / 8
        return 9
net = network.from_arrays({"exc": np.arange(27).reshape(9, 3)})
net.blend(scene, "ramps")
net.load_populations(draw_as="mesh")
exc = net.get_population("exc")
playing.play(exc.object, Ramps())
out["ramps"] = [network.bake(scene, 0, 30)["exc"]]
for frame in (0, 5, 9, 17, 24, 25, 30, 40):
    scene.frame_set(frame)
    mesh = exc.object.evaluated_get(bpy.context.evaluated_depsgraph_get()).data
    values = np.array([one.value for one in mesh.attributes["activity"].data][:9])
    wanted = np.zeros(9)
    Ramps().fill(frame, wanted)
    out["ramps"].append(float(np.abs(values - wanted).max()))
# The results have other content, are gone, are beside the .blend.
scene = opened(file)
data = bytearray(open(SPIKES, "rb").read())
open(SPIKES, "ab").write(b"more")
out["changed"] = network.attach(scene)
os.remove(SPIKES)
scene = opened(file)
out["gone"] = network.attach(scene)
scene.frame_set(60)
out["gone rests"] = resting()
os.mkdir(folder + "/moved")
shutil.copy(file, folder + "/moved/kept.blend")
open(folder + "/moved/results.hdf5", "wb").write(data)
scene = opened(folder + "/moved/kept.blend")
out["moved"] = network.attach(scene)
out["moved files"] = [str(one.parent).removeprefix(folder) for one in network.files(scene)]
out["moved shows"] = float(np.abs(look("moved") - before).max())
# Spikes that came of no file are in the .blend.
bpy.ops.wm.read_factory_settings(use_empty=True)
scene = bpy.context.scene
net = network.from_arrays({"exc": np.random.default_rng(1).uniform(0, 100, (40, 3))})
net.blend(scene, "arrays")
spikes = {str(n): [[n, 2.0 * n]] for n in range(40)}
net.animate.pulsar(spikes, net.get_populations())
scene.frame_set(30)
values = net.populations["exc"].activity.copy()
bpy.ops.wm.save_as_mainfile(filepath=folder + "/arrays.blend")
scene = opened(folder + "/arrays.blend")
out["arrays"] = [network.attach(scene), len(network.files(scene))]
scene.frame_set(30)
there = np.empty(40, np.float32)
bpy.data.objects["exc"].data.attributes["activity"].data.foreach_get("value", there)
out["arrays show"] = [bool((there == values).all()), float(values.max())]
report(folder=folder, **out)
"""
)


@pytest.fixture
def made(runtime: Runtime, tmp_path: Path) -> dict[str, Any]:
    """What became of the files, in each Blender once."""
    return reported_once(runtime, SCRIPT, tmp_path)


def test_plain_blender_shows_cells_at_rest_and_a_text_says_so(made: dict[str, Any]) -> None:
    assert made["after saving"] and made["plain"] > 0.2
    assert made["resting"] == {"golgi_cell": [0.3], "granule_cell": [0.0], "stellate_cell": [0.0]}
    assert "cells at rest" in made["text"] and "network.attach" in made["text"]


def test_attached_it_shows_what_it_showed(made: dict[str, Any]) -> None:
    folder = made["folder"]
    assert made["is in"] == [True, [f"{folder}/net.hdf5", f"{folder}/results.hdf5"]]
    first, second = made["attached"]
    assert first == second
    assert ["not in the order of time" in one for one in first].count(True) == 1
    assert made["again"] == 0


def test_baked_it_shows_the_same_in_plain_blender(made: dict[str, Any]) -> None:
    assert made["baked"] == 0 and made["attached to baked"] == [[], 0]
    assert made["unbaked"] == 0
    assert set(made["keys"]) == {"golgi_cell", "granule_cell", "stellate_cell"}
    # Each cell has a key at least, and no key where nothing bends.
    assert 420 < made["keys"]["granule_cell"] < 420 * 50
    assert all(30 <= count <= 420 * 5 for count in made["range"].values())


def test_a_blender_without_us_renders_what_was_baked(
    blender_runtime: Runtime, tmp_path: Path
) -> None:
    report = """
network.show(plain(results=SPIKES, populations={"golgi_cell": {"radius": 14}}, only_named=True))
scene = bpy.context.scene
scene.frame_set(60)
seen("ours")
scene.frame_set(0)
network.bake(scene)
bpy.ops.wm.save_as_mainfile(filepath=folder + "/baked.blend")
report(saved=True)
"""
    blender_runtime.reported(unpacked(tmp_path), PRELUDE + report, str(tmp_path))
    frame = tmp_path / "theirs_0060.png"
    words = [blender_runtime.place, "-b", tmp_path / "baked.blend", "-E", "BLENDER_WORKBENCH"]
    # As the BSB's jobs call it.
    words += ["-o", tmp_path / "theirs_", "-s", "60", "-e", "60", "-j", "1", "-a"]
    done = subprocess.run([str(one) for one in words], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and frame.exists(), done.stderr
    ours, theirs = (np.asarray(Image.open(one)) for one in (tmp_path / "ours.png", frame))
    assert (ours == theirs).all() and ours[..., :3].max() > 100


def test_baked_values_are_straight_between_keys(made: dict[str, Any]) -> None:
    keys, *errors = made["ramps"]
    # The first cell never changes; the others bend twice, between the first frame and the last.
    assert keys <= 1 + 8 * 4 and max(errors) < 1e-6


def test_what_cannot_be_baked_is_said(made: dict[str, Any]) -> None:
    assert "no frames from 5 to 4" in made["no frames"]
    assert "nothing plays" in made["nothing plays"] and not made["not in"]


def test_results_that_changed_or_are_gone_are_said(made: dict[str, Any]) -> None:
    assert any("other content" in one for one in made["changed"])
    assert any("results.hdf5 is gone" in one for one in made["gone"])
    assert made["gone rests"] == made["resting"]


def test_results_are_found_beside_the_blend(made: dict[str, Any]) -> None:
    assert not [one for one in made["moved"] if "gone" in one or "other content" in one]
    assert made["moved files"] == ["", "/moved"] and made["moved shows"] == 0


def test_spikes_of_no_file_are_kept_in_the_blend(made: dict[str, Any]) -> None:
    assert made["arrays"] == [[], 0]
    assert made["arrays show"][0] and made["arrays show"][1] > 0.8
