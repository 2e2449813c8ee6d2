"""What is wrong with a configuration is said before anything runs: each with its file and key."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blendtorch.simulate import Simulation
from support.circuits import network, spikes_input, trains

Config = dict[str, Any]


def changed(keys: str, value: Any) -> Callable[[Config], None]:
    """Sets a dotted key; nothing removes it."""

    def change(config: Config) -> None:
        *path, last = keys.split(".")
        within: Any = config
        for key in path:
            within = within[int(key) if key.isdigit() else key]
        if value is None:
            del within[last]
        else:
            within[last] = value

    return change


CLAMP = {"input_type": "current_clamp", "module": "IClamp", "node_set": "net"}
STEP = {"amp": 1.0, "delay": 1.0, "duration": 1.0}
REPORT = {"module": "membrane_report", "variable_name": "V_m", "cells": "net"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed("run.tstop", 50.05), r"run\.tstop.*50.*50\.1"),
        (changed("run.tstop", None), r"run\.tstop"),
        (changed("run.dt", 0.00015), r"run\.dt.*µs"),
        (changed("run.dt", "fast"), r"run\.dt"),
        (changed("run.tstart", 60.0), "tst"),
        (changed("run.n_runs", 3), r"run\.n_runs"),
        (changed("inputs.x", spikes_input(Path("none.h5"))), r"inputs\.x.*none\.h5"),
        (changed("inputs.x", {"input_type": "spikes", "module": "poisson"}), "poisson"),
        (changed("inputs.x", CLAMP | STEP | {"node_set": "ext"}), "virtual"),
        (changed("inputs.x", CLAMP | STEP | {"delay": [1.0, 2.0]}), r"inputs\.x\.amp"),
        (changed("inputs.x", CLAMP | STEP | {"duration": 1.05}), r"inputs\.x.*between two steps"),
        (changed("inputs.x", CLAMP | STEP | {"node_set": "nett"}), 'did you mean "net"'),
        (changed("inputs.x", CLAMP | STEP | {"node_set": {"layr": "L2"}}), 'did you mean "layer"'),
        (
            changed("inputs.x", {"input_type": "voltage_clamp", "module": "SEClamp"} | STEP),
            r"BioNet.*pip install",
        ),
        (changed("reports.v", REPORT | {"variable_name": "v"}), 'did you mean "V_m"'),
        (changed("reports.v", REPORT | {"variable_name": "V_n"}), 'did you mean "V_m"'),
        (changed("reports.v", REPORT | {"dt": 0.15}), r"reports\.v\.dt"),
        (changed("reports.v", REPORT | {"start_time": 60.0}), r"reports\.v\.start_time"),
        (changed("reports.v", REPORT | {"cells": "ext"}), "no simulated cell"),
        (changed("reports.v", {"module": "save_synapses", "network_dir": "x"}), "BioNet"),
        (changed("components", {}), "point_neuron_models_dir"),
        (changed("components.point_neuron_models_dir", "nowhere"), "nowhere"),
        (changed("networks.nodes.0.nodes_file", "none_nodes.h5"), "none_nodes"),
    ],
)
def test_wrong_configurations_are_refused(
    tmp_path: Path, change: Callable[[Config], None], words: str
) -> None:
    config = network(tmp_path)
    change(config)
    with pytest.raises(ValueError, match=f"(?s){words}"):
        Simulation(config, folder=tmp_path)
    assert not (tmp_path / "output").exists(), "nothing was begun"


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    config = network(tmp_path)
    config["run"]["tstop"] = 50.05
    config["reports"]["v"] = REPORT | {"variable_name": "v"}
    config["inputs"]["x"] = {"input_type": "spikes", "module": "poisson"}
    with pytest.raises(ValueError, match="tstop") as refused:
        Simulation(config, folder=tmp_path)
    for word in ("run.tstop", "reports.v", "poisson"):
        assert word in str(refused.value)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("tau_m", -1.0, "tau_m"),
        ("tau_mm", 10.0, 'did you mean "tau_m"'),
        ("tau_m", "long", "tau_m must be"),
        ("V_reset", -50.0, "V_reset|V_th|threshold"),
    ],
)
def test_wrong_parameters_name_their_file(
    tmp_path: Path, name: str, value: Any, words: str
) -> None:
    config = network(tmp_path)
    file = tmp_path / "models" / "cell.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {name: value}))
    with pytest.raises(ValueError, match=words) as refused:
        Simulation(config, folder=tmp_path)
    assert "cell.json" in str(refused.value)


@pytest.mark.parametrize(
    ("edge", "words"),
    [
        ({"model_template": "stdp_synapse"}, "stdp_synapse.*PointNet"),
        ({"model_template": "static_synapze"}, "static_synapse"),
        ({"delay": 0.01}, "less than half a step"),
        ({"delay": 1e9}, "at most"),
        ({"syn_weight": None}, "syn_weight"),
    ],
)
def test_wrong_edges_are_refused(tmp_path: Path, edge: dict[str, Any], words: str) -> None:
    config = network(tmp_path, **edge)
    with pytest.raises(ValueError, match=f"(?s){words}") as refused:
        Simulation(config, folder=tmp_path)
    assert "ext_net_edge" in str(refused.value)


def test_parameters_in_hdf5_are_over_those_of_the_type(tmp_path: Path) -> None:
    """BMTK ignores them without a word."""
    config = network(tmp_path)
    with h5py.File(tmp_path / "network" / "net_nodes.h5", "r+") as h5:
        group = h5["nodes/net/0"].create_group("dynamics_params")
        group["V_m"] = np.array([-60.0, -65.0, np.nan])
    with Simulation(config, folder=tmp_path) as sim:
        sim.run_until(0.0)
        assert sim.state("net", "V_m").tolist() == [-60.0, -65.0, -70.0]
    with h5py.File(tmp_path / "network" / "net_nodes.h5", "r+") as h5:
        h5["nodes/net/0/dynamics_params"]["V_n"] = np.zeros(3)
    with pytest.raises(ValueError, match=r"(?s)dynamics_params/V_n.*did you mean"):
        Simulation(config, folder=tmp_path)


def test_parameters_of_edges_in_hdf5_count(tmp_path: Path) -> None:
    config = network(tmp_path)
    config["inputs"]["a"] = spikes_input(trains(tmp_path / "in.h5", ext=[(0, 10.0)]))
    with h5py.File(tmp_path / "network" / "ext_net_edges.h5", "r+") as h5:
        edges = h5["edges/ext_to_net"]
        group = edges["0"].create_group("dynamics_params")
        group["receptor_type"] = np.full(len(edges["source_node_id"]), 3.0)
    with pytest.raises(ValueError, match="receptor"):
        Simulation(config, folder=tmp_path)


@pytest.mark.parametrize("how", ["cut", "flipped"])
def test_damaged_files_are_refused(tmp_path: Path, how: str) -> None:
    config = network(tmp_path)
    file = tmp_path / "network" / "ext_net_edges.h5"
    data = bytearray(file.read_bytes())
    if how == "cut":
        del data[len(data) // 2 :]
    else:
        at = data.index(b"source_node_id")
        data[at : at + 6] = b"tource"
    file.write_bytes(data)
    with pytest.raises(ValueError, match="ext_net_edges"):
        Simulation(config, folder=tmp_path)


def test_a_million_unknown_attributes_are_a_hundred_lines(tmp_path: Path) -> None:
    config = network(tmp_path)
    config["node_sets"] = {"many": {f"a{at}": 1 for at in range(1_000_000)}}
    config["reports"]["v"] = REPORT | {"cells": "many"}
    with pytest.raises(ValueError, match="999990 more") as refused:
        Simulation(config, folder=tmp_path)
    assert len(str(refused.value).splitlines()) < 220


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (changed("run.dL", 20.0), r"run\.dL.*BioNet"),
        (changed("run.dtt", 0.1), r'run\.dtt.*did you mean "dt"'),
        (changed("run.precise_times", False), r"run\.precise_times.*no effect"),
        (changed("conditions", {"v_init": -80.0}), r"conditions\.v_init.*BioNet"),
        (changed("target_simulator", "NEURON"), "NEURON"),
        (changed("components.nest_modules", ["mine"]), r"nest_modules.*pip install bmtk"),
    ],
)
def test_what_has_no_effect_is_said(
    tmp_path: Path, change: Callable[[Config], None], words: str
) -> None:
    """BMTK says nothing."""
    config = network(tmp_path)
    change(config)
    with Simulation(config, folder=tmp_path) as sim:
        assert any(re.search(words, one) for one in sim.warnings), sim.warnings
