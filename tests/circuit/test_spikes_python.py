"""Spikes are read and written from Python: numpy's arrays, pandas' tables where asked for."""

from pathlib import Path

import h5py
import libsonata
import numpy as np
import pandas as pd
import pytest
from blendtorch.circuit import Spikes

GOLDEN = Path(__file__).resolve().parents[1] / "golden/sonata"


def test_what_bmtk_wrote_is_read() -> None:
    file = GOLDEN / "b_ei_exp/expected/spikes.h5"
    spikes = Spikes.read(file)
    trains = spikes["cortex"]
    with h5py.File(file) as expected:
        np.testing.assert_array_equal(trains.node_ids, expected["spikes/cortex/node_ids"])
        np.testing.assert_array_equal(trains.timestamps, expected["spikes/cortex/timestamps"])
    assert list(spikes) == ["cortex"] and len(trains) == 8229
    one = trains.times(7)
    assert len(one) and trains.rates([7, 100_000], 0.0, 500.0).tolist() == [2.0 * len(one), 0.0]
    assert len(trains.within(100.0, 200.0)) == np.sum(
        (trains.timestamps >= 100) & (trains.timestamps <= 200)
    )
    table = spikes.to_pandas()
    assert list(table) == ["timestamps", "population", "node_ids"] and len(table) == 8229
    assert table["population"].unique().tolist() == ["cortex"]
    with pytest.raises(KeyError, match='did you mean "cortex"'):
        spikes["cotrex"]


@pytest.mark.parametrize("order", ["by_time", "by_id"])
def test_what_is_written_is_read_by_libsonata_and_by_us(order: str, tmp_path: Path) -> None:
    spikes = Spikes({"a": ([3, 1, 1], [2.5, 9.0, 0.5]), "b": ([0], [1.0])})
    spikes.write(tmp_path / "spikes.h5", order=order)
    expected = (
        [(1, 0.5), (3, 2.5), (1, 9.0)] if order == "by_time" else [(1, 0.5), (1, 9.0), (3, 2.5)]
    )
    read = libsonata.SpikeReader(tmp_path / "spikes.h5")
    assert read["a"].sorting == order
    assert [(int(node), time) for node, time in read["a"].get()] == expected
    again = Spikes.read(tmp_path / "spikes.h5")
    pairs = zip(again["a"].node_ids.tolist(), again["a"].timestamps.tolist(), strict=True)
    assert list(pairs) == expected
    spikes.write(tmp_path / "spikes.csv", order=order)
    table = pd.read_csv(tmp_path / "spikes.csv", sep=" ")
    assert len(table) == 4 and set(table["population"]) == {"a", "b"}
    assert len(Spikes.read(tmp_path / "spikes.csv")["b"]) == 1


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="as many cells as times"):
        Spikes({"a": ([1, 2], [1.0])})
    with pytest.raises(ValueError, match='no order "by_tiem"'):
        Spikes({"a": ([1], [1.0])}).write(tmp_path / "spikes.h5", order="by_tiem")
    with pytest.raises(ValueError, match=r"cortex_nodes\.h5"):
        Spikes.read(GOLDEN / "b_ei_exp/network/cortex_nodes.h5")
    with pytest.raises(FileNotFoundError, match=r"none\.h5"):
        Spikes.read(tmp_path / "none.h5")
