"""The examples of docs/circuit.md run, one after another, as they stand there."""

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs/circuit.md"


def test_the_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    examples = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert len(examples) == 3
    for example in examples:
        exec(compile(example, PAGE.name, "exec"), names)
    assert names["trains"].rates([0, 1, 2], 0.0, 1000.0).tolist() == [2.0, 1.0, 0.0]
