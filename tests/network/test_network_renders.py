"""`blendtorch render` of networks: described, by their own files, and in a saved .blend."""

import gzip
import json
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image
from support import ROOT
from support.renders import files, render
from support.runtimes import Runtime

GOLDEN = ROOT / "tests/golden/network/bsb_v3"
SMALL = {"engine": "workbench", "resolution": "64x48", "legend": False}
# 50 ms of the golden results in three frames: at rest, while cells spike, and faded out.
TIME = {"fps": 10, "ms_per_s": 250}


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The golden network of BSB 3 and its results, as a user has them."""
    folder = tmp_path_factory.mktemp("golden")
    for name in ("small_v3.hdf5", "results_v3.hdf5"):
        (folder / name).write_bytes(gzip.decompress((GOLDEN / f"{name}.gz").read_bytes()))
    return folder


def describe(folder: Path, golden: Path, **keys: object) -> Path:
    """A network.json in a folder of its own."""
    folder.mkdir(exist_ok=True)
    said = {
        "network": str(golden / "small_v3.hdf5"),
        "results": str(golden / "results_v3.hdf5"),
        "results_group": "recorders/soma_spikes",
        "time": TIME,
        **SMALL,
        **keys,
    }
    path = folder / "network.json"
    path.write_text(json.dumps(said))
    return path


def light(out: Path, frame: int) -> float:
    """How bright a picture is."""
    with Image.open(out / "frames" / f"{frame:06}.png") as picture:
        assert picture.size == (64, 48)
        return float(np.asarray(picture.convert("L"), float).mean())


def spiking(golden: Path) -> list[int]:
    """A frame at which no cell has spiked yet, and the one with most spikes."""
    with h5py.File(golden / "results_v3.hdf5") as file:
        group = file["recorders/soma_spikes"]
        times = np.concatenate([np.asarray(one)[:, 1] for one in group.values() if one.shape[0]])
    counts = np.bincount((times / (TIME["ms_per_s"] / TIME["fps"])).astype(int))
    return [int(np.argmin(counts)), int(np.argmax(counts))]


def test_a_described_network_is_rendered_resumed_and_held_to_its_files(
    golden: Path, tmp_path: Path
) -> None:
    quiet, busy = spiking(golden)
    described = describe(tmp_path / "net", golden)
    out = tmp_path / "out"
    frames = f"{min(quiet, busy)}:{max(quiet, busy)}:{abs(quiet - busy)}"
    render(described, out, "-f", frames).well()
    assert light(out, busy) > light(out, quiet) > 0.5, "spikes are light"
    before = files(out)
    said = render(described, out, "-f", frames).well().said
    assert "(2 before)" in said, said
    assert files(out) == before
    # Another network of the same name is not the same pictures.
    other = tmp_path / "other.hdf5"
    other.write_bytes((golden / "results_v3.hdf5").read_bytes())
    with h5py.File(other, "a") as file:
        group = file["recorders/soma_spikes"]
        del group[next(iter(group))]
    changed = describe(tmp_path / "net", golden, results=str(other))
    assert "changed" in render(changed, out, "-f", frames).error()


def test_a_networks_own_file_is_enough(golden: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    net, results = golden / "small_v3.hdf5", golden / "results_v3.hdf5"
    small = ["-e", "workbench", "-r", "64x48", "-f", "0:0"]
    render(net, out, "--results", results, *small).well()
    assert light(out, 0) > 0.5
    written = json.loads((out / "network.json").read_text())
    assert written["network"] == str(net)
    assert written["results"] == [str(results)]
    refused = render(net, out, *small).error()
    assert "network.json" in refused and "--anew" in refused, refused


def test_what_is_wrong_with_a_description_is_said_before_a_blender_starts(
    golden: Path, tmp_path: Path
) -> None:
    wrong = describe(tmp_path / "net", golden, results="gone.nio", sampels=3)
    said = render(wrong, tmp_path / "out", "--blender", "/no/blender").error()
    assert "sampels" in said and "did you mean `samples`" in said, said
    wrong = describe(tmp_path / "net", golden, results="gone.nio")
    said = render(wrong, tmp_path / "out", "--blender", "/no/blender").error()
    assert "gone.nio is not there" in said, said
    said = render(wrong, tmp_path / "out", "--results", "a.nio").error()
    assert "`results` names them" in said, said


def test_what_blender_finds_wrong_with_a_network_is_a_line_and_no_traceback(
    golden: Path, tmp_path: Path
) -> None:
    wrong: tuple[tuple[dict[str, object], str], ...] = (
        ({"populations": {"golgi": {}}}, 'no population "golgi"; there are'),
        ({"results_group": "nothing"}, 'has no group "nothing"'),
    )
    for number, (keys, text) in enumerate(wrong):
        described = describe(tmp_path / f"net{number}", golden, **keys)
        said = render(described, tmp_path / f"out{number}", "-f", "0:0").error()
        assert text in said and "Traceback" not in said, said
    (tmp_path / "results.nio").write_bytes(b"HDF5")
    said = render(tmp_path / "results.nio", tmp_path / "out", "-f", "0:0").error()
    assert "blendtorch render net.hdf5 --results FILE.nio" in said, said


def test_what_cannot_be_drawn_is_said_and_what_is_not_seen(
    bpy_runtime: Runtime, tmp_path: Path
) -> None:
    claims = np.lib.format.header_data_from_array_1_0(np.zeros((4, 3)))
    claims["shape"] = (10**10, 3)
    with (tmp_path / "claims.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, claims)
    np.save(tmp_path / "three.npy", np.zeros((4, 3)))
    np.save(tmp_path / "none.npy", np.zeros((0, 3)))
    code = f"""
