"""Networks as cells in Python: what BSB wrote, and SONATA's circuits."""

from pathlib import Path

import h5py
import numpy as np
import pytest
from blendtorch.circuit import CellNetwork, Morphology, NetworkBuilder
from support.golden_networks import GOLDEN, SMALL_V3, SMALL_V4, SMALL_V8, expected, unpack

SONATA = GOLDEN / "sonata"


@pytest.mark.parametrize(("version", "name"), [("v3", SMALL_V3), ("v8", SMALL_V8)])
def test_cells_are_those_that_bsb_has(version: str, name: str, tmp_path: Path) -> None:
    network = CellNetwork(unpack(name, tmp_path))
    right = expected(version)["populations"]
    assert sorted(network.names) == sorted(right) and not network.warnings
    for one in map(network.population, network.names):
        assert len(one) == right[one.name]["count"] and one.entity == right[one.name]["entity"]
        assert one.ids.dtype == np.int64 and len(one.ids) == len(one)
        assert one.positions.dtype == np.float32 and one.positions.shape[1:] == (3,)
        if one.entity:
            assert len(one.positions) == 0
            continue
        np.testing.assert_allclose(one.positions, right[one.name]["positions"], atol=2e-5)
        order = [0, 2, 1] if version == "v3" else [0, 1, 2]
        np.testing.assert_array_equal(one.locations, one.positions[:, order])
        assert one.radius == right[one.name]["radius"] and one.radius_known and one.radii is None
        assert one.color is not None
        sent = "#{:02X}{:02X}{:02X}".format(*(round(255 * part) for part in one.color[:3]))
        assert sent == right[one.name]["color"]
        assert one.color[3] == pytest.approx(right[one.name]["opacity"])
    entity = network.population("mossy_fibers")
    assert entity.radius == 5.0 and not entity.radius_known
    if version == "v3":
        assert (network.format, network.version, entity.up) == ("bsb-v3", "3.10.5", "y")
        assert network.population("golgi_cell").ids[:2].tolist() == [10, 11]
        assert "golgi_cell" in network.identity["configuration"]
    else:
        assert (network.format, network.version, entity.up) == ("bsb", "8.0.2", "z")
        assert network.identity["storage_id"] == "f3a9dc87-3b8d-4f51-a092-1335f2c30f7c"
    assert "30 golgi_cell" in network.summary


def test_an_unknown_population_is_answered_with_the_nearest(tmp_path: Path) -> None:
    network = CellNetwork(unpack(SMALL_V4, tmp_path))
    with pytest.raises(KeyError, match='did you mean "golgi_cell"'):
        network.population("golgi_cel")
    with pytest.raises(ValueError, match=r"small_v4.hdf5.*did you mean \"granule_to_golgi\""):
        network.connections("granule_to_gogli")


def test_connections_are_pairs_of_indices(tmp_path: Path) -> None:
    network = CellNetwork(unpack(SMALL_V8, tmp_path))
    for tag, right in expected("v8")["connectivity"].items():
        pre, post, pairs = network.connections(tag)
        assert (pre, post) == (right["pre"], right["post"])
        assert pairs.dtype == np.int64 and pairs.shape == (right["n"], 2)
        assert pairs.sum(0).tolist() == [right["pre_index_checksum"], right["post_index_checksum"]]
    assert sorted(expected("v8")["connectivity"]) == network.connection_names


def test_a_set_of_version_3_that_joins_several_populations_is_asked_about(tmp_path: Path) -> None:
    path = unpack(SMALL_V3, tmp_path)
    with h5py.File(path, "a") as file:
        pairs = file["cells/connections/granule_to_golgi"][()]
        # From a fibre to a stellate cell, and from a cell that is none.
        more = np.vstack([pairs, [[0.0, 40.0], [600.0, 10.0]]])
        del file["cells/connections/granule_to_golgi"]
        file["cells/connections/all"] = more
    network = CellNetwork(path)
    with pytest.raises(ValueError, match=r"also \"mossy_fibers\" to \"stellate_cell\".*pre="):
        network.connections("all")
    assert len(network.connections("all", pre="granule_cell")[2]) == 300
    assert network.connections("all", post="stellate_cell")[2].tolist() == [[0, 0]]
    with pytest.raises(ValueError, match='did you mean "golgi_cell"'):
        network.connections("all", post="golgi_cel")


def test_a_morphology_is_points_in_branches(tmp_path: Path) -> None:
    cell = Morphology.from_swc(GOLDEN / "network/bsb_v8/neuron.swc")
    assert cell.points.dtype == np.float32 and cell.points.shape == (10, 3)
    assert cell.radii.dtype == np.float32 and cell.parents.dtype == np.int32
    assert cell.parents.tolist() == [-1, 0, 1, 2, 3, 2, 5, 6, 0, 8]
    assert cell.branches == [(0, 1, -1), (1, 3, 0), (3, 5, 1), (5, 8, 1), (8, 10, 0)]
    assert cell.labels == ["soma", "dendrites", "axon"]
    assert np.flatnonzero(cell.labelled("axon")).tolist() == [8, 9]
    assert not cell.labelled("axn").any()
    network = CellNetwork(unpack(SMALL_V8, tmp_path))
    stellate = network.population("stellate_cell")
    assert stellate.morphologies == network.morphology_names == ["neuron"]
    assert stellate.morphology_of is not None and not stellate.morphology_of.any()
    kept = network.morphology("neuron")
    assert len(kept.points) == 14 and kept.labels == cell.labels
    with pytest.raises(ValueError, match='did you mean "neuron"'):
        network.morphology("neurn")
    with pytest.raises(OSError, match=r"gone.swc"):
        Morphology.from_swc(tmp_path / "gone.swc")


