"""What the builder writes is read by the format's own reader, libsonata, index tables included."""

from pathlib import Path

import h5py
import libsonata
import numpy as np
import pytest
from blendtorch.circuit import NetworkBuilder, rules, vectorised


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """40 nodes, edges with weights; the last node has no edge."""
    folder = tmp_path_factory.mktemp("network")
    net = NetworkBuilder("net")
    net.add_nodes(N=30, ei="e", x=np.arange(30.0), layer=["L4"] * 30)
    net.add_nodes(N=10, ei="i", x=np.arange(10.0), layer=["L5"] * 10)
    edges = net.add_edges(
        source={"node_id": lambda number: number < 39},
        target={"node_id": lambda number: number < 39},
        connection_rule=rules.probability(0.2, nsyns=(1, 2), seed=5),
    )
    edges.add_properties("delay", rule=vectorised(lambda one, two: one.node_id / 8 + two.node_id))
    net.build()
    net.save(output_dir=folder)
    return folder


def test_nodes_and_their_attributes(network: Path) -> None:
    nodes = libsonata.NodeStorage(network / "net_nodes.h5").open_population("net")
    assert nodes.size == 40 and nodes.attribute_names == {"x", "layer"}
    every = nodes.select_all()
    assert nodes.get_attribute("layer", every)[29:31].tolist() == ["L4", "L5"]
    assert nodes.get_attribute("x", every)[31] == 1.0


def test_edges_are_found_from_both_ends(network: Path) -> None:
    edges = libsonata.EdgeStorage(network / "net_net_edges.h5").open_population("net_to_net")
    assert (edges.source, edges.target) == ("net", "net")
    every = edges.select_all()
    source, target = edges.source_nodes(every), edges.target_nodes(every)
    assert (np.diff(target.astype(int)) >= 0).all()
    np.testing.assert_array_equal(edges.get_attribute("delay", every), source / 8 + target)
    for node in range(40):
        arriving = edges.afferent_edges([node]).flatten()
        np.testing.assert_array_equal(arriving, np.flatnonzero(target == node))
        leaving = edges.efferent_edges([node]).flatten()
        np.testing.assert_array_equal(np.sort(leaving), np.flatnonzero(source == node))


def test_the_index_tables_are_there_under_both_spellings_once(network: Path) -> None:
    with h5py.File(network / "net_net_edges.h5") as file:
        assert file.attrs["magic"] == 0x0A7A and file.attrs["version"].tolist() == [0, 1]
        edges = file["edges/net_to_net"]
        assert edges["source_node_id"].attrs["node_population"] == "net"
        for index in edges["indices"].values():
            assert index["node_id_to_range"] == index["node_id_to_ranges"]  # one object
            assert index["node_id_to_range"].shape == (40, 2)
            assert index["node_id_to_range"][39].tolist() == [0, 0]
            ends = index["range_to_edge_id"][:]
            assert (ends[:, 0] < ends[:, 1]).all() and ends[:, 1].max() == len(
                edges["source_node_id"]
            )
