"""`blendtorch simulate`, as a user runs it."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import h5py
from support.circuits import GOLDEN, network, spikes_input, trains
from support.processes import eventually
from support.programs import program
from support.untested import untested


def written(folder: Path, **run: Any) -> Path:
    """A configuration in a file, of a network that spikes."""
    config = network(folder)
    config["inputs"]["a"] = spikes_input(trains(folder / "in.h5", ext=[(0, 10.0)]))
    config["run"] |= run
    file = folder / "config.json"
    file.write_text(json.dumps(config))
    return file


def simulate(*arguments: Any) -> subprocess.CompletedProcess[str]:
    command = [program("blendtorch"), "simulate", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)


def test_it_runs_and_says_what_came_of_it(tmp_path: Path) -> None:
    done = simulate(written(tmp_path), "--plot")
    assert done.returncode == 0, done.stderr
    assert "3 spikes" in done.stderr and "6 connections" in done.stderr
    name, cells, spikes, active, *_ = done.stdout.splitlines()[1].split()
    assert (name, cells, spikes, active) == ("net", "3", "3", "3")
    assert (tmp_path / "output" / "spikes.png").read_bytes().startswith(b"\x89PNG")


def test_the_summary_is_json_for_programs(tmp_path: Path) -> None:
    done = simulate(written(tmp_path), "--json", "--set", "run.tstop=5", "-o", tmp_path / "short")
    told = json.loads(done.stdout)
    assert told["time_ms"] == 5.0
    assert told["files"] == [str(tmp_path / "short" / "spikes.h5")]
    assert told["populations"][0]["spikes"] == 0


def test_check_runs_nothing(tmp_path: Path) -> None:
    done = simulate(written(tmp_path), "--check")
    assert done.returncode == 0
    assert "500 steps of 0.1 ms" in done.stdout
    assert not (tmp_path / "output").exists()


def test_cells_of_another_engine_say_which(tmp_path: Path) -> None:
    done = simulate(GOLDEN / "f_bionet" / "config.json", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "BioNet" in done.stderr and "pip install bmtk neuron" in done.stderr
    assert "nothing was simulated" in done.stderr
    assert not (tmp_path / "out").exists()


def test_what_is_wrong_ends_it_with_1(tmp_path: Path) -> None:
    file = written(tmp_path, tstop=50.05)
    done = simulate(file)
    assert done.returncode == 1
    assert "config.json: run.tstop: 50.05 ms" in done.stderr
    for arguments in ([tmp_path / "none.json"], [file, "--set", "run.tstop"]):
        assert simulate(*arguments).returncode in (1, 2)


def test_ctrl_c_writes_what_was_simulated(tmp_path: Path) -> None:
    file = written(tmp_path, tstop=1e9)
    command = [program("blendtorch"), "simulate", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        unfinished = tmp_path / "output" / ".spikes.h5.unfinished"
        eventually("it runs", lambda: unfinished.exists() or running.poll() is not None)
        running.send_signal(signal.SIGINT)
        _, told = running.communicate(timeout=120)
    assert running.returncode == 130, told
    assert "what was simulated is written" in told
    with h5py.File(tmp_path / "output" / "spikes.h5") as h5:
        assert set(h5["spikes"]) == {"net"}
    assert not unfinished.exists()


def test_a_full_disk_is_one_error_and_loses_nothing(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        untested("a full disk: a small one is mounted by root alone")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], check=False, capture_output=True
    )
    if mounted.returncode:
        untested(f"a full disk: none can be mounted here ({mounted.stderr.decode().strip()})")
    try:
        config = json.loads((GOLDEN / "b_ei_exp" / "config.json").read_text())
        shutil.copytree(GOLDEN / "b_ei_exp", tmp_path / "b")
        config["reports"]["v"]["cells"] = "cortex"
        (tmp_path / "b" / "config.json").write_text(json.dumps(config))
        (disk / "spikes.h5").write_text("earlier")
        done = simulate(tmp_path / "b" / "config.json", "-o", disk)
        assert done.returncode == 1
        assert "No space left" in done.stderr
        assert (disk / "spikes.h5").read_text() == "earlier"
        left = {one.name for one in disk.iterdir()}
        assert left <= {"spikes.h5", ".blendtorch-outputs.json"}
    finally:
        subprocess.run(["umount", disk], check=True)