def test_version_3_has_its_morphologies_in_groups(tmp_path: Path) -> None:
    path = unpack(SMALL_V3, tmp_path)
    branches = {
        10: (1, [0.0, 0.0], [3.0, 9.0], "dendrites"),
        0: (-1, [0.0], [0.0], "soma"),
        1: (0, [0.0, 0.0], [0.0, 3.0], "dendrites"),
    }
    with h5py.File(path, "a") as file:
        for number, (parent, x, y, label) in branches.items():
            group = file.create_group(f"morphologies/cell/branches/{number}")
            group.attrs.update(parent=parent, branch_labels=[label])
            group["x"], group["y"], group["z"], group["radii"] = x, y, x, np.ones(len(x))
        group["labels/tip"] = np.array([False, True])
    cell = CellNetwork(path).morphology("cell")
    assert cell.branches == [(0, 1, -1), (1, 3, 0), (3, 5, 1)]
    assert cell.points[:, 1].tolist() == [0.0, 0.0, 3.0, 3.0, 9.0]
    assert cell.labels == ["soma", "dendrites", "tip"]
    assert np.flatnonzero(cell.labelled("tip")).tolist() == [2]


def test_a_sonata_circuit_has_cells_where_its_nodes_are() -> None:
    network = CellNetwork(SONATA / "b_ei_exp/config.json")
    assert network.format == "sonata" and network.names == ["cortex", "ext"]
    cortex, ext = map(network.population, network.names)
    with h5py.File(SONATA / "b_ei_exp/network/cortex_nodes.h5") as file:
        group = file["nodes/cortex/0"]
        right = np.stack([group[axis][()] for axis in "xyz"], axis=1)
    np.testing.assert_allclose(cortex.positions, right, rtol=1e-6)
    np.testing.assert_array_equal(cortex.locations, cortex.positions)
    assert ext.entity and len(ext) == 50 and not ext.radius_known
    with h5py.File(SONATA / "b_ei_exp/network/cortex_cortex_edges.h5") as file:
        edges = file["edges/cortex_to_cortex"]
        right = np.stack([edges["source_node_id"][()], edges["target_node_id"][()]], axis=1)
    pre, post, pairs = network.connections("cortex_to_cortex")
    assert (pre, post) == ("cortex", "cortex")
    np.testing.assert_array_equal(pairs, right)


def test_sonatas_angles_are_turned_into_blenders(tmp_path: Path) -> None:
    """Radians about z, then y, then x (SONATA), as degrees about x, then y, then z (Blender)."""
    angles = np.array([[0.3, -1.1, 2.0], [0.0, 0.0, 0.0], [-2.5, 0.4, 0.9]])
    net = NetworkBuilder("net")
    turned = {f"rotation_angle_{axis}axis": angles[:, at] for at, axis in enumerate("xyz")}
    net.add_nodes(
        N=3, x=np.arange(3.0), y=np.ones(3), z=np.ones(3), morphology="cell.swc", **turned
    )
    net.add_nodes(N=1, x=[9.0], y=[1.0], z=[float("nan")], morphology="cell.swc")
    net.build()
    net.save(output_dir=tmp_path)
    (tmp_path / "cell.swc").write_text("1 1 5 6 7 2 -1\n2 3 5 16 7 1 1\n")
    (tmp_path / "circuit.json").write_text(
        '{"components": {"morphologies_dir": "."}, "networks": {"nodes": [{"nodes_file":'
        ' "net_nodes.h5", "node_types_file": "net_node_types.csv"}]}}'
    )
    network = CellNetwork(tmp_path / "circuit.json")
    cells = network.population("net")
    assert cells.rotations is not None and len(cells) == 3 and cells.ids.tolist() == [0, 1, 2]
    assert len(network.warnings) == 1 and "1 of 4 cells" in network.warnings[0]
    for is_, (x, y, z) in zip(np.radians(cells.rotations), angles, strict=True):
        right = _about(0, x) @ _about(1, y) @ _about(2, z)
        np.testing.assert_allclose(
            _about(2, is_[2]) @ _about(1, is_[1]) @ _about(0, is_[0]), right, atol=1e-6
        )
    cell = network.morphology("cell.swc")
    assert cell.points.tolist() == [[0, 0, 0], [0, 10, 0]]  # its soma is at 0
    assert cells.morphologies == ["cell.swc"]


def _about(axis: int, angle: float) -> np.ndarray:
    matrix = np.eye(3)
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix[first, first] = matrix[second, second] = np.cos(angle)
    matrix[second, first] = np.sin(angle)
    matrix[first, second] = -np.sin(angle)
    return matrix


def test_a_morphology_outside_of_its_folder_is_not_opened(tmp_path: Path) -> None:
    net = NetworkBuilder("net")
    net.add_nodes(N=1, x=[0.0], y=[0.0], z=[0.0], morphology="../../etc/passwd")
    net.build()
    net.save(output_dir=tmp_path)
    (tmp_path / "circuit.json").write_text(
        '{"components": {"morphologies_dir": "cells"}, "networks": {"nodes": [{"nodes_file":'
        ' "net_nodes.h5", "node_types_file": "net_node_types.csv"}]}}'
    )
    network = CellNetwork(tmp_path / "circuit.json")
    with pytest.raises(ValueError, match="is no file below"):
        network.morphology("../../etc/passwd")
