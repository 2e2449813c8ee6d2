"""FrameWriter: files of frames as numpy, OpenEXR's own library and Pillow read them."""

import json
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest
from blendtorch._blendtorch import FrameWriter
from PIL import Image

HEIGHT, WIDTH = 19, 23
ABOUT = {
    "view": [[0, 1, 0, 5], [-1, 0, 0, 6], [0, 0, 1, 7], [0, 0, 0, 1]],
    "manifest": {"CryptoObject": {"Cube": "0123abcd"}},
    "anything": [1, 2],
}


def arrays() -> dict[str, np.ndarray]:
    """Arrays as Blender gives them: row 0 is the lowest."""
    rng = np.random.default_rng(7)
    size = (HEIGHT, WIDTH)
    return {
        "display": rng.integers(0, 255, (*size, 3), dtype=np.uint8),
        "combined": rng.random((*size, 4), dtype=np.float32),
        "depth": rng.random(size, dtype=np.float32) * 100,
        "normal": rng.normal(size=(*size, 3)).astype(np.float32),
        "vector": rng.normal(size=(*size, 4)).astype(np.float32),
        "instance": rng.integers(0, 2**32, size, dtype=np.uint32),
        "category": rng.integers(0, 9, size, dtype=np.uint32),
        "CryptoObject00": rng.random((*size, 4), dtype=np.float32),
    }


def spec(*files: str, **more: Any) -> str:
    """A specification of `pass.format` each."""
    each = [dict(zip(("pass", "format"), file.split("."), strict=True)) for file in files]
    return json.dumps({"files": each, **more})


def write(folder: Path, *files: str, **more: Any) -> dict[str, Path]:
    """Writes one frame; its files by pass."""
    writer = FrameWriter(spec(*files, **more), folder)
    writer.write(3, arrays(), json.dumps(ABOUT))
    writer.close()
    (event,) = map(json.loads, writer.events())
    assert event["event"] == "written", event
    # What may be long stays here: it is in the files.
    assert event["about"] == {k: v for k, v in ABOUT.items() if k not in ("view", "manifest")}
    return {file["pass"]: folder / file["file"] for file in event["files"]}


