"""examples/microscopy, run as a user runs it, on real Blender; and whether what it publishes is
true."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from blendtorch import btt
from support import LONG_MS, ROOT
from support.programs import example
from support.runtimes import Runtime

MICROSCOPY = ROOT / "examples" / "microscopy"
PIXEL_UM, OFFSET = 1.25, 100


def test_it_learns_to_find_cells_and_spikes(tmp_path: Path) -> None:
    said = example(sys.executable, MICROSCOPY / "microscopy.py", "--quick", "--out", tmp_path)
    told = json.loads((tmp_path / "scores.json").read_text())
    network, blind = told["scores"]["network"], told["scores"]["without looking"]
    assert network["cells"]["f1"] > 0.5 > 0.3 > blind["cells"]["f1"], said
    assert network["cells"]["dice"] > 0.5, said
    assert network["spikes"]["correlation"] > 0.25 > blind["spikes"]["correlation"], said
    assert network["spikes"]["f1"] > blind["spikes"]["f1"] + 0.1, said
    # Cells that it found itself, and the classical ways too.
    assert network["end to end"]["correlation"] > 0.15, said
    assert told["scores"]["classical"]["cells"]["f1"] > 0.5, said
    assert told["drift"]["error"] < 0.5 * told["drift"]["true"], said
    for name in ("cells.png", "traces.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert (tmp_path / "movie.mp4").stat().st_size > 1000


def filmed(seed: int, *options: Any, movies: int = 1) -> list[dict[str, Any]]:
    """What a Blender publishes."""
    words = ["--movies", movies, "--pixels", 64, *options]
    launcher = btt.BlenderLauncher(
        "",
        MICROSCOPY / "microscope.blend.py",
        named_sockets=["DATA"],
        instance_args=[list(map(str, words))],
        proto="ipc",
        seed=seed,
        background=True,
    )
    with launcher as fleet:
        addresses = fleet.launch_info.addresses["DATA"]
        return list(btt.RemoteIterableDataset(addresses, timeoutms=LONG_MS, max_items=movies))


def test_labels_are_what_is_drawn(runtime: Runtime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLENDTORCH_BLENDER", runtime.place)
    item, other = filmed(5, "--frames", 45, movies=2)
    cells, mask, movie = item["cells"], item["mask"], item["movie"]
    assert movie.shape == (45, 64, 64) and movie.dtype == np.uint16

    # Which cell a pixel is cut from follows from where cells are: to their facets.
    rows, columns = np.mgrid[:64, :64] + 0.5
    true = np.zeros(mask.shape, int)
    for number, (x, y, z, radius) in enumerate(cells, 1):
        if abs(z) < radius:
            section = (radius**2 - z**2) / PIXEL_UM**2
            true[(columns - x) ** 2 + (rows - y) ** 2 < section] = number
    assert np.count_nonzero(mask) > 100
    assert np.count_nonzero(mask != true) < 0.03 * np.count_nonzero(mask)

    # The picture has light where the mask has cells, before it drifts away.
    first = movie[:3].mean(0) - OFFSET
    large = [one for one in np.unique(mask[mask > 0]) if (mask == one).sum() > 30]
    bright = [first[mask == one].mean() for one in large]
    assert np.mean(bright) > 1.2 * first[mask == 0].mean()

    # Light rises with spikes, for less than a frame, and else it only falls.
    spikes, risen = item["spikes"], item["fluorescence"]
    assert spikes.shape == risen.shape == (45, len(cells)) and spikes.sum() > 5
    steps = np.diff(risen, axis=0)
    quiet = (spikes[1:] == 0) & (spikes[:-1] == 0)
    assert steps[spikes[1:] > 0].mean() > 0.03 > 1e-3 > steps[quiet].max()
    assert not item["drift"][:3].any() and np.abs(item["drift"]).max() <= 4.0

    # Another movie is of another network; the same seed and number give the same movie.
    assert len(other["cells"]) != len(cells) or (other["cells"] != cells).any()
    again = filmed(5, "--frames", 45)[0]
    for name in ("movie", "mask", "cells", "spikes", "drift"):
        assert (again[name] == item[name]).all(), name
