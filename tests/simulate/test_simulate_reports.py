"""What is recorded of the cells, and where it is written."""

import json
from pathlib import Path
from typing import Any

import h5py
import libsonata
import numpy as np
import pytest
from blendtorch.simulate import Simulation
from support.circuits import network, ran, spikes, spikes_input, trains

V = {"module": "membrane_report", "variable_name": "V_m", "cells": "net"}


def driven(folder: Path) -> dict[str, Any]:
    """A network that spikes once."""
    config = network(folder)
    config["inputs"]["a"] = spikes_input(trains(folder / "in.h5", ext=[(0, 10.0)]))
    return config


def rows(file: Path, population: str = "net") -> tuple[np.ndarray[Any, Any], list[float]]:
    """The values and [start, stop, step] of a report."""
    with h5py.File(file) as h5:
        group = h5[f"report/{population}"]
        return group["data"][()], group["mapping/time"][()].tolist()


def test_a_report_begins_with_the_state_at_the_start(tmp_path: Path) -> None:
    config = driven(tmp_path)
    config["reports"]["v"] = dict(V)
    ran(config, tmp_path)
    values, time = rows(tmp_path / "output" / "v.h5")
    assert values.shape == (500, 3)
    assert time == [0.0, 50.0, 0.1]
    assert values[0].tolist() == [-70.0] * 3
    assert values[:, 0].max() > -70.0


def test_windows_and_steps_of_reports_are_heeded(tmp_path: Path) -> None:
    """BMTK's PointNet ignores them in the specification's spelling."""
    config = driven(tmp_path)
    config["reports"]["all"] = dict(V)
    config["reports"]["some"] = V | {"start_time": 10.0, "end_time": 20.0, "dt": 0.5}
    config["reports"]["bmtk"] = V | {"tstart": 10.0, "tstop": 20.0, "interval": 0.5}
    ran(config, tmp_path)
    everything, _ = rows(tmp_path / "output" / "all.h5")
    for name in ("some", "bmtk"):
        values, time = rows(tmp_path / "output" / f"{name}.h5")
        assert time == [10.0, 20.0, 0.5]
        assert np.array_equal(values, everything[100:200:5])


def test_two_variables_are_two_files(tmp_path: Path) -> None:
    """BMTK writes the values of the last one under the name of the first."""
    config = driven(tmp_path)
    config["reports"]["v"] = V | {"variable_name": ["V_m", "I_syn_ex"]}
    ran(config, tmp_path)
    voltage, _ = rows(tmp_path / "output" / "v.h5")
    current, _ = rows(tmp_path / "output" / "v_I_syn_ex.h5")
    assert voltage.min() >= -70.0 and voltage.max() < -50.0
    assert current.min() == 0.0 and current.max() == 4000.0
    with h5py.File(tmp_path / "output" / "v_I_syn_ex.h5") as h5:
        assert h5["report/net/data"].attrs["units"] == "pA"


def test_libsonata_reads_spikes_and_reports(tmp_path: Path) -> None:
    config = driven(tmp_path)
    config["output"]["spikes_sort_order"] = "by_time"
    config["reports"]["v"] = dict(V)
    ran(config, tmp_path)
    report = libsonata.SomaReportReader(str(tmp_path / "output" / "v.h5"))["net"]
    assert report.get_node_ids() == [0, 1, 2]
    assert report.times == (0.0, 50.0, 0.1)
    assert (report.data_units, report.time_units) == ("mV", "ms")
    frame = report.get(node_ids=[1], tstart=10.0, tstop=20.0)
    assert frame.data.shape == (101, 1)
    read = libsonata.SpikeReader(str(tmp_path / "output" / "spikes.h5"))["net"]
    assert [(time, cell) for cell, time in read.get()] == spikes(config)
    assert read.sorting == "by_time"


