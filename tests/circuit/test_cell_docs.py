"""The Python examples of docs/networks-files.md run, one after another, as they stand there."""

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.golden_networks import GOLDEN, RESULTS_V8, SMALL_V8, unpack

PAGE = Path(__file__).resolve().parents[2] / "docs/networks-files.md"


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    unpack(SMALL_V8, tmp_path).rename("net.hdf5")
    unpack(RESULTS_V8, tmp_path).rename("results.nio")
    shutil.copy(GOLDEN / "network/bsb_v8/neuron.swc", tmp_path)
    names: dict[str, Any] = {}
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(examples) == 3
    for at, example in enumerate(examples):
        exec(compile(example, PAGE.name, "exec"), names)
        if at == 0:
            assert len(names["index"]) == 911
    assert names["axon"].shape == (2, 3)
