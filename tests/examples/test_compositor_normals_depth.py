"""examples/compositor_normals_depth, run as a user runs it."""

import re
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from support import ROOT
from support.ports import on_free_ports
from support.programs import Run
from support.runtimes import Runtime

CONSUMER = ROOT / "examples" / "compositor_normals_depth" / "compositor.py"


def decoded(path: Path) -> NDArray[np.uint8]:
    """A PNG as the example writes it: one chunk of data, 8 bits, RGB, no filters."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    width, height, *form = struct.unpack(">IIBBBBB", data[16:29])
    assert form == [8, 2, 0, 0, 0]
    (length,) = struct.unpack(">I", data[33:37])
    rows = np.frombuffer(zlib.decompress(data[41 : 41 + length]), np.uint8).reshape(height, -1)
    assert not rows[:, 0].any()
    return rows[:, 1:].reshape(height, width, 3)


def test_the_compositor_example_writes_color_depth_and_normals(
    runtime: Runtime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BLENDTORCH_BLENDER", runtime.place)
    sizes = ["--width", 64, "--height", 48, "--samples", 2, "--items", 4]

    def compose(port: int) -> str:
        command = [sys.executable, CONSUMER, "--out", tmp_path, *sizes, "--start-port", port]
        with Run(command, tmp_path / "output") as run:
            return run.ends_well()

    said = on_free_ports(compose)
    depths = re.findall(r"instance ([01]), frame \d+: \(48, 64, 3\), depth (\S+) to (\S+) m", said)
    assert len(depths) == 4, said
    assert "Saved" not in said and "Fra:" not in said, "frames are rendered without a word"
    for _, near, far in depths:
        assert 4 < float(near) < 12 < float(far) < 30

    image = decoded(tmp_path / "compositor.png")
    assert image.shape == (4 * 48, 3 * 64, 3)
    color, depth, normals = np.split(image.astype(int), 3, axis=1)
    assert color.std() > 10 and depth.std() > 10 and normals.std() > 10
    assert (depth[..., 0] == depth[..., 2]).all()
    # The floor, in the upper left corner of most rows: its normal points up.
    up = np.abs(normals - [128, 128, 255]).max(axis=-1) <= 1
    assert up.mean() > 0.2
    lengths = np.linalg.norm(normals / 127.5 - 1, axis=-1)
    # Antialiased edges have shorter ones.
    assert np.median(lengths) == pytest.approx(1, abs=0.02)
