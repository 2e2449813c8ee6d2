"""Circuits are read: what BMTK wrote, and what the builder writes; columns are numpy's, tables
pandas' where they are asked for."""

import shutil
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from blendtorch.circuit import Circuit, NetworkBuilder, rules

GOLDEN = Path(__file__).resolve().parents[1] / "golden/sonata"


@pytest.fixture(scope="module")
def circuit() -> Circuit:
    return Circuit.from_config(GOLDEN / "b_ei_exp/config.json")


def test_what_bmtk_wrote_is_read_as_h5py_reads_it(circuit: Circuit) -> None:
    cortex, edges = circuit.nodes["cortex"], circuit.edges["cortex_to_cortex"]
    assert (len(cortex), len(edges)) == (300, 14686)
    assert (edges.source_population, edges.target_population) == ("cortex", "cortex")
    with h5py.File(cortex.file) as file:
        np.testing.assert_array_equal(cortex["x"], file["nodes/cortex/0/x"])
        np.testing.assert_array_equal(cortex.positions[:, 1], file["nodes/cortex/0/y"])
    assert cortex["ei"].tolist() == ["e"] * 240 + ["i"] * 60
    assert cortex.node_ids.tolist() == list(range(300))
    with h5py.File(edges.file) as file:
        group = file["edges/cortex_to_cortex"]
        whole = edges.read()
        np.testing.assert_array_equal(whole.source, group["source_node_id"])
        np.testing.assert_array_equal(whole.target, group["target_node_id"])
        np.testing.assert_array_equal(whole["delay"], group["0/delay"])
        np.testing.assert_array_equal(edges["syn_weight"], group["0/syn_weight"])
    blocks = list(edges.blocks(5000, "delay"))
    assert [len(block) for block in blocks] == [5000, 5000, 4686]
    np.testing.assert_array_equal(np.concatenate([one["delay"] for one in blocks]), whole["delay"])
    for found, ends in (
        (edges.afferent([7, 290]), whole.target),
        (edges.efferent([7, 290]), whole.source),
    ):
        expected = np.flatnonzero(np.isin(ends, [7, 290]))
        np.testing.assert_array_equal(found.ids, expected)
        np.testing.assert_array_equal(found["syn_weight"], whole["syn_weight"][expected])
        assert set(found["dynamics_params"]) == {"static.json"}


def test_memory_is_shared_with_numpy_and_outlives_the_circuit() -> None:
    circuit = Circuit.from_config(GOLDEN / "b_ei_exp/config.json")
    x = circuit.nodes["cortex"]["x"]
    copy, base = x.copy(), x
    while isinstance(base, np.ndarray) and base.base is not None:
        base = base.base
    assert type(base).__name__ == "Numbers"
    del circuit
    np.testing.assert_array_equal(x, copy)


def test_node_sets_give_ids(circuit: Circuit) -> None:
    assert circuit.node_sets == ["exc_some"]
    assert circuit.ids("exc_some")["cortex"].tolist() == [0, 1, 2]
    found = circuit.ids({"population": "cortex", "ei": ["i"]})
    assert found["cortex"].tolist() == list(range(240, 300))
    assert set(circuit.ids("all")) == {"cortex", "ext"}
    for wrong, meant in (({"ie": "e"}, '"ei"'), ("exc_sum", "exc_some"), ("cotrex", "cortex")):
        with pytest.raises(ValueError, match=f"did you mean .?{meant}"):
            circuit.ids(wrong)


def test_tables_are_made_where_they_are_asked_for(circuit: Circuit) -> None:
    table = circuit.nodes["cortex"].to_pandas()
    assert table.loc[241, "pop_name"] == "Inh" and table.index.name == "node_id"
    few = circuit.edges["cortex_to_cortex"].to_pandas(0, 3, "delay")
    assert few["delay"].tolist() == [1.6, 2.7, 0.9]
    assert list(few) == ["source_node_id", "target_node_id", "edge_type_id", "delay"]
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys\n"
            "from blendtorch.circuit import Circuit\n"
            "assert 'pandas' not in sys.modules\n"
            "sys.modules['pandas'] = None\n"
            f"circuit = Circuit.from_config({str(GOLDEN / 'b_ei_exp/config.json')!r})\n"
            "circuit.nodes['ext']['model_type']\n"
            "circuit.nodes['ext'].to_pandas()",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1 and "a table needs pandas: pip install pandas" in said.stderr


def test_what_the_builder_writes_is_read_back(tmp_path: Path) -> None:
    net = NetworkBuilder("a")
    net.add_nodes(N=3, x=[1.0, 2.0, 3.0], kind="one", dynamics_params={"V_th": [-1.0, -2.0, -3.0]})
    net.add_nodes(N=2, layer=["L4", "L5"], kind="two")
    edges = net.add_edges(connection_rule=rules.probability(1.0), delay=1.5)
    edges.add_properties("section", rule="soma", dtypes=str)
    net.add_edges(source={"kind": "two"}, connection_rule=2, delay=2.5)
    net.save(output_dir=tmp_path)
    circuit = Circuit.from_files(
        [(tmp_path / "a_nodes.h5", tmp_path / "a_node_types.csv")],
        [(tmp_path / "a_a_edges.h5", tmp_path / "a_a_edge_types.csv")],
    )
    nodes, found = circuit.nodes["a"], circuit.edges["a_to_a"].read()
    np.testing.assert_array_equal(nodes["x"], [1, 2, 3, np.nan, np.nan])
    assert nodes["layer"].tolist() == [None, None, None, "L4", "L5"]
    assert nodes["kind"].tolist() == ["one"] * 3 + ["two"] * 2
    np.testing.assert_array_equal(nodes.dynamics_params["V_th"], [-1.0, -2.0, -3.0, np.nan, np.nan])
    assert len(found) == 20 + 10
    np.testing.assert_array_equal(found["delay"], np.where(found.type_id == 100, 1.5, 2.5))
    np.testing.assert_array_equal(found["nsyns"], np.where(found.type_id == 100, np.nan, 2))
    assert set(found["section"][found.type_id == 100]) == {"soma"}
    assert nodes.to_pandas()["layer"].isna().sum() == 3


def test_what_is_missing_or_damaged_is_one_error_with_its_place(tmp_path: Path) -> None:
    case = shutil.copytree(GOLDEN / "b_ei_exp", tmp_path / "case")
    circuit = Circuit.from_config(case / "config.json")
    with pytest.raises(KeyError, match='no attribute "delya"; did you mean "delay"'):
        circuit.edges["cortex_to_cortex"]["delya"]
    with pytest.raises(KeyError, match='no attribute "pop"'):
        circuit.nodes["cortex"]["pop"]
    with pytest.raises(ValueError, match="14686"):
        circuit.edges["cortex_to_cortex"].read(14680, 14690)
    file = case / "network/cortex_nodes.h5"
    file.write_bytes(file.read_bytes()[:3000])
    (case / "network/ext_nodes.h5").unlink()
    with pytest.raises((ValueError, OSError)) as refused:
        Circuit.from_config(case / "config.json")
    assert "cortex_nodes.h5" in str(refused.value) and "ext_nodes.h5" in str(refused.value)
    with pytest.raises(FileNotFoundError, match=r"none\.json"):
        Circuit.from_config(tmp_path / "none.json")
