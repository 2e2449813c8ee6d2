"""examples/minimal, run as a user runs it."""

import sys
from pathlib import Path

from blendtorch import btt
from support import ROOT
from support.processes import eventually
from support.programs import Run, program


def test_the_minimal_consumers_read_the_synthetic_producer(tmp_path: Path) -> None:
    info = tmp_path / "info.json"
    for consumer in (
        [program("minimal")],
        [sys.executable, ROOT / "examples" / "minimal" / "minimal.py"],
    ):
        info.unlink(missing_ok=True)
        producer = [program("synthetic"), "--publishers", 2, "--items", 40, "--launch-info", info]
        with Run(producer, tmp_path / "producer") as synthetic:
            eventually("it listens", info.exists)
            assert len(btt.LaunchInfo.load_json(info).addresses["DATA"]) == 2
            with Run([*consumer, "--launch-info", info], tmp_path / "consumer") as run:
                said = run.ends_well()
            synthetic.ends_well()
        assert "80 items" in said and "0 missing" in said, said
