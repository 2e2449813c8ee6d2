"""The run script of BMTK's guide, with its import changed; functions of the user's."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blendtorch.simulate import pointnet
from support.circuits import GOLDEN, network, spikes_input, trains

# As the guide prints it (and BMTK's create_environment writes it), but for the import.
SCRIPT = """
import sys
from blendtorch.simulate import pointnet

def run(config_path):
    config = pointnet.Config.from_json(config_path)
    config.build_env()

    network = pointnet.PointNetwork.from_config(config)
    sim = pointnet.PointSimulator.from_config(config, network)
    sim.run()

if __name__ == "__main__":
    run(sys.argv[-1])
"""


def test_the_guides_run_script_runs(tmp_path: Path) -> None:
    shutil.copytree(GOLDEN / "a_ring_delta", tmp_path / "ring")
    (tmp_path / "run_pointnet.py").write_text(SCRIPT)
    command = [sys.executable, tmp_path / "run_pointnet.py", tmp_path / "ring" / "config.json"]
    subprocess.run(command, check=True, cwd=tmp_path, timeout=120)
    with (
        h5py.File(tmp_path / "ring" / "output" / "spikes.h5") as ours,
        h5py.File(tmp_path / "ring" / "expected" / "spikes.h5") as theirs,
    ):
        found, expected = (
            np.array([h5["spikes/ring/timestamps"][()], h5["spikes/ring/node_ids"][()]])
            for h5 in (ours, theirs)
        )
    assert np.array_equal(found, expected[:, np.lexsort(expected[::-1])])


def driven(folder: Path, **edge: Any) -> dict[str, Any]:
    config = network(folder, **edge)
    config["inputs"]["a"] = spikes_input(trains(folder / "in.h5", ext=[(0, 10.0)]))
    return config


def made(config: dict[str, Any], folder: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(folder)
    ready = pointnet.Config.from_dict(config)
    ready.build_env()
    net = pointnet.PointNetwork.from_config(ready)
    return ready, net


def test_weight_and_delay_functions_are_called_with_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = driven(tmp_path, weight_function="by_layer", delay_function="far")
    ready, net = made(config, tmp_path, monkeypatch)
    seen = {}

    def by_layer(edges: Any, sources: Any, targets: Any) -> Any:
        seen["shapes"] = (len(edges), len(sources), len(targets))
        return np.where(targets["layer"] == "L2", 4000.0, 0.0) * edges["nsyns"].to_numpy()

    @pointnet.synaptic_delay(name="far")
    def _far(edges: Any, sources: Any, targets: Any) -> float:
        return 5.0

    net.add_weight_function(by_layer)
    sim = pointnet.PointSimulator.from_config(ready, net)
    summary = sim.run()
    assert seen["shapes"] == (6, 6, 6)
    # Cells 0 and 2 are of layer 2; a spike of 10 ms arrives at 15 ms.
    assert summary["populations"][0]["active"] == 2
    with h5py.File(tmp_path / "output" / "spikes.h5") as h5:
        assert h5["spikes/net/timestamps"][()].min() > 15.0
        assert set(h5["spikes/net/node_ids"][()]) == {0, 2}


def test_a_function_that_is_not_registered_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = driven(tmp_path, weight_function="nobodys")
    ready, net = made(config, tmp_path, monkeypatch)
    with pytest.raises(KeyError, match="nobodys"):
        pointnet.PointSimulator.from_config(ready, net)


def test_what_a_function_raises_comes_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, net = made(driven(tmp_path, weight_function="broken"), tmp_path, monkeypatch)

    def broken(edges: Any, sources: Any, targets: Any) -> Any:
        raise ZeroDivisionError("mine")

    net.add_weight_function(broken)
    with pytest.raises(ZeroDivisionError, match="mine"):
        pointnet.PointSimulator.from_config(ready, net)


def test_spikes_of_a_function(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = network(tmp_path)
    config["inputs"]["a"] = {
        "input_type": "spikes",
        "module": "function",
        "spikes_function": "once",
        "node_set": "ext",
    }
    ready, net = made(config, tmp_path, monkeypatch)

    @pointnet.spikes_generator
    def once(node: Any, sim: Any) -> list[float]:
        return [10.0] if node["node_id"] == 0 else []

    assert pointnet.PointSimulator.from_config(ready, net).run()["populations"][0]["spikes"] == 3


def test_a_simulator_is_asked_by_bmtks_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ready, net = made(driven(tmp_path), tmp_path, monkeypatch)
    assert (ready.dt, ready.tstop, ready.run["tstop"]) == (0.1, 50.0, 50.0)
    assert net.get_nodes_df("net")["layer"].tolist() == ["L2", "L3", "L2"]
    sim = pointnet.PointSimulator.from_config(ready, network=net)
    assert (sim.n_steps, sim.simulation_time("s")) == (500, 0.05)
    calls: list[str] = []

    class Mod:
        def initialize(self, sim: Any) -> None:
            calls.append("initialize")

        def finalize(self, sim: Any) -> None:
            calls.append(f"finalize at {sim.simulation.time}")

    sim.add_mod(Mod())
    sim.run()
    assert calls == ["initialize", "finalize at 50.0"]