folder = {str(tmp_path)!r}
two = dict(kind="light", coords=[[0, 0, 0], [9, 0, 0]],
           values=dict(file=folder + "/three.npy", dt_ms=1))
places = dict(exc=dict(positions=[[0, 0, 0], [9, 9, 9]]))
def show(**keys):
    return btb.network.show(dict(dict(populations=places, engine="workbench"), **keys))
out = [error_of(lambda: show(**keys)) for keys in (
    dict(devices=[two | dict(max_value=1)]),
    dict(devices=[two | dict(coords=[[0, 0, 0]] * 3)]),
    dict(devices=[dict(kind="light", coords=[[0, 0, 0]] * 1_000_000)]),
    dict(camera=dict(elevation=1, azimuth=1, lens=0)),
    dict(samples=4_000_000_000),
    dict(populations=dict(exc=dict(positions=folder + "/claims.npy"))),
)]
bare = show(populations=dict(exc=dict(places["exc"], hidden=True))).warnings
empty = show(populations=dict(exc=dict(positions=folder + "/none.npy"))).warnings
far = len(show(populations=dict(exc=dict(positions=[[1e30, 0, 0], [-1e30, 0, 0]]))).populations)
report(out=out, bare=bare, empty=empty, far=far)
"""
    made = bpy_runtime.reported(tmp_path, code)
    texts = (
        "has 2 sources, and 3 values came",
        "has no maximum",
        "light 'light' has 1000000 sources",
        "camera.lens: 0 is not from 1 to 5000 mm",
        "samples: 4000000000 is not from 1 to",
        "claims.npy cannot be read as an array of numbers",
    )
    for said, text in zip(made["out"], texts, strict=True):
        assert said.startswith("ValueError") and text in said, said
    assert any("no cell is shown" in one for one in made["bare"]), made
    assert any("no cell is shown" in one for one in made["empty"]), made
    assert made["far"] == 1


def test_a_frame_whose_activity_fails_is_no_frame(bpy_runtime: Runtime, tmp_path: Path) -> None:
    code = """
from blendtorch.btb.network import activity, from_arrays
from blendtorch.btb.worker import networks
class Fails:
    def update(self, frame):
        if frame == 3: raise ValueError("the file is gone")
net = from_arrays({"exc": [[0, 0, 0], [9, 9, 9]]})
net.blend(bpy.context.scene, "net")
net.load_populations()
activity.follow(net.root, Fails())
out = []
for frame in (2, 3, 4):
    networks.begin()
    bpy.context.scene.frame_set(frame)
    out.append(error_of(lambda: networks.check(frame)))
report(out=out)
"""
    failed = "RuntimeError the network cannot be shown at frame 3: the file is gone"
    assert bpy_runtime.reported(tmp_path, code)["out"] == ["nothing", failed, "nothing"]


def test_results_that_became_a_folder_are_gone(bpy_runtime: Runtime, tmp_path: Path) -> None:
    code = f"""
from blendtorch.btb.network import kept
out = kept.changed({{"files": {{{str(tmp_path)!r}: "1-abc"}}}})
report(out=out)
"""
    (told,) = bpy_runtime.reported(tmp_path, code)["out"]
    assert "is gone" in told


def test_a_saved_network_shows_its_spikes_in_a_render(
    bpy_runtime: Runtime, golden: Path, tmp_path: Path
) -> None:
    quiet, busy = spiking(golden)
    described = describe(tmp_path / "net", golden)
    saved = tmp_path / "saved.blend"
    code = f"""
btb.network.show({str(described)!r})
bpy.ops.wm.save_as_mainfile(filepath={str(saved)!r})
"""
    done = bpy_runtime.run_script(tmp_path, code)
    assert saved.exists(), done.stdout + done.stderr
    out = tmp_path / "out"
    frames = f"{min(quiet, busy)}:{max(quiet, busy)}:{abs(quiet - busy)}"
    render(saved, out, "-f", frames).well()
    assert light(out, busy) > light(out, quiet) > 0.5


def test_a_baked_network_is_played_by_a_blender_that_knows_nothing_of_it(
    bpy_runtime: Runtime, golden: Path, tmp_path: Path
) -> None:
    quiet, busy = spiking(golden)
    described = describe(tmp_path / "net", golden)
    baked = tmp_path / "baked.blend"
    said = render(described, tmp_path / "out", "--bake", baked).well().said
    assert "granule_cell: " in said and " keys" in said, said
    code = f"""
bpy.ops.wm.open_mainfile(filepath={str(baked)!r})
for frame in ({quiet}, {busy}):
    bpy.context.scene.frame_set(frame)
    bpy.context.scene.render.filepath = f"{tmp_path}/frames/{{frame:06}}.png"
    bpy.ops.render.render(write_still=True)
report(known="blendtorch.btb.network" in sys.modules)
"""
    made = bpy_runtime.reported(tmp_path, code, alone=True)
    assert not made["known"]
    assert light(tmp_path, busy) > light(tmp_path, quiet) > 0.5
    refused = render(baked, tmp_path / "out", "--bake", baked).error()
    assert "it is the scene itself" in refused, refused
