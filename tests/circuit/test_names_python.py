"""Names that are not there are said with the one that was meant; sizes and counts are numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from blendtorch.circuit import Circuit, NetworkBuilder, Report, Spikes, vectorised

GOLDEN = Path(__file__).resolve().parents[1] / "golden/sonata/b_ei_exp"


@pytest.fixture(scope="module")
def circuit() -> Circuit:
    return Circuit.from_config(GOLDEN / "config.json")


def test_an_unknown_name_is_said_with_the_nearest(circuit: Circuit) -> None:
    found: list[tuple[Any, str, str]] = [
        (circuit.nodes, "corte", "cortex"),
        (circuit.edges, "cortex_to_corte", "cortex_to_cortex"),
        (Spikes.read(GOLDEN / "expected/spikes.h5"), "corte", "cortex"),
        (Report.open(GOLDEN / "expected/v.h5"), "corte", "cortex"),
        (circuit.edges["cortex_to_cortex"].read(0, 3, "delay"), "delya", "delay"),
    ]
    for within, name, meant in found:
        with pytest.raises(KeyError, match=f'"{name}"; did you mean "{meant}"'):
            within[name]
        with pytest.raises(KeyError, match=f"there are .*{meant}"):
            within["qqqqqqqqqqqqqq"]


def test_what_is_no_name_is_not_there(circuit: Circuit) -> None:
    for within in (circuit.nodes, circuit.edges, Spikes({"a": ([1], [1.0])})):
        assert 3 not in within and within.get(3) is None  # type: ignore[call-overload]
        with pytest.raises(KeyError, match="3"):
            within[3]  # type: ignore[index]
    assert list(circuit.nodes) == ["cortex", "ext"] and len(circuit.nodes) == 2


@pytest.mark.parametrize(
    ("size", "error"), [(0, ValueError), (-1, ValueError), (2.5, TypeError), (True, TypeError)]
)
def test_a_block_has_at_least_one_edge(circuit: Circuit, size: Any, error: type[Exception]) -> None:
    edges = circuit.edges["cortex_to_cortex"]
    with pytest.raises(error, match="block"):
        edges.blocks(size)
    assert len(next(edges.blocks(np.int64(10)))) == 10


def test_a_node_set_may_have_arrays(circuit: Circuit) -> None:
    for ids in (np.arange(3), pd.Series([0, 1, 2]), range(3), [np.int64(0), 1, 2]):
        found = circuit.ids({"population": "cortex", "node_id": ids})
        assert found["cortex"].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("count", "error"),
    [(-1, ValueError), (2.5, TypeError), (2.0, TypeError), ("3", TypeError), (None, TypeError)],
)
def test_nodes_are_counted_by_whole_numbers(count: Any, error: type[Exception]) -> None:
    net = NetworkBuilder("a")
    with pytest.raises(error, match="N "):
        net.add_nodes(N=count)
    assert net.nnodes == 0
    net.add_nodes(N=np.int64(3), x=[1, 2, 3])
    net.add_nodes(N=0)
    assert [node.node_id for node in net.nodes()] == [0, 1, 2]


@pytest.mark.parametrize("dtypes", [None, float, str])
@pytest.mark.parametrize(
    ("names", "rule"),
    [
        ("delay", lambda *_: None),
        ("delay", lambda source, _: 1.0 if source.node_id else None),
        ("delay", vectorised(lambda *_: None)),
        ("delay", vectorised(lambda sources, _: [None] * len(sources))),
        (["w", "delay"], lambda *_: None),
        (["w", "delay"], lambda *_: (1.0, None)),
        (["w", "delay"], vectorised(lambda *_: None)),
        (["w", "delay"], [1.0, None]),
    ],
)
def test_a_rule_without_a_value_is_an_error_and_not_the_word_none(
    names: Any, rule: Any, dtypes: Any
) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=2)
    kinds = [dtypes] * len(names) if isinstance(names, list) else dtypes
    net.add_edges().add_properties(names, rule=rule, dtypes=kinds)
    with pytest.raises(ValueError, match='"delay" gave None'):
        net.build()
