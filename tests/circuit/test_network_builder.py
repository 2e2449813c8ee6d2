"""A network is described in the words of BMTK's builder, and becomes the same tables."""

import csv
import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blendtorch.circuit import NetworkBuilder, vectorised

ROOT = Path(__file__).resolve().parents[2]
#: What BMTK 1.2.0 wrote for `network_b.py 40`.
BMTK = ROOT / "tests/golden/circuit/network_b_40"
SCRIPT = ROOT / "scripts/peers/circuit/network_b.py"


def edges_table(path: Path) -> tuple[list[str], np.ndarray[Any, Any]]:
    """Names of the columns, and a row for each edge, in an order that no writer chooses."""
    with h5py.File(path) as file:
        ((_, edges),) = file["edges"].items()
        names = sorted(edges["0"])
        ends = [edges[name][:] for name in ("target_node_id", "source_node_id", "edge_type_id")]
        index = edges["edge_group_index"][:]
        table = np.array([*ends, *(edges[f"0/{name}"][:][index] for name in names)], float).T
    return names, table[np.lexsort(table.T[::-1])]


def types_table(path: Path) -> list[dict[str, str]]:
    with path.open() as file:
        return list(csv.DictReader(file, delimiter=" "))


def saved(net: NetworkBuilder, folder: Path) -> tuple[Any, Any]:
    """The groups of the nodes and of the edges within the network."""
    net.save(output_dir=folder)
    nodes = h5py.File(folder / f"{net.name}_nodes.h5")[f"nodes/{net.name}"]
    edges = folder / f"{net.name}_{net.name}_edges.h5"
    if not edges.exists():
        return nodes, None
    return nodes, h5py.File(edges)[f"edges/{net.name}_to_{net.name}"]


def test_a_script_of_bmtk_with_another_import_builds_the_same_network(tmp_path: Path) -> None:
    script = SCRIPT.read_text()
    line = "from bmtk.builder.networks import NetworkBuilder"
    assert line in script
    ours = tmp_path / "script.py"
    ours.write_text(script.replace(line, "from blendtorch.circuit import NetworkBuilder"))
    subprocess.run([sys.executable, ours, "40", tmp_path / "network"], check=True)
    for name in ("cortex_cortex", "ext_cortex"):
        names, table = edges_table(tmp_path / f"network/{name}_edges.h5")
        expected_names, expected = edges_table(BMTK / f"{name}_edges.h5")
        assert names == expected_names
        np.testing.assert_array_equal(table, expected)
        found = types_table(tmp_path / f"network/{name}_edge_types.csv")
        assert found == types_table(BMTK / f"{name}_edge_types.csv")
    for name in ("cortex", "ext"):
        found = types_table(tmp_path / f"network/{name}_node_types.csv")
        assert found == types_table(BMTK / f"{name}_node_types.csv")
        with (
            h5py.File(tmp_path / f"network/{name}_nodes.h5") as nodes,
            h5py.File(BMTK / f"{name}_nodes.h5") as expected_nodes,
        ):
            datasets: list[str] = []
            expected_nodes.visititems(
                lambda at, one, found=datasets: (
                    found.append(at) if isinstance(one, h5py.Dataset) else None
                )
            )
            assert len(datasets) >= 4
            for at in datasets:
                assert nodes[at].dtype == expected_nodes[at].dtype, at
                np.testing.assert_array_equal(nodes[at][:], expected_nodes[at][:])


def test_lists_are_columns_and_single_values_belong_to_the_type(tmp_path: Path) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(
        N=2, layer=["L2/3", "L4"], on=[True, False], at=[(1.0, 2.0, 3.0)] * 2, pair=(1, 2), no=None
    )
    net.add_nodes(N=3, x=range(3), sections=("dend", "apic"), note="two words")
    nodes, _ = saved(net, tmp_path)
    assert nodes["node_type_id"][:].tolist() == [100, 100, 101, 101, 101]
    assert nodes["node_group_id"][:].tolist() == [0, 0, 1, 1, 1]
    assert nodes["node_group_index"][:].tolist() == [0, 1, 0, 1, 2]
    assert nodes["0/layer"].asstr()[:].tolist() == ["L2/3", "L4"]
    assert nodes["0/on"][:].tolist() == [1, 0]
    assert nodes["0/at"].shape == (2, 3)
    assert nodes["1/x"][:].tolist() == [0, 1, 2]
    rows = types_table(tmp_path / "a_node_types.csv")
    assert rows[0]["pair"] == "(1, 2)" and rows[0]["no"] == "NULL" and rows[0]["note"] == "NULL"
    assert rows[1]["sections"] == "('dend', 'apic')" and rows[1]["note"] == "two words"


