"""examples/remote: rendering on one host and training on another; namespaces stand for hosts."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from support import ROOT
from support.hosts import ADDRESSES, Hosts, Renderer, needs_hosts
from support.programs import Run, program

pytestmark = needs_hosts


@pytest.mark.parametrize("language", ["rust", "python"])
def test_a_stream_crosses_a_network(hosts: Hosts, tmp_path: Path, language: str) -> None:
    consumer: list[Any] = [sys.executable, ROOT / "examples" / "remote" / "remote.py"]
    if language == "rust":
        consumer = [program("remote")]
    with Renderer(hosts, tmp_path) as renderer:
        assert renderer.started().addresses["DATA"] == ADDRESSES
        assert renderer.said().count("whoever reaches these ports can read the stream") == 1
        take = [*consumer, "--launch-info", renderer.info, "--items", 300]

        def comes_from_both() -> bool:
            """Who starts, or is connected, much later than the other comes too late for 300."""
            nonlocal said
            with Run(hosts.trainer.command(*take), tmp_path / "consumer") as run:
                said = run.ends_well()
            assert "300 items, 0 missing, 0 duplicated" in said, said
            each = re.findall(r"instance (\d): (\d+) items", said.splitlines()[-2])
            instances, counts = ([int(pair[i]) for pair in each] for i in (0, 1))
            return instances == [0, 1] and min(counts) >= 50

        said = ""
        assert any(comes_from_both() for _ in range(5)), said
    # No memory is shared with another host, and nobody on this one takes part.
    assert " 0.0 MB through shared memory" in said or "shared memory" not in said, said
