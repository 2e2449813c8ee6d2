"""examples/train, the demo, and its twin in Python, run as a user runs them on real Blender."""

import json
import os
import re
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import CUBE, HANG_S, ROOT
from support.ports import on_free_ports
from support.processes import eventually
from support.programs import Run, program

SUMMARY = [
    "instances",
    "images",
    "images_per_second",
    "loss_first",
    "loss_last",
    "heldout_loss",
    "constant_loss",
    "missing",
    "duplicated",
    "blender",
    "engine",
]

# To have learned, on a machine of any speed. The demo says every five seconds how it stands, and is
# to be seen with one instance behind two.
LONG_ENOUGH = ["--seconds", 12, "--batches", 100]
ENOUGH = ["--seconds", 1, "--batches", 60]


def on_other_ports(tmp_path: Path, use: Callable[[Path, int], str]) -> str:
    """Calls `use` with the demo's launch description on free ports."""
    description = json.loads((ROOT / "examples" / "train" / "launch.json").read_text())
    description["script"] = str(CUBE)

    def described(port: int) -> str:
        path = tmp_path / "launch.json"
        path.write_text(json.dumps({**description, "start_port": port}))
        return use(path, port)

    return on_free_ports(described)


def instance_at(port: int) -> int:
    """The process of the instance that publishes at a port."""
    mark = f"DATA=tcp://127.0.0.1:{port}".encode()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                words = (folder / "cmdline").read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if mark in words:
                return int(folder.name)
    raise AssertionError(f"no instance publishes at port {port}")


def test_the_demo_learns_and_outlives_a_killed_blender(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def train(launch: Path, port: int) -> str:
        command = [program("train"), "--launch", launch, "--out", out, "--instances", 2]
        with Run([*command, *LONG_ENOUGH, "--heldout", 64], tmp_path / "output") as run:
            eventually("it learns", lambda: run.says(r"loss 0\.\d+ .* 2 of 2 instances alive"))
            os.kill(instance_at(port + 1), signal.SIGKILL)
            return run.ends_well()

    said = on_other_ports(tmp_path, train)
    assert "2 of 2 instances alive" in said
    summary = json.loads((out / "summary.json").read_text())
    assert list(summary) == SUMMARY
    # What was on its way when it was killed is missing, and it came back.
    assert summary["missing"] <= 30, summary
    assert (summary["duplicated"], summary["instances"]) == (0, 2)
    assert summary["heldout_loss"] < 0.5 * summary["constant_loss"]
    assert summary["loss_last"] < summary["loss_first"]
    for name in ("batch.png", "predictions.png", "loss.png"):
        assert (out / name).read_bytes().startswith(b"\x89PNG\r\n\x1a\n")


def test_ctrl_c_in_the_demo_writes_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"

    def train(launch: Path, port: int) -> str:
        command = [program("train"), "--launch", launch, "--out", out, "--instances", 2]
        with Run([*command, "--heldout", 32], tmp_path / "output") as run:
            eventually("it learns", lambda: run.says(r"loss 0\.\d+ "))
            run.process.send_signal(signal.SIGINT)
            assert run.process.wait(HANG_S) == 130, run.said()
            with pytest.raises(AssertionError, match="no instance"):
                instance_at(port)
            return run.said()

    assert "nothing was written" in on_other_ports(tmp_path, train)
    assert not out.exists() or not list(out.iterdir())


def test_the_python_twin_learns(tmp_path: Path) -> None:
    def train(launch: Path, port: int) -> str:
        script = ROOT / "examples" / "train" / "train.py"
        command = [sys.executable, script, "--launch", launch, *ENOUGH]
        with Run(command, tmp_path / "output") as run:
            return run.ends_well()

    said = on_other_ports(tmp_path, train)
    losses = re.search(r"held-out loss ([\d.]+); best constant guess ([\d.]+)", said)
    assert losses, said
    assert float(losses[1]) < float(losses[2])
