"""examples/datagen/generate, run as a user runs it: streamed and recorded on real Blender, replayed
without."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from blendtorch import btt
from support import HANG_S, ROOT
from support.ports import on_free_ports
from support.processes import eventually
from support.programs import Run, program

SCRIPT = ROOT / "examples" / "datagen" / "generate.py"


def generate(tmp_path: Path, *args: Any) -> str:
    """What it says."""

    def at(port: int) -> str:
        command = [sys.executable, SCRIPT, "--start-port", port, "--out", tmp_path, *args]
        with Run(command, tmp_path / "said") as run:
            return run.ends_well()

    return on_free_ports(at)


def test_what_blender_sends_is_recorded_and_replays_shuffled(tmp_path: Path) -> None:
    prefix = tmp_path / "new" / "run"
    options = ["--instances", 2, "--items", 48, "--workers", 2, "--size", 96, 64]
    said = generate(tmp_path, "--record", prefix, *options)
    assert "image: torch.uint8 [8, 64, 96, 3]" in said, said
    assert "48 items streamed" in said and "48 items recorded" in said, said
    assert f"{prefix}_00.mcap, {prefix}_01.mcap" in said, said

    kept = btt.FileDataset(prefix)
    assert len(kept) == 48
    assert {item["btid"] for item in kept} <= {0, 1}
    seen = {(item["btid"], item["frameid"]) for item in kept}
    assert len(seen) == 48, "an item was recorded twice"
    # What Blender sent, before the transform: pixels, not parts of the image.
    assert max(np.abs(item["xy"]).max() for item in kept) > 2
    assert all(item["image"].std() > 5 for item in kept), "an image shows nothing"

    said = generate(tmp_path, "--replay", prefix, "--epochs", 2, "--workers", 2)
    assert "48 items in 2 files" in said and "96 items replayed" in said, said
    for name in ("streamed.png", "replayed.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")

    # The Rust twin reads the files that Python wrote.
    with Run([program("generate"), "--replay", prefix], tmp_path / "twin") as run:
        said = run.ends_well()
    assert re.search(r"48 items in 2 files", said) and "48 items replayed" in said, said


def test_the_rust_twin_records_what_python_replays(tmp_path: Path) -> None:
    info = tmp_path / "info.json"
    prefix = tmp_path / "rust"
    synthetic = [program("synthetic"), "--publishers", 2, "--items", 20, "--launch-info", info]
    with Run(synthetic, tmp_path / "synthetic") as producer:
        eventually("it listens", info.exists)
        command = [program("generate"), "--launch-info", info, "--record", prefix]
        with Run(command, tmp_path / "twin") as run:
            said = run.ends_well()
        producer.ends_well()
    assert "40 items streamed" in said and "40 items recorded" in said, said
    kept = btt.FileDataset(prefix)
    assert len(kept) == 40
    assert sorted({item["btid"] for item in kept}) == [0, 1]


def test_a_wrong_prefix_is_said_with_what_was_looked_for(tmp_path: Path) -> None:
    for command in ([sys.executable, SCRIPT, "--out", tmp_path], [program("generate")]):
        run = subprocess.run(
            [*map(str, command), "--replay", str(tmp_path / "none")],
            capture_output=True,
            text=True,
            timeout=HANG_S,
            check=False,
        )
        assert run.returncode == 1 and "none_[0-9][0-9]*.mcap" in run.stderr, run.stderr
        assert "Traceback" not in run.stderr
