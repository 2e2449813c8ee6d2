"""The examples of docs/activity.md run, one after another, as they stand there."""

import re
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[2]


def test_the_examples_run() -> None:
    names: dict[str, Any] = {}
    page = ROOT / "docs/activity.md"
    examples = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    assert len(examples) == 6
    for example in examples:
        exec(compile(example, page.name, "exec"), names)
    spikes = names["spikes"]
    counts = (spikes.n_spikes, spikes.outside, spikes.negative, spikes.unsorted)
    assert counts == (3, 1, 1, 0)
    assert names["active"] == 1 and names["values"][2] == np.float32(0.3)
    ends = {one.frame_end for one in names["shown"].values()}
    assert len(ends) == 1 and names["frames"][-1] in ends
    assert names["rgba"].shape == (3, 4) and names["opacity"].max() < 0.3
    report = ROOT / "tests/golden/sonata/b_ei_exp/expected/v.h5"
    assert names["colors_of"](report, "cortex", 100.0).shape == (3, 4)