def test_parameters_of_single_nodes_are_where_the_specification_has_them(tmp_path: Path) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=2, model_type="point_neuron", dynamics_params={"V_th": [-50.0, -45.0], "C": 9})
    nodes, _ = saved(net, tmp_path)
    assert nodes["0/dynamics_params/V_th"][:].tolist() == [-50.0, -45.0]
    assert nodes["0/dynamics_params/C"][:].tolist() == [9, 9]


def test_numbers_of_nodes_and_types_that_are_given_are_kept_free() -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=3)
    net.add_nodes(N=2, node_id=[1, 7], node_type_id=500)
    net.add_nodes(N=1)
    found = [(node.node_id, node.node_type_id) for node in net.nodes()]
    assert found == [(0, 100), (2, 100), (3, 100), (1, 500), (7, 500), (4, 101)]
    for wrong in ({"node_id": [7]}, {"node_type_id": 500}, {"node_id": [-1]}, {"x": [1, 2]}):
        with pytest.raises(ValueError, match=r"taken|negative|2 values for N=1"):
            net.add_nodes(N=1, **wrong)


def test_nodes_are_found_by_values_lists_and_functions() -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=4, x=np.arange(4.0), ei="e", layer=["a", "b", "a", "c"])
    net.add_nodes(N=1, ei="i")

    def found(**wanted: Any) -> list[int]:
        return [node.node_id for node in net.nodes(**wanted)]

    assert found(layer=["a", "c"]) == [0, 2, 3]
    assert found(x=lambda value: value > 1) == [2, 3]
    assert found(ei="e", layer="b") == [1]
    assert found(node_id=[1, 4]) == [1, 4]
    assert len(net.nodes(ei="i")) == 1
    assert net.nodes(ei="e", layer="b").filter_str == "ei=='e'&layer=='b'"
    node = next(iter(net.nodes(x=1.0)))
    assert node["ei"] == "e" and node["x"] == 1.0 and node.get("no") is None and "x" in node
    # BMTK's builder selects none without a word.
    with pytest.warns(UserWarning, match='no property "eii".*mean "ei"|"eii".*did you mean "ei"'):
        assert found(eii="e") == []


def test_nodes_that_are_added_after_nodes_were_asked_for_are_there() -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=3)
    assert len(net.nodes()) == 3
    net.add_nodes(N=2)  # BMTK's builder loses these
    assert net.nnodes == 5 and [node.node_id for node in net.nodes()] == [0, 1, 2, 3, 4]


def test_building_twice_makes_no_edge_twice(tmp_path: Path) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=3)
    net.add_edges()
    for _ in range(2):  # BMTK's builder writes 18
        net.build()
        assert net.nedges == 9
    assert len(saved(net, tmp_path)[1]["source_node_id"]) == 9


@pytest.mark.parametrize(
    ("rule", "iterator"),
    [
        (lambda source, target: source.node_id + target.node_id, "one_to_one"),
        (lambda sources, target: [one.node_id + target.node_id for one in sources], "all_to_one"),
        (lambda source, targets: [source.node_id + one.node_id for one in targets], "one_to_all"),
        (vectorised(lambda sources, targets: np.add.outer(sources.node_id, targets.node_id)), None),
        (vectorised(lambda sources, target: sources.node_id + target.node_id), "all_to_one"),
        (vectorised(lambda source, targets: source.node_id + targets.node_id), "one_to_all"),
        (vectorised(lambda *_: ([2, 0, 1], [1, 1, 1], [3, 1, 2])), None),
        ([5, 1, 5, 2, 5, 3], "one_to_one"),
        ([1, 2, 3], "all_to_one"),
    ],
)
def test_a_rule_is_a_function_of_pairs_of_lists_or_of_arrays(
    rule: Any, iterator: str | None, tmp_path: Path
) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=3, k=[0, 1, 2])
    target = {"node_id": 1} if isinstance(rule, list) and len(rule) == 3 else {"node_id": [0, 1]}
    net.add_edges(target=target, connection_rule=rule, iterator=iterator or "one_to_one")
    _, edges = saved(net, tmp_path)
    to_1 = edges["target_node_id"][:] == 1
    assert edges["source_node_id"][to_1].tolist() == [0, 1, 2]
    assert edges["0/nsyns"][to_1].tolist() == [1, 2, 3]