def channels(path: Path) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The channels of a file by name, and its header."""
    with OpenEXR.File(str(path), separate_channels=True) as file:
        return {name: one.pixels for name, one in file.channels().items()}, dict(file.header())


def test_numpy_reads_what_is_written_for_it(tmp_path: Path) -> None:
    files = write(tmp_path, "depths.npy", "segmentations.npy", "flows.npy")
    given = arrays()
    assert np.array_equal(np.load(files["depths"]), given["depth"][::-1])
    ids = np.stack([given["instance"], given["category"]], axis=-1)
    assert np.array_equal(np.load(files["segmentations"]), ids[::-1])
    x, y, z, w = np.moveaxis(given["vector"][::-1], -1, 0)
    assert np.array_equal(np.load(files["flows"]), np.stack([-z, w, x, -y], axis=-1))


def test_openexrs_own_library_reads_every_pass(tmp_path: Path) -> None:
    files = write(
        tmp_path, "depths.exr", "normals.exr", "flows.exr", "segmentations.exr", "frames.exr"
    )
    given = arrays()
    depth, header = channels(files["depths"])
    assert np.array_equal(depth["V"], given["depth"][::-1])
    assert header["compression"] == OpenEXR.ZIP_COMPRESSION
    ids, _ = channels(files["segmentations"])
    assert ids["instance"].dtype == np.uint32
    assert np.array_equal(ids["instance"], given["instance"][::-1])
    flows, _ = channels(files["flows"])
    assert np.array_equal(flows["forward.x"], -given["vector"][::-1, :, 2])
    normals, _ = channels(files["normals"])
    turned = given["normal"][::-1] @ np.array(ABOUT["view"], np.float32)[:3, :3].T
    assert np.allclose(np.stack([normals[c] for c in "RGB"], axis=-1), turned, atol=1e-6)
    picture, _ = channels(files["frames"])
    assert np.array_equal(picture["A"], given["combined"][::-1, :, 3])


@pytest.mark.parametrize("codec", ["NONE", "RLE", "ZIPS", "ZIP", "PIZ"])
def test_every_lossless_codec_is_openexrs(tmp_path: Path, codec: str) -> None:
    file = {"pass": "depths", "format": "exr", "codec": codec}
    writer = FrameWriter(json.dumps({"files": [file]}), tmp_path)
    writer.write(3, arrays(), json.dumps(ABOUT))
    writer.close()
    depth, _ = channels(tmp_path / "000003.depths.exr")
    assert np.array_equal(depth["V"], arrays()["depth"][::-1])


def test_cryptomatte_has_the_attributes_of_its_standard(tmp_path: Path) -> None:
    files = write(tmp_path, "cryptomatte.exr")
    layers, header = channels(files["cryptomatte"])
    assert sorted(layers) == [f"CryptoObject00.{letter}" for letter in "abgr"]
    said = {name.split("/")[2]: v for name, v in header.items() if name.startswith("cryptomatte/")}
    assert said["name"] == "CryptoObject"
    assert said["hash"] == "MurmurHash3_32"
    assert said["conversion"] == "uint32_to_float32"
    assert json.loads(said["manifest"]) == {"Cube": "0123abcd"}


def test_layers_and_a_preview(tmp_path: Path) -> None:
    files = write(
        tmp_path, "frames.png", "depths.exr", "normals.exr", multilayer=True, previews=True
    )
    assert sorted(files) == ["frames", "layers", "previews"]
    layers, _ = channels(files["layers"])
    assert sorted(layers) == ["depths.V", "normals.B", "normals.G", "normals.R"]
    assert np.array_equal(np.asarray(Image.open(files["frames"])), arrays()["display"])
    with Image.open(files["previews"]) as preview:
        assert preview.width >= 2 * WIDTH and preview.height >= 2 * HEIGHT


def test_arrays_are_let_go_of_when_they_are_written(tmp_path: Path) -> None:
    writer = FrameWriter(spec("depths.npy"), tmp_path)
    depth = np.zeros((HEIGHT, WIDTH), np.float32)
    before = sys.getrefcount(depth)
    writer.write(1, {"depth": depth}, "{}")
    writer.flush()
    assert sys.getrefcount(depth) == before
    writer.write(2, {"depth": depth}, "{}")
    # Also where the writer goes first: it waits.
    del writer
    assert sys.getrefcount(depth) == before
    assert np.load(tmp_path / "000002.depths.npy").shape == depth.shape


def test_a_function_is_told_of_each_frame_by_the_callers_thread(tmp_path: Path) -> None:
    told: list[tuple[int, str]] = []

    def tell(event: str) -> None:
        told.append((threading.get_ident(), json.loads(event)["event"]))

    writer = FrameWriter(spec("segmentations.png"), tmp_path, on_event=tell)
    given = arrays()
    writer.write(1, given, "{}")
    writer.write(2, {"instance": given["category"]}, "{}")
    writer.close()
    # The ids of the first have no room in 16 bits.
    assert told == [(threading.get_ident(), "failed"), (threading.get_ident(), "written")]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["000002.segmentations.png"]
    with pytest.raises(RuntimeError, match="closed"):
        writer.write(3, given, "{}")


def test_what_is_wrong_is_named(tmp_path: Path) -> None:
    writer = FrameWriter(spec("depths.exr"), tmp_path)
    depth = arrays()["depth"]
    for wrong, error in [
        (depth[:, ::2], ValueError),
        (depth.astype(np.float64), TypeError),
        (depth.view(np.uint32), ValueError),
        (depth[..., None], ValueError),
        ("depth", TypeError),
    ]:
        with pytest.raises(error, match="depth"):
            writer.write(3, {"depth": wrong}, "{}")
    with pytest.raises(ValueError, match=r"lacks the array 'depth'"):
        writer.write(3, {}, "{}")
    with pytest.raises(ValueError, match="frame 3"):
        writer.write(3, {"depth": depth}, "no JSON")
    with pytest.raises(ValueError, match="materials cannot be written as jpeg"):
        FrameWriter(spec("materials.jpeg"), tmp_path)
    lossy = {"pass": "segmentations", "format": "exr", "codec": "B44"}
    with pytest.raises(ValueError, match=r"segmentations.*B44.*ZIP"):
        FrameWriter(json.dumps({"files": [lossy]}), tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        FrameWriter(spec("depths.exr"), tmp_path / "file")
