"""The example of a network that is drawn while it is simulated."""

import re
import sys
from pathlib import Path

import numpy as np
from blendtorch.circuit import Spikes
from PIL import Image
from support import ROOT
from support.programs import example

LIVE = ROOT / "examples" / "live" / "simulate.py"


def test_two_blenders_draw_each_interval_of_a_simulation(tmp_path: Path) -> None:
    example(sys.executable, ROOT / "examples" / "network" / "build.py", tmp_path)
    told = example(
        sys.executable, LIVE, tmp_path / "config.json", "--out", tmp_path / "live", "--ms", "20",
        "--every", "2", "--wait",
    )  # fmt: skip
    found = re.findall(r"blender (\d): (\d+) pictures of (\d+) intervals, (\d+) spikes", told)
    spikes = len(Spikes.read(tmp_path / "output" / "spikes.h5")["cortex"])
    for at, (blender, pictures, intervals, seen) in enumerate(found):
        assert int(blender) == at and int(pictures) == int(intervals) >= 10
        assert int(seen) == spikes > 0
    assert len(found) == 2, told
    pictures = [np.asarray(Image.open(tmp_path / f"live/blender_{at}.png")) for at in (0, 1)]
    # Cells are seen, and from two sides.
    assert all(one.max() > 100 for one in pictures)
    assert (pictures[0] != pictures[1]).any()