def test_virtual_cells_are_left_out_of_a_report_of_all(tmp_path: Path) -> None:
    """BMTK ends with KeyError: 'ext'."""
    config = driven(tmp_path)
    config["reports"]["v"] = V | {"cells": "all"}
    sim = ran(config, tmp_path)
    assert rows(tmp_path / "output" / "v.h5")[0].shape == (500, 3)
    assert any("virtual" in one and "reports.v.cells" in one for one in sim.warnings)


def test_what_was_simulated_is_written_where_it_was_stopped(tmp_path: Path) -> None:
    config = driven(tmp_path)
    config["reports"]["v"] = dict(V)
    with Simulation(config, folder=tmp_path) as sim:
        sim.run_until(20.0)
    assert sim.summary is not None
    assert (sim.summary["time_ms"], sim.summary["tstop_ms"]) == (20.0, 50.0)
    values, time = rows(tmp_path / "output" / "v.h5")
    # The state at 20 ms is the last row.
    assert len(values) == 201 and time == [0.0, 20.1, 0.1]
    assert len(spikes(config)) == 3


def test_an_exception_leaves_the_earlier_output(tmp_path: Path) -> None:
    config = driven(tmp_path)
    ran(config, tmp_path)
    before = spikes(config)

    def broken() -> None:
        with Simulation(config, folder=tmp_path) as sim:
            sim.run_until(1.0)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert spikes(config) == before
    assert sorted(one.name for one in (tmp_path / "output").iterdir()) == [
        ".blendtorch-outputs.json",
        "spikes.h5",
    ]


def test_what_others_have_in_the_folder_stays(tmp_path: Path) -> None:
    """BMTK removes the folder of the output where overwrite_output_dir is true."""
    config = driven(tmp_path)
    config["output"]["overwrite_output_dir"] = True
    (tmp_path / "output").mkdir()
    (tmp_path / "output" / "thesis.tex").write_text("mine")
    ran(config, tmp_path)
    assert (tmp_path / "output" / "thesis.tex").read_text() == "mine"
    config["output"]["overwrite_output_dir"] = False
    with pytest.raises(ValueError, match="overwrite_output_dir"):
        Simulation(config, folder=tmp_path)


def test_spikes_are_in_the_order_that_is_asked_for(tmp_path: Path) -> None:
    """BMTK never sorts the csv, and reads another key than its guide has."""
    config = driven(tmp_path)
    config["inputs"]["a"] = spikes_input(trains(tmp_path / "b.h5", ext=[(0, 10.0), (1, 30.0)]))
    config["output"] |= {"spikes_file_csv": "spikes.csv", "sort_by": "by_id"}
    ran(config, tmp_path)
    with h5py.File(tmp_path / "output" / "spikes.h5") as h5:
        ids = h5["spikes/net/node_ids"][()].tolist()
    assert ids == sorted(ids) and len(ids) > 3
    lines = (tmp_path / "output" / "spikes.csv").read_text().splitlines()[1:]
    assert [int(line.split()[2]) for line in lines] == ids


def test_a_plot_is_drawn(tmp_path: Path) -> None:
    from PIL import Image

    config = driven(tmp_path)
    config["reports"]["v"] = dict(V)
    with Simulation(config, folder=tmp_path) as sim:
        sim.run()
        summary = sim.finish(plot=tmp_path / "spikes.png")
    assert str(tmp_path / "spikes.png") in summary["files"]
    with Image.open(tmp_path / "spikes.png") as picture:
        assert picture.size == (1200, 900)
        # A raster, lines of rates and three traces: more than white and one ink.
        assert len(picture.getcolors(1 << 16)) > 4


def test_the_log_says_what_ran(tmp_path: Path) -> None:
    config = driven(tmp_path)
    config["output"]["log_file"] = "log.txt"
    config["run"]["dL"] = 20.0
    ran(config, tmp_path)
    log = (tmp_path / "output" / "log.txt").read_text()
    assert "[WARNING]" in log and "run.dL" in log
    assert "ended at 50 ms with 3 spikes" in log
    json.loads((tmp_path / "output" / ".blendtorch-outputs.json").read_text())