def test_large_networks_are_asked_for_in_blocks_of_sources() -> None:
    asked: list[int] = []

    @vectorised
    def diagonal(sources: Any, targets: Any) -> Any:
        asked.append(len(sources) * len(targets))
        return sources["k"][:, None] == targets["k"]

    net = NetworkBuilder("a")
    net.add_nodes(N=5000, k=np.arange(5000))
    net.add_edges(connection_rule=diagonal)
    net.build()
    assert net.nedges == 5000 and len(asked) > 1 and max(asked) <= 4_000_000
    assert all(edge.source_gid == edge.target_gid for edge in net.edges())


def test_properties_belong_to_single_edges_and_synapses_become_edges(tmp_path: Path) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=2, x=[1.0, 2.0])
    edges = net.add_edges(connection_rule=[1, 2, 0, 1], delay=1.5, note="of the type")
    edges.add_properties(
        "syn_weight", rule=lambda source, target, k: k * source["x"], rule_params={"k": 3}
    )
    edges.add_properties(
        ["place", "section"],
        rule=lambda source, target: (target["x"], "soma"),
        dtypes=[np.int64, str],
    )
    edges.add_properties(
        "distance", rule=vectorised(lambda sources, targets: targets["x"] - sources["x"])
    )
    edges.add_properties("listed", values=[1, 2, 3, 4])
    net.build()
    assert net.nedges == 4
    _, saved_edges = saved(net, tmp_path)
    assert saved_edges["source_node_id"][:].tolist() == [0, 0, 0, 1]
    assert saved_edges["target_node_id"][:].tolist() == [0, 1, 1, 1]
    group = saved_edges["0"]
    assert group["syn_weight"][:].tolist() == [3.0, 3.0, 3.0, 6.0]
    assert group["place"][:].tolist() == [1, 2, 2, 2] and group["place"].dtype == np.int64
    assert group["section"].asstr()[:].tolist() == ["soma"] * 4
    assert group["distance"][:].tolist() == [0, 1, 1, 0]
    assert group["listed"][:].tolist() == [1, 2, 3, 4]
    assert types_table(tmp_path / "a_a_edge_types.csv")[0]["note"] == "of the type"
    edge = net.edges(source_nodes=net.nodes(x=2.0))[0]
    assert (edge.source_node_id, edge["syn_weight"], edge["delay"]) == (1, 6.0, 1.5)


def test_edges_with_different_columns_are_in_different_groups(tmp_path: Path) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=2)
    net.add_edges(connection_rule=2)
    net.add_edges().add_properties("delay", rule=vectorised(lambda one, two: one.node_id + 0.5))
    net.add_edges(connection_rule=3)
    _, edges = saved(net, tmp_path)
    assert sorted(name for name in edges if name.isdigit()) == ["0", "1"]
    group, row = edges["edge_group_id"][:], edges["edge_group_index"][:]
    assert group.tolist() == [0, 0, 1, 1, 0, 0] * 2
    kind, source = edges["edge_type_id"][:], edges["source_node_id"][:]
    for at in range(len(group)):
        if group[at]:
            assert edges["1/delay"][row[at]] == source[at] + 0.5
        else:
            assert edges["0/nsyns"][row[at]] == {100: 2, 102: 3}[kind[at]]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (lambda *_: -1, "below 0"),
        (lambda *_: float("nan"), "no number"),
        (vectorised(lambda *_: np.zeros((2, 3))), "sources by targets, here 2 by 2, not 2 by 3"),
        (vectorised(lambda *_: ([0, 2], [0, 0])), "rows of sources outside 0…1"),
        ([1, 2, 3], "not 4"),
        ({"p": 0.1}, "a connection_rule is a number"),
    ],
)
def test_a_rule_that_gives_no_numbers_of_synapses_is_an_error(rule: Any, said: str) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=2)
    net.add_edges(connection_rule=rule)
    with pytest.raises((ValueError, TypeError), match=said):
        net.build()


def test_what_is_wrong_with_edges_is_said() -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=2, x=[1, 2])
    with pytest.raises(ValueError, match="no iterator"):
        net.add_edges(iterator="one_to_many")
    with pytest.raises(ValueError, match="name of a file"):
        net.add_edges(dynamics_params={"tau": 1.0})
    edges = net.add_edges(connection_rule=lambda *_: 1.9)
    edges.add_properties("delay", values=[1.0, 2.0])
    with pytest.raises(ValueError, match='"delay" already'):
        edges.add_properties("delay", rule=1.0)
    with (
        pytest.warns(UserWarning, match="fractions of synapses"),
        pytest.raises(ValueError, match='"delay" has 2 values for 4 edges'),
    ):
        net.build()
    unknown = NetworkBuilder("b")
    unknown.add_nodes(N=2, pos_x=[1, 2])
    unknown.add_edges(connection_rule=vectorised(lambda sources, targets: sources["posx"]))
    with pytest.raises(KeyError, match='did you mean "pos_x"'):
        unknown.build()


