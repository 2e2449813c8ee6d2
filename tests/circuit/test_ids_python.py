"""Ids are whole numbers: what is none names no other nodes than were meant."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from blendtorch.circuit import Circuit, EdgePopulation, NetworkBuilder, Report, Spikes

GOLDEN = Path(__file__).resolve().parents[1] / "golden/sonata/b_ei_exp"
MASK = "flatnonzero"
WRONG: list[tuple[Any, type[Exception], str]] = [
    (np.array([False, True, True]), TypeError, MASK),
    (pd.Series([False, True]), TypeError, MASK),
    (pd.Series([False, True], dtype="boolean"), TypeError, MASK),
    ([False, True, True], TypeError, MASK),
    (True, TypeError, MASK),
    ([1.5, 2.0], TypeError, "not 1.5"),
    (np.array([1.0, np.nan]), TypeError, "not nan"),
    (["1", "2"], TypeError, "whole numbers"),
    ("12", TypeError, "whole numbers"),
    ([[1, 2], [3, 4]], TypeError, "not in a table"),
    ([1, -2], ValueError, "negative: -2"),
    (np.array([1, -2]), ValueError, "negative: -2"),
    (np.array([1.0, -2.0]), ValueError, "negative: -2"),
    (-2, ValueError, "negative: -2"),
    ([2**64], ValueError, "below"),
]
RIGHT: list[Any] = [
    [1, 2],
    (1, np.int64(2)),
    range(1, 3),
    (one for one in (1, 2)),
    np.array([1, 2], np.int8),
    np.array([1, 2], np.uint64),
    np.array([1.0, 2.0]),
    pd.Series([1, 2], index=[7, 8]),
    pd.Series([1, 2], dtype="Int64"),
    pd.Index([1, 2]),
]


@pytest.fixture(scope="module")
def edges() -> EdgePopulation:
    return Circuit.from_config(GOLDEN / "config.json").edges["cortex_to_cortex"]


@pytest.mark.parametrize(("given", "error", "said"), WRONG)
def test_masks_fractions_and_negative_numbers_are_no_ids(
    edges: EdgePopulation, given: Any, error: type[Exception], said: str
) -> None:
    for ask in (edges.afferent, edges.efferent):
        with pytest.raises(error, match=said):
            ask(given)
    with pytest.raises(error, match=said):
        Spikes({"a": (given, [1.0] * 3)})
    with pytest.raises(error, match=said):
        Spikes({"a": ([1], [1.0])})["a"].rates(given, 0.0, 1.0)


@pytest.mark.parametrize("given", RIGHT)
def test_lists_and_columns_of_whole_numbers_are_ids(edges: EdgePopulation, given: Any) -> None:
    found = edges.afferent(given)
    assert set(found.target.tolist()) == {1, 2}


def test_one_number_is_one_id_and_none_are_none(edges: EdgePopulation) -> None:
    for one in (7, np.int32(7), np.array(7)):
        assert set(edges.efferent(one).source.tolist()) == {7}
    assert len(edges.afferent([])) == len(edges.afferent(np.array([], np.int64))) == 0
    trains = Spikes({"a": (pd.Series([3, 1]), [1.0, 2.0])})["a"]
    assert trains.node_ids.dtype == np.uint64 and trains.times(3).tolist() == [1.0]
    with pytest.raises(TypeError, match=r"not 0\.5"):
        trains.times(0.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="negative"):
        Report.open(GOLDEN / "expected/v.h5")["cortex"][-1]


def test_ids_that_are_uint64_are_not_copied() -> None:
    ids = np.arange(5, dtype=np.uint64)
    assert np.shares_memory(Spikes({"a": (ids, np.zeros(5))})["a"].node_ids, ids)


@pytest.mark.parametrize(("given", "error"), [([0.5], TypeError), ([-1], ValueError)])
def test_a_builders_ids_are_whole_numbers(given: Any, error: type[Exception]) -> None:
    net = NetworkBuilder("a")
    with pytest.raises(error):
        net.add_nodes(N=1, node_id=given)
    with pytest.raises(error):
        net.add_nodes(N=1, node_type_id=given[0])
    net.add_nodes(N=3)
    with pytest.raises(error):
        net.add_edges(edge_type_id=given[0])
    with pytest.raises(error):
        net.edges(source_nodes=given)
