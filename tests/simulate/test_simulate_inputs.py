"""What acts on the cells: spikes and currents, as the configuration has them. BMTK drops, doubles
or misreads what most of these tests have."""

from pathlib import Path

import numpy as np
import pytest
from blendtorch.simulate import Simulation
from support.circuits import network, ran, spikes, spikes_input, trains


def test_spikes_arrive_at_every_cell(tmp_path: Path) -> None:
    config = network(tmp_path)
    file = trains(tmp_path / "in.h5", ext=[(0, 10.0)])
    config["inputs"]["a"] = spikes_input(file)
    ran(config, tmp_path)
    assert len(spikes(config)) == 3


def test_two_inputs_of_a_population_add_up(tmp_path: Path) -> None:
    """BMTK ignores the second file, and makes all edges a second time."""
    config = network(tmp_path)
    for name, time in (("a", 10.0), ("b", 30.0)):
        file = trains(tmp_path / f"{name}.h5", ext=[(0, time)])
        config["inputs"][name] = spikes_input(file)
    sim = ran(config, tmp_path)
    times = {time for time, _ in spikes(config)}
    assert len(times) == 2
    assert sim.summary["connections"] == 6


def test_a_node_set_leaves_the_spikes_of_others_out(tmp_path: Path) -> None:
    config = network(tmp_path)
    file = trains(tmp_path / "in.h5", ext=[(0, 10.0), (1, 30.0)])
    config["inputs"]["a"] = spikes_input(file, {"population": "ext", "node_id": [1]})
    ran(config, tmp_path)
    assert {time > 30 for time, _ in spikes(config)} == {True}


def test_times_in_seconds_are_seconds(tmp_path: Path) -> None:
    config = network(tmp_path)
    file = trains(tmp_path / "in.h5", units="s", ext=[(0, 0.010)])
    config["inputs"]["a"] = spikes_input(file)
    ran(config, tmp_path)
    assert {10 < time < 20 for time, _ in spikes(config)} == {True}


def test_the_population_in_the_file_is_heeded(tmp_path: Path) -> None:
    """BMTK takes the one that is first in the alphabet."""
    config = network(tmp_path)
    file = trains(tmp_path / "in.h5", aaa=[(0, 30.0)], ext=[(0, 10.0)])
    config["inputs"]["a"] = spikes_input(file)
    ran(config, tmp_path)
    assert {10 < time < 20 for time, _ in spikes(config)} == {True}
    config["inputs"]["a"]["population"] = "aaa"
    ran(config, tmp_path)
    assert {30 < time < 40 for time, _ in spikes(config)} == {True}
    config["inputs"]["a"]["population"] = "aab"
    with pytest.raises(ValueError, match='did you mean "aaa"'):
        Simulation(config, folder=tmp_path)


def test_spikes_at_0_or_of_cells_that_are_not_there_are_refused(tmp_path: Path) -> None:
    config = network(tmp_path)
    config["inputs"]["a"] = spikes_input(trains(tmp_path / "a.h5", ext=[(0, 0.0)]))
    with pytest.raises(ValueError, match=r"inputs\.a.*above 0"):
        Simulation(config, folder=tmp_path)
    config["inputs"]["a"] = spikes_input(trains(tmp_path / "b.h5", ext=[(7, 5.0)]))
    with pytest.raises(ValueError, match="cell 7"):
        Simulation(config, folder=tmp_path)


def test_a_run_begins_at_tstart(tmp_path: Path) -> None:
    """BMTK's PointNet begins at 0 whatever it says."""
    config = network(tmp_path)
    config["run"] = {"tstart": 20.0, "tstop": 50.0, "dt": 0.1}
    file = trains(tmp_path / "in.h5", ext=[(0, 10.0), (0, 30.0)])
    config["inputs"]["a"] = spikes_input(file)
    sim = ran(config, tmp_path)
    assert sim.time == 50.0
    assert {30 < time < 40 for time, _ in spikes(config)} == {True}
    assert any("1 spikes are at or before the start" in one for one in sim.warnings)


def test_csv_spikes_are_read(tmp_path: Path) -> None:
    config = network(tmp_path)
    (tmp_path / "in.csv").write_text("timestamps population node_ids\n10.0 ext 0\n")
    config["inputs"]["a"] = spikes_input(tmp_path / "in.csv", module="csv")
    ran(config, tmp_path)
    assert len(spikes(config)) == 3


@pytest.mark.parametrize("module", ["IClamp", "ICLAMP"])
def test_a_clamp_acts_from_the_first_step(tmp_path: Path, module: str) -> None:
    """BMTK drops a clamp with delay 0, and one that is spelled as in its guide."""
    config = network(tmp_path)
    clamp = {"input_type": "current_clamp", "module": module, "node_set": {"layer": "L2"}}
    config["inputs"]["c"] = clamp | {"amp": 500.0, "delay": 0.0, "duration": 50.0}
    with Simulation(config, folder=tmp_path) as sim:
        sim.run_until(0.3)
        v = sim.state("net", "V_m")
    # A change at T acts first on the step that ends at T + 2 dt.
    expected = -70 + 500 / 200 * 15 * (1 - np.exp(-0.2 / 15))
    assert v[0] == pytest.approx(expected, abs=1e-9)
    assert v[1] == -70.0
    assert v[2] == v[0]


def test_a_table_of_currents_is_read(tmp_path: Path) -> None:
    config = network(tmp_path)
    (tmp_path / "amps.csv").write_text("timestamps amps\n1.0 500\n2.0 0\n")
    table = {"input_type": "current_clamp", "module": "csv", "file": "amps.csv"}
    config["inputs"]["c"] = table | {"node_set": "net"}
    with Simulation(config, folder=tmp_path) as sim:
        sim.run_until(1.1)
        assert sim.state("net", "V_m")[0] == -70.0
        sim.run_until(2.0)
        high = sim.state("net", "V_m")[0]
        sim.run_until(5.0)
        assert -70.0 < sim.state("net", "V_m")[0] < high


def test_spikes_can_be_sent_while_it_runs(tmp_path: Path) -> None:
    config = network(tmp_path)
    with Simulation(config, folder=tmp_path) as sim:
        sim.run_until(20.0)
        sim.send("ext", 1, [25.0])
        with pytest.raises(ValueError, match="10 ms"):
            sim.send("ext", 1, [10.0])
        sim.run()
    assert {time > 25 for time, _ in spikes(config)} == {True}


def test_virtual_cells_without_spikes_are_said(tmp_path: Path) -> None:
    sim = ran(network(tmp_path), tmp_path)
    assert any("ext" in one and "silent" in one for one in sim.warnings)
    assert sim.summary["populations"][0]["spikes"] == 0
