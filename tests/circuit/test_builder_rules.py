"""The usual rules are built in: drawn from a seed, without a function and without a matrix."""

from typing import Any

import numpy as np
import pytest
from blendtorch.circuit import NetworkBuilder, rules


def drawn(rule: Any, sources: int = 200, targets: int = 100) -> np.ndarray[Any, Any]:
    """The ends and synapses of all edges, between nodes on a line."""
    one, other = NetworkBuilder("one"), NetworkBuilder("other")
    one.add_nodes(N=sources, x=np.arange(sources, dtype=float))
    other.add_nodes(N=targets, x=np.arange(targets, dtype=float))
    other.add_edges(source=one.nodes(), target=other.nodes(), connection_rule=rule)
    edges = other.edges()
    return np.array([(edge.source_gid, edge.target_gid, edge["nsyns"]) for edge in edges])


RULES: list[Any] = [
    lambda seed: rules.probability(0.1, seed=seed),
    lambda seed: rules.distance(0.9, 20.0, seed=seed),
    lambda seed: rules.fixed_indegree(7, seed=seed),
    lambda seed: rules.fixed_outdegree(7, multapses=True, seed=seed),
    lambda seed: rules.probability(1.0, nsyns=(1, 5), seed=seed),
]


@pytest.mark.parametrize("rule", RULES)
def test_a_seed_gives_the_same_edges_and_another_gives_others(rule: Any) -> None:
    first = drawn(rule(3))
    np.testing.assert_array_equal(first, drawn(rule(3)))
    assert not np.array_equal(first, drawn(rule(4)))
    without = rule(None)
    np.testing.assert_array_equal(drawn(without), drawn(rule(without.seed)))


def test_degrees_probabilities_and_distances_are_as_asked_for() -> None:
    assert (np.bincount(drawn(rules.fixed_indegree(7))[:, 1]) == 7).all()
    assert (np.bincount(drawn(rules.fixed_outdegree(7))[:, 0]) == 7).all()
    assert abs(len(drawn(rules.probability(0.1, seed=1))) - 2000) < 200
    pairs = drawn(rules.one_to_one(nsyns=3), 50, 50)
    assert (pairs[:, 0] == pairs[:, 1]).all() and (pairs[:, 2] == 3).all() and len(pairs) == 50
    near = drawn(rules.distance(1.0, 5.0, fall_off="step"))
    assert np.abs(near[:, 0] - near[:, 1]).max() == 5
    across = drawn(rules.distance(1.0, 5.0, fall_off="step", wrapped=200.0))
    assert [0, 199] not in near[:, 1::-1].tolist() and [0, 199] in across[:, 1::-1].tolist()
    many = drawn(rules.probability(1.0, nsyns=(2, 4), seed=1))[:, 2]
    assert set(many.tolist()) == {2, 3, 4}


def test_no_node_is_connected_to_itself_unless_that_is_asked_for() -> None:
    for autapses in (False, True):
        net = NetworkBuilder("a")
        net.add_nodes(N=10)
        net.add_edges(connection_rule=rules.probability(1.0, autapses=autapses))
        net.build()
        assert net.nedges == (100 if autapses else 90)


def test_offsets_are_distances_for_rules_of_ones_own() -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=2, positions=[(0.0, 0.0, 0.0), (3.0, 4.0, 0.0)])
    table = net.nodes().table()
    np.testing.assert_allclose(rules.offsets(table, table), [[0, 5], [5, 0]])
    np.testing.assert_allclose(rules.offsets(table, table, wrapped=(4, 4)), [[0, 1], [1, 0]])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: rules.probability(1.5), "in \\[0, 1\\]"),
        (lambda: rules.probability(0.5, nsyns=0), "nsyns"),
        (lambda: rules.distance(0.5, 0.0), "scale"),
        (lambda: rules.distance(0.5, 1.0, fall_off="gausian"), 'did you mean "gaussian"'),  # type: ignore[arg-type]
        (lambda: rules.distance(0.5, 1.0, wrapped=[1, 2, 3, 4]), "up to 3 edges"),
        (lambda: drawn(rules.fixed_indegree(201)), "there are 200; allow multapses"),
        (lambda: drawn(rules.one_to_one()), "as many sources as targets"),
        (lambda: drawn(rules.distance(0.5, 1.0, position="at")), 'have no "at"'),
    ],
)
def test_a_rule_that_cannot_be_is_an_error(make: Any, said: str) -> None:
    with pytest.raises((ValueError, KeyError), match=said):
        make()
