"""Reports and configurations are read from Python, a window of time at a time."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from blendtorch.circuit import Electrodes, Report, read_config

GOLDEN = Path(__file__).resolve().parents[1] / "golden/sonata"


def test_windows_of_what_bmtk_recorded() -> None:
    file = GOLDEN / "b_ei_exp/expected/v.h5"
    v = Report.open(file)["cortex"]
    with h5py.File(file) as expected:
        data = expected["report/cortex/data"][:]
    assert v.shape == data.shape and v.node_ids.tolist() == [0, 1, 2]
    assert len(v.times) == len(data)
    np.testing.assert_array_equal(v.read(), data)
    np.testing.assert_array_equal(v[1], data[:, 1])
    window = (v.times >= 100.0) & (v.times < 200.0)
    np.testing.assert_array_equal(v.read(100.0, 200.0), data[window])
    np.testing.assert_array_equal(v.read(100.0, 200.0, node_id=2), data[window, 2:])
    table = v.to_pandas(100.0, 200.0)
    assert table.columns.tolist() == [0, 1, 2] and table.index.name == "time"
    np.testing.assert_array_equal(table[2], data[window, 2])
    with pytest.raises(KeyError, match='no node 7 of "cortex"'):
        v[7]
    with pytest.raises(KeyError, match='did you mean "cortex"'):
        Report.open(file)["cotrex"]


def test_cells_with_several_elements_and_electrodes() -> None:
    folder = GOLDEN / "f_bionet/expected"
    (file,) = (one for one in folder.glob("*.h5") if "all" in one.name)
    ((_, report),) = Report.open(file).items()
    assert report.shape[1] > len(report.node_ids)
    one = int(report.node_ids[1])
    first, last = report.index_pointers[1:3].tolist()
    np.testing.assert_array_equal(report[one], report.read()[:, first:last])
    assert report.to_pandas().columns.names == ["node_id", "element_id"]
    electrodes = Electrodes(folder / "ecp.h5")
    with h5py.File(folder / "ecp.h5") as expected:
        np.testing.assert_array_equal(electrodes.read(), expected["ecp/data"])
    assert electrodes.channel_ids.tolist() == [0, 1, 2, 3, 4] and electrodes.units == "mV"
    assert electrodes.read(10.0, 20.0).shape[0] == np.sum(
        (electrodes.times >= 10) & (electrodes.times < 20)
    )


def test_a_configuration_is_a_dictionary_with_paths_that_are_found() -> None:
    config = read_config(GOLDEN / "b_ei_exp/config.json")
    assert config["run"]["tstop"] == 500.0
    assert Path(config["networks"]["nodes"][0]["nodes_file"]).is_file()
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        read_config(GOLDEN / "none.json")
