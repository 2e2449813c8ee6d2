"""A simulation is asked and changed: what cannot be is said, and threads wait for each other."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from blendtorch.simulate import Simulation, pointnet
from support.circuits import network, spikes
from support.processes import eventually

Ask = Callable[[Simulation], Any]


@pytest.mark.parametrize(
    ("ids", "error", "said"),
    [
        (np.array([True, False, True]), TypeError, "flatnonzero"),
        ([True, False, True], TypeError, "flatnonzero"),
        ([0.5], TypeError, "not 0.5"),
        ([-1], ValueError, "negative: -1"),
    ],
)
def test_masks_fractions_and_negative_numbers_name_no_cells(
    tmp_path: Path, ids: Any, error: type[Exception], said: str
) -> None:
    with Simulation(network(tmp_path), folder=tmp_path) as sim:
        with pytest.raises(error, match=said):
            sim.state("net", "V_m", ids=ids)
        with pytest.raises(error, match=said):
            sim.set("net", "V_m", -60.0, ids=ids)
        with pytest.raises(error, match=said):
            sim.send("ext", ids[0], [10.0])
        assert sim.state("net", "V_m").tolist() == [-70.0] * 3


def test_values_and_ids_are_columns_arrays_or_single_numbers(tmp_path: Path) -> None:
    with Simulation(network(tmp_path), folder=tmp_path) as sim:
        sim.set("net", "V_m", pd.Series([-60, -61, -62], index=[4, 5, 6]))
        assert sim.state("net", "V_m").tolist() == [-60.0, -61.0, -62.0]
        sim.set("net", "V_m", np.array([-63.0, -64.0]), ids=pd.Series([2, 0]))
        assert sim.state("net", "V_m", ids=np.flatnonzero([True, False, True])).tolist() == [
            -64.0,
            -63.0,
        ]
        sim.set("net", "V_m", np.float32(-65), ids=1)
        assert sim.state("net", "V_m", ids=np.int64(1)).tolist() == [-65.0]
        assert len(sim.state("net", "V_m", ids=[])) == 0


@pytest.mark.parametrize(
    ("ask", "said"),
    [
        (lambda sim: sim.set("net", "V_m", float("nan")), "V_m is NaN"),
        (lambda sim: sim.set("net", "V_m", np.array([1, np.nan, 2])), r"V_m\[1\] is NaN"),
        (lambda sim: sim.set("net", "V_m", [1.0, 2.0, np.inf]), r"V_m\[2\] is \+inf"),
        (lambda sim: sim.run_until(float("nan")), "NaN"),
        (lambda sim: sim.run_until(19.9), "at 20 ms already: it cannot run until 19.9 ms"),
        (lambda sim: sim.send("ext", 0, [30.0, 50.0]), "at 50 ms .* ends at 50 ms"),
        (lambda sim: sim.send("ext", 0, 70.5), "at 70.5 ms .* ends at 50 ms"),
        (lambda sim: sim.state("ext", "V_m"), '"ext" has no simulated cells'),
        (lambda sim: sim.state("ext", "V_m", ids=[0]), '"ext" has no simulated cells'),
        (lambda sim: sim.set("ext", "I_e", 1.0), '"ext" has no simulated cells'),
        (lambda sim: sim.set("ext", "I_e", 1.0, ids=0), '"ext" has no simulated cells'),
        (lambda sim: sim.set("nett", "I_e", 1.0), 'did you mean "net"'),
    ],
)
def test_what_a_run_cannot_do_is_said(tmp_path: Path, ask: Ask, said: str) -> None:
    with Simulation(network(tmp_path), folder=tmp_path) as sim:
        sim.run_until(20.0)
        with pytest.raises(ValueError, match=said):
            ask(sim)
        sim.run_until(20.0)
        assert sim.time == 20.0


def test_a_spike_before_the_end_can_be_sent(tmp_path: Path) -> None:
    config = network(tmp_path)
    with Simulation(config, folder=tmp_path) as sim:
        sim.send("ext", 0, 40.0)
        sim.send("ext", np.int64(1), np.array([49.9]))
        sim.run()
    assert len(spikes(config)) == 3


def test_a_file_that_is_not_there_is_filenotfounderror(tmp_path: Path) -> None:
    for name in (tmp_path / "nosuch.json", str(tmp_path / "nosuch.json")):
        with pytest.raises(FileNotFoundError, match=r"nosuch\.json"):
            Simulation(name)
        with pytest.raises(FileNotFoundError, match=r"nosuch\.json"):
            pointnet.Config.from_json(name)


def test_a_configuration_may_have_arrays_numbers_of_numpy_and_paths(tmp_path: Path) -> None:
    config = network(tmp_path)
    config["run"] = {"tstart": np.float64(0), "tstop": np.float32(5), "dt": 0.1}
    config["node_sets"] = {
        "some": {"population": "net", "node_id": np.arange(2)},
        "rest": {"population": "net", "node_id": pd.Series([2])},
    }
    config["output"]["output_dir"] = tmp_path / "there"
    for name in ("some", "rest"):
        report = {"module": "membrane_report", "variable_name": "V_m", "cells": name}
        config["reports"][name] = report
    with Simulation(config, folder=tmp_path, changed={"run.tstop": np.int64(6)}) as sim:
        sim.run()
    assert sim.time == 6.0
    assert {one.name for one in (tmp_path / "there").iterdir()} >= {"some.h5", "rest.h5"}
    config["run"]["dt"] = np.nan
    with pytest.raises(ValueError, match=r"run\.dt is NaN"):
        Simulation(config, folder=tmp_path)
    config["run"]["dt"] = object()
    with pytest.raises(TypeError, match=r"run\.dt cannot be object"):
        Simulation(config, folder=tmp_path)


def test_from_json_takes_a_dictionary_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    config = network(tmp_path)
    config["run"]["tstop"] = np.float64(5)
    config["components"]["point_neuron_models_dir"] = "$WHERE"
    read = pointnet.Config.from_json(config, WHERE="models")
    assert read == pointnet.Config.from_dict(config, WHERE="models")
    assert pointnet.PointSimulator.from_config(read).tstop == 5.0


def test_a_configuration_that_was_changed_still_says_its_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.json"
    file.write_text(json.dumps(network(tmp_path)))
    config = pointnet.Config.from_json(file)
    config["run"]["tstop"] = 5.0
    assert Path(config.plain()["config_path"]).name == "mine.json"
    assert pointnet.PointSimulator.from_config(config).run()["time_ms"] == 5.0


def test_threads_with_one_simulation_wait_for_each_other(tmp_path: Path) -> None:
    """Whoever asks while another thread runs it had been told "Already mutably borrowed"."""
    sim = Simulation(network(tmp_path), folder=tmp_path, changed={"run.tstop": 1e9})
    raised: list[BaseException] = []

    def running() -> None:
        try:
            sim.run()
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=running)
    thread.start()
    try:
        for at in range(10):
            before = sim.time
            eventually("it is simulated", lambda before=before: sim.time > before)
            sim.set("net", "V_m", -60.0 - at)
            # Towards E_L, however far the other thread has come since.
            assert (abs(sim.state("net", "V_m") + 70.0) <= 10.0 + at).all()
            assert 0 <= sim.time < sim.tstop
    finally:
        sim.finish()
        thread.join(60)
    assert not thread.is_alive()
    assert [str(error) for error in raised] == ["the simulation is finished"]


def test_a_simulation_that_was_left_says_how_far_it_came(tmp_path: Path) -> None:
    sim = Simulation(network(tmp_path), folder=tmp_path)
    sim.run_until(20.0)
    with pytest.raises(ZeroDivisionError), sim:
        raise ZeroDivisionError
    assert (sim.time, sim.tstop) == (20.0, 50.0)
    with pytest.raises(RuntimeError, match="is finished"):
        sim.run()


RUNS = """
import json, sys, threading, time
from pathlib import Path
from blendtorch.simulate import Simulation
folder = Path(sys.argv[1])
config = json.loads((folder / "config.json").read_text())
with Simulation(config, folder=folder, changed={"run.tstop": 1e9}) as sim:
    def watch():
        while not sim.time:
            time.sleep(0.01)
        print("runs", flush=True)
    threading.Thread(target=watch, daemon=True).start()
    sim.run_until(1e9)
"""


def test_ctrl_c_is_heard_while_a_run_goes_to_a_time(tmp_path: Path) -> None:
    """It was heard when the time had come."""
    (tmp_path / "config.json").write_text(json.dumps(network(tmp_path)))
    command = [sys.executable, "-c", RUNS, str(tmp_path)]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    ends = threading.Timer(60, run.kill)
    ends.start()
    assert run.stdout is not None
    try:
        assert run.stdout.readline() == "runs\n"
        run.send_signal(signal.SIGINT)
        _, said = run.communicate()
    finally:
        ends.cancel()
        run.kill()
    assert run.returncode == -signal.SIGINT and "KeyboardInterrupt" in said, said