def test_rules_without_an_edge_are_said_and_leave_a_file_that_can_be_named(tmp_path: Path) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=2)
    net.add_edges(connection_rule=0)
    with pytest.warns(UserWarning, match="made no edge from a to a"):
        _, edges = saved(net, tmp_path)
    assert edges["source_node_id"].shape == (0,)


def test_files_are_replaced_only_where_that_is_asked_for(tmp_path: Path) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=1)
    net.save_nodes("n.h5", "t.csv", output_dir=tmp_path / "new")
    with pytest.raises(FileExistsError, match=r"n\.h5 is there already"):
        net.save_nodes("n.h5", "t.csv", output_dir=tmp_path / "new", force_overwrite=False)
    with pytest.warns(UserWarning, match="not compressed"):
        net.save_nodes("n.h5", "t.csv", output_dir=tmp_path / "new", compression="gzip")
    assert sorted(one.name for one in (tmp_path / "new").iterdir()) == ["n.h5", "t.csv"]


def test_edges_are_added_to_nodes_that_were_saved_before(tmp_path: Path) -> None:
    first = NetworkBuilder("a")
    first.add_nodes(N=2, ei="e", x=[1.0, 2.0], node_id=[5, 3])
    first.add_nodes(N=1, ei="i", layer=["L4"])
    first.save(output_dir=tmp_path)
    files = tmp_path / "a_nodes.h5", tmp_path / "a_node_types.csv"
    again, ext = NetworkBuilder("a"), NetworkBuilder("ext")
    again.import_nodes(*files)
    found = [(node.node_id, node.node_type_id, node.get("x")) for node in again.nodes()]
    assert found == [(5, 100, 1.0), (3, 100, 2.0), (0, 101, None)]
    assert next(iter(again.nodes(ei="i")))["layer"] == "L4"
    ext.add_nodes(N=1)
    ext.add_edges(source=ext.nodes(), target=again.nodes(ei="e"))
    ext.save_edges(output_dir=tmp_path)
    with h5py.File(tmp_path / "ext_a_edges.h5") as file:
        assert file["edges/ext_to_a/target_node_id"][:].tolist() == [3, 5]
    with pytest.raises(ValueError, match='no population "b"'):
        NetworkBuilder("a").import_nodes(*files, population="b")
    with pytest.raises(ValueError, match="node_type_id 100 is taken"):
        again.import_nodes(*files)


def test_a_disk_that_fills_leaves_what_was_there(tmp_path: Path) -> None:
    script = (
        "import resource\n"
        "from blendtorch.circuit import NetworkBuilder\n"
        "net = NetworkBuilder('a')\n"
        "net.add_nodes(N=300)\n"
        "net.add_edges()\n"
        "net.build()\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "net.save_edges(output_dir='.')\n"
    )
    (tmp_path / "a_a_edges.h5").write_text("what was there")
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert said.returncode == 1 and "OSError" in said.stderr and "a_a_edges.h5" in said.stderr
    assert (tmp_path / "a_a_edges.h5").read_text() == "what was there"
    assert [one.name for one in tmp_path.iterdir()] == ["a_a_edges.h5"]


@pytest.mark.parametrize("iterator", ["one_to_one", "all_to_one", "one_to_all"])
def test_values_are_in_the_order_of_source_then_target(iterator: str) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=2)
    rule = 1 if iterator == "one_to_one" else lambda *_: [1, 1]
    edges = net.add_edges(connection_rule=rule, iterator=iterator)
    edges.add_properties("k", values=[0, 1, 2, 3])
    found = {(edge.source_gid, edge.target_gid): edge["k"] for edge in net.edges()}
    assert found == {(0, 0): 0, (0, 1): 1, (1, 0): 2, (1, 1): 3}


def test_a_table_of_some_rows_of_a_table(tmp_path: Path) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=3, x=[1, 2, 3])
    net.add_nodes(N=2, x=[4.5, 5.5])
    table = net.nodes().table().rows(np.array([4, 2, 2, 0])).rows(np.array([3, 0, 1]))
    assert table["x"].tolist() == [1.0, 5.5, 3.0] and table.node_id.tolist() == [0, 4, 2]
    assert [node["x"] for node in table.nodes()] == [1, 5.5, 3] and len(table) == 3
    nodes, _ = saved(net, tmp_path)  # whole numbers and fractions are one column
    assert nodes["0/x"][:].tolist() == [1.0, 2.0, 3.0, 4.5, 5.5]
