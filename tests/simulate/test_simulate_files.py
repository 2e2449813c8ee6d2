"""Which files a run may write, and what of its files is wrong before it runs."""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blendtorch.simulate import Simulation
from support.circuits import network, ran, spikes, spikes_input, trains
from support.programs import program

Config = dict[str, Any]


def driven(folder: Path, **edge: Any) -> Config:
    """A network that spikes."""
    config = network(folder, **edge)
    config["inputs"]["a"] = spikes_input(trains(folder / "in.h5", ext=[(0, 10.0), (1, 30.0)]))
    return config


def edges(folder: Path) -> Any:
    """The edges of the network, to be changed."""
    return h5py.File(folder / "network" / "ext_net_edges.h5", "r+")


def refusal(config: Config, folder: Path) -> str:
    """What is said of a configuration that is refused."""
    with pytest.raises((ValueError, OSError)) as refused:
        Simulation(config, folder=folder)
    return str(refused.value)


@pytest.mark.parametrize(
    "name", ["in.h5", "network/net_nodes.h5", "network/../in.h5", "network/ext_net_edge_types.csv"]
)
def test_a_run_does_not_write_what_it_reads(tmp_path: Path, name: str) -> None:
    config = driven(tmp_path)
    config["output"] = {"output_dir": str(tmp_path), "overwrite_output_dir": True}
    config["output"]["spikes_file"] = name
    before = (tmp_path / name).read_bytes()
    assert "is read by this run" in refusal(config, tmp_path)
    assert (tmp_path / name).read_bytes() == before


@pytest.mark.parametrize("key", ["spikes_file_csv", "log_file"])
def test_two_outputs_have_two_names(tmp_path: Path, key: str) -> None:
    config = driven(tmp_path)
    config["output"][key] = "../output/spikes.h5"
    assert "is also the file of output.spikes_file" in refusal(config, tmp_path)


def test_a_file_of_others_is_replaced_only_where_that_is_asked_for(tmp_path: Path) -> None:
    config = driven(tmp_path)
    ran(config, tmp_path)
    ran(config, tmp_path)
    (tmp_path / "output" / ".blendtorch-outputs.json").unlink()
    assert "was not written by an earlier run here" in refusal(config, tmp_path)
    config["output"]["overwrite_output_dir"] = True
    ran(config, tmp_path)


def test_a_second_simulation_of_the_same_program_is_told_so(tmp_path: Path) -> None:
    """As a notebook's cell is run twice."""
    config = driven(tmp_path)
    with Simulation(config, folder=tmp_path):
        assert "of this program that is not finished" in refusal(config, tmp_path)


def test_an_edge_without_a_value_has_that_of_its_type(tmp_path: Path) -> None:
    config = driven(tmp_path, delay=2.5)
    ran(config, tmp_path)
    plain = spikes(config)
    with edges(tmp_path) as h5:
        number = len(h5["edges/ext_to_net/edge_type_id"])
        group = h5["edges/ext_to_net/0"]
        for name in ("delay", "syn_weight"):
            if name in group:
                del group[name]
            group[name] = np.full(number, np.nan)
    ran(config, tmp_path)
    assert spikes(config) == plain


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("syn_weight", np.inf, "weight"),
        ("delay", -1.0, "edge 0.*less than half a step"),
        ("nsyns", 2.5, r"nsyns"),
        ("nsyns", -3.0, r"nsyns"),
        ("receptor_type", 3.0, "edge from node 0 to node 0.*receptor_type"),
        ("receptor_type", 1.5, "receptor_type must be"),
    ],
)
def test_values_of_edges_that_cannot_be_are_refused(
    tmp_path: Path, name: str, value: float, words: str
) -> None:
    config = driven(tmp_path)
    with edges(tmp_path) as h5:
        number = len(h5["edges/ext_to_net/edge_type_id"])
        group = h5["edges/ext_to_net/0"]
        if name in group:
            del group[name]
        group[name] = np.full(number, value)
    assert re.search(words, refusal(config, tmp_path), re.DOTALL)


def test_check_reads_edges_and_spikes_and_says_all_that_is_wrong(tmp_path: Path) -> None:
    config = driven(tmp_path)
    config["inputs"]["a"] = spikes_input(trains(tmp_path / "a.h5", ext=[(70, 5.0)]))
    config["inputs"]["b"] = spikes_input(trains(tmp_path / "b.h5", ext=[(0, -1.0)]))
    with edges(tmp_path) as h5:
        h5["edges/ext_to_net/target_node_id"][0] = 4000
    (tmp_path / "config.json").write_text(json.dumps(config))
    command = [program("blendtorch"), "simulate", tmp_path / "config.json", "--check"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    for words in ("4000", "cell 70", "above 0", "3 errors; nothing was simulated"):
        assert words in done.stderr, done.stderr


def test_a_damaged_file_of_nodes_is_one_error(tmp_path: Path) -> None:
    config = driven(tmp_path)
    (tmp_path / "network" / "ext_nodes.h5").write_bytes(b"damaged")
    errors = [line for line in refusal(config, tmp_path).splitlines() if line.startswith("error")]
    assert len(errors) == 1 and "ext_nodes.h5" in errors[0]


def test_a_configuration_without_nodes_or_output_says_so(tmp_path: Path) -> None:
    config: Config = {"run": {"tstop": 10.0, "dt": 0.1}, "output": {"output_dir": str(tmp_path)}}
    assert "networks" in refusal(config, tmp_path)
    config = driven(tmp_path)
    del config["output"]["spikes_file"]
    with Simulation(config, folder=tmp_path) as sim:
        assert any("nothing is written" in one for one in sim.warnings)


def test_columns_that_are_nearly_right_are_said(tmp_path: Path) -> None:
    config = driven(tmp_path)
    table = tmp_path / "network" / "ext_net_edge_types.csv"
    table.write_text(table.read_text().replace("delay", "delais"))
    with Simulation(config, folder=tmp_path) as sim:
        assert any('"delais" has no effect; did you mean "delay"' in one for one in sim.warnings)
    table.write_text(table.read_text().replace("delais", "far_away"))
    with Simulation(config, folder=tmp_path) as sim:
        assert any("no edge has a delay: 1 ms" in one for one in sim.warnings)
