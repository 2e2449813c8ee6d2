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
