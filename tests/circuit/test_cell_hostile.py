"""Networks that are damaged, made by hand, or claim what cannot be: an error that names the file
and the place, or a count among the warnings."""

import json
import pickle
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from blendtorch.circuit import CellNetwork, NetworkBuilder
from support.golden_networks import SMALL_V3, SMALL_V8, unpack

Change = Callable[[h5py.File], None]


def _changed(name: str, change: Change, folder: Path) -> CellNetwork:
    path = unpack(name, folder)
    with h5py.File(path, "a") as file:
        change(file)
    return CellNetwork(path)


def _put(path: str, values: object) -> Change:
    """Another dataset in the place of one."""

    def change(file: h5py.File) -> None:
        attributes = dict(file[path].attrs) if path in file else {}
        if path in file:
            del file[path]
        file[path] = values
        file[path].attrs.update(attributes)

    return change


def _attribute(path: str, name: str, value: object) -> Change:
    def change(file: h5py.File) -> None:
        file[path].attrs[name] = value

    return change


GOLGI = "cells/placement/golgi_cell"
FIBERS = "cells/placement/mossy_fibers"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_put(f"{GOLGI}/identifiers", [10, 30, 5]), r"golgi_cell/identifiers: has an odd number"),
        (_put(f"{GOLGI}/identifiers", [-10, 30]), "a run of 30 ids from -10"),
        (_put(f"{GOLGI}/identifiers", [10, -30]), "a run of -30 ids from 10"),
        (_put(f"{GOLGI}/identifiers", [10, 20, 15, 10]), "has the id 15 twice"),
        (_put(f"{GOLGI}/identifiers", [10, 2**62]), "has 30 rows, and its identifiers are"),
        (_put(f"{GOLGI}/identifiers", [2**62, 2**62]), "ids are below 2"),
        (_put(f"{GOLGI}/identifiers", [10.5, 30.0]), "10.5 does not fit"),
        (_put(f"{GOLGI}/positions", np.zeros((29, 3))), "has 29 rows, and its identifiers are 30"),
        (_put(f"{GOLGI}/positions", np.zeros((30, 2))), r"shape \[30, 2\]; n . 3 is needed"),
        (_put(f"{GOLGI}/positions", ["a"] * 30), r"golgi_cell/positions"),
        (_put(f"{FIBERS}/identifiers", [0, 10**15]), "claims 1000000000000000 cells"),
        (lambda file: file.__delitem__(f"{GOLGI}/identifiers"), "identifiers: is missing"),
        (lambda file: file.__delitem__("cells/placement"), "no group /cells/placement"),
    ],
)
def test_a_network_of_version_3_that_cannot_be(change: Change, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"small_v3.hdf5: .*{words}"):
        _changed(SMALL_V3, change, tmp_path)


@pytest.mark.parametrize("text", [None, "no JSON", "[]", '{"cell_types": 5}', '"text"'])
def test_a_network_without_looks_can_be_drawn(text: str | None, tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        del file.attrs["configuration_string"]
        if text is not None:
            file.attrs["configuration_string"] = text

    network = _changed(SMALL_V3, change, tmp_path)
    golgi = network.population("golgi_cell")
    assert len(golgi) == 30 and golgi.color is None and golgi.radius == 5.0
    assert not golgi.radius_known and golgi.display_name == "golgi_cell"
    if text in (None, "no JSON"):
        assert "are not known" in network.warnings[0]


def test_cells_that_are_nowhere_are_left_out_and_counted(tmp_path: Path) -> None:
    def change(file: h5py.File) -> None:
        file[f"{GOLGI}/positions"][3] = np.nan
        file[f"{GOLGI}/positions"][7, 1] = np.inf
        file[f"{GOLGI}/rotations"] = np.zeros((30, 2))

    network = _changed(SMALL_V3, change, tmp_path)
    golgi = network.population("golgi_cell")
    assert len(golgi) == 28 and np.isfinite(golgi.positions).all()
    assert golgi.ids.tolist() == [id_ for id_ in range(10, 40) if id_ not in (13, 17)]
    said = "\n".join(network.warnings)
    assert "2 of 30 cells" in said and "the cell 13" in said and "cells are not turned" in said
    with pytest.warns(UserWarning, match="connections are of cells that are not there"):
        pairs = network.connections("granule_to_golgi")[2]
    with h5py.File(network.path) as file:
        raw = file["cells/connections/granule_to_golgi"][()]
    kept = raw[~np.isin(raw[:, 1], [13, 17])]
    assert 0 < len(kept) < 300
    np.testing.assert_array_equal(golgi.ids[pairs[:, 1]], kept[:, 1])


class _Run:
    def __reduce__(self) -> tuple[Callable[..., object], tuple[str, str]]:
        return open, ("was_run", "w")


def test_what_was_pickled_is_never_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def change(file: h5py.File) -> None:
        for path in ("trees/cells/golgi_cell", "trees/connections/granule_to_golgi"):
            _put(path, np.void(pickle.dumps(_Run())))(file)

    network = _changed(SMALL_V3, change, tmp_path)
    assert len(network.connections("granule_to_golgi")[2]) == 300
    assert not Path("was_run").exists()


def test_cells_are_in_the_order_of_their_chunks_numbers(tmp_path: Path) -> None:
    """Negative coordinates wrap, and HDF5 lists names as text."""
    names = [65535, 2, 10, 4294967296, 65536]

    def change(file: h5py.File) -> None:
        place = file["placement/golgi_cell"]
        for chunk in list(place):
            del place[chunk]
        for at, chunk in enumerate(names):
            group = place.create_group(str(chunk))
            group["position"] = np.full((1, 3), float(at))
        place.attrs["chunks"] = json.dumps({str(chunk): 1 for chunk in names})
        place.attrs["len"] = 5

    network = _changed(SMALL_V8, change, tmp_path)
    golgi = network.population("golgi_cell")
    assert [names[int(at)] for at in golgi.positions[:, 0]] == sorted(names)
    assert not network.warnings


CHUNK = "placement/stellate_cell/4294967296"
INC = "connectivity/golgi_to_granule/inc/0"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_attribute("placement/golgi_cell", "chunks", "{"), "has no counts"),
        (_attribute("placement/golgi_cell", "chunks", '{"0": -3}'), "has no counts"),
        (
            _attribute("placement/mossy_fibers", "chunks", '{"0": 1000000000000}'),
            "claims 10+ cells",
        ),
        (_put(f"{CHUNK}/position", np.zeros((12, 2))), r"shape \[12, 2\]"),
        (_put(f"{CHUNK}/rotation", np.zeros((3, 3))), "has 3 rows, and there are 12 positions"),
        (_put(f"{CHUNK}/morphology", np.full(12, 4)), "has the index 4, and its chunk has 1"),
        (_put(f"{CHUNK}/morphology", np.zeros(2, int)), "has 2 rows, and there are 12 positions"),
        (lambda file: file.__delitem__("placement"), "is no network of BSB"),
    ],
)
def test_a_network_of_version_8_that_cannot_be(change: Change, words: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=rf"small_v8.hdf5: .*{words}"):
        _changed(SMALL_V8, change, tmp_path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_attribute("placement/golgi_cell", "len", 31), "says that it has 31 cells, and has 30"),
        (_put("placement/golgi_cell/a/position", np.zeros((1, 3))), "is no number of a chunk"),
        (_put("placement/golgi_cell/01/position", np.zeros((1, 3))), "is no number of a chunk"),
        (_put(f"{CHUNK}/rotation", np.full((12, 3), np.nan)), "rotations of 12 cells are no"),
    ],
)
def test_what_can_be_drawn_is_read_with_a_warning(
    change: Change, words: str, tmp_path: Path
) -> None:
    network = _changed(SMALL_V8, change, tmp_path)
    assert len(network.population("golgi_cell")) == 30
    assert words in "\n".join(network.warnings)


def _locs(side: str, row: int, cell: int) -> Change:
    def change(file: h5py.File) -> None:
        file[f"{INC}/{side}"][row, 0] = cell

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_attribute("connectivity/golgi_to_granule", "pre", "nobody"), 'cells of "nobody"'),
        (lambda file: file["connectivity/golgi_to_granule"].attrs.__delitem__("post"), "attribute"),
        (_put(f"{INC}/local_locs", np.zeros((3, 3), int)), "has 87 rows, and local_locs has 3"),
        (_locs("local_locs", 4, 10_000), "names the cell 10000 of the chunk 0, which has 87"),
        (_locs("local_locs", 4, -1), "names the cell -1"),
        (_locs("global_locs", 0, 500), "names the cell 500"),
        (_attribute(INC, "0", 3), "does not say of which chunk its first rows are"),
        (_attribute(INC, "1", 88_000), "begins at a row that is missing"),
        (_attribute(INC, "77", 80), "of the chunk 77, which has 0"),
    ],
)
def test_connections_that_cannot_be(change: Change, words: str, tmp_path: Path) -> None:
    network = _changed(SMALL_V8, change, tmp_path)
    with pytest.raises(ValueError, match=rf"golgi_to_granule.*{words}"):
        network.connections("golgi_to_granule")
    assert len(network.connections("granule_to_golgi")[2]) == 300


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (_put("morphologies/neuron/data", np.zeros((14, 3))), "x, y, z and radius are needed"),
        (_put("morphologies/neuron/data", np.full((14, 6), np.nan)), "row 0 is at"),
        (_put("morphologies/neuron/graph", np.array([[14, 0]])), "branch 0 goes on from 0"),
        (_put("morphologies/neuron/graph", np.array([[9, -1]])), "its branches end at 9"),
        (_put("morphologies/neuron/graph", np.zeros((0, 2), int)), "its branches end at 0"),
        (_attribute("morphologies/neuron/data", "labels", "[5]"), '"labels" has no names'),
        (lambda file: file.__delitem__("morphologies/neuron/graph"), "graph: is missing"),
    ],
)
def test_morphologies_that_cannot_be(change: Change, words: str, tmp_path: Path) -> None:
    network = _changed(SMALL_V8, change, tmp_path)
    with pytest.raises(ValueError, match=rf"small_v8.hdf5: /morphologies/neuron.*{words}"):
        network.morphology("neuron")


def _circuit(folder: Path, files: list[str]) -> Path:
    nodes = [{"nodes_file": file, "node_types_file": "net_node_types.csv"} for file in files]
    path = folder / "circuit.json"
    path.write_text(json.dumps({"networks": {"nodes": nodes}}))
    return path


def test_sonata_circuits_that_cannot_be(tmp_path: Path) -> None:
    net = NetworkBuilder("net")
    net.add_nodes(N=2, x=[0.0, 1.0], y=[0.0, 1.0], z=[0.0, 1.0], radius=[3.0, float("nan")])
    net.build()
    net.save(output_dir=tmp_path)
    cells = CellNetwork(_circuit(tmp_path, ["net_nodes.h5"])).population("net")
    assert cells.radii is not None and cells.radii.tolist() == [3.0, 5.0] and cells.radius == 3.0
    (tmp_path / "again.h5").write_bytes((tmp_path / "net_nodes.h5").read_bytes())
    with pytest.raises(ValueError, match="a network has each name once"):
        CellNetwork(_circuit(tmp_path, ["net_nodes.h5", "again.h5"]))
    with pytest.raises(ValueError, match=r"gone.h5"):
        CellNetwork(_circuit(tmp_path, ["gone.h5"]))
    for text in ("{}", "[]", "{", '{"networks": 5}', '{"networks": {"nodes": []}}'):
        (tmp_path / "odd.json").write_text(text)
        with pytest.raises(ValueError, match=r"odd.json"):
            CellNetwork(tmp_path / "odd.json")
    with pytest.raises(OSError, match=r"gone.json"):
        CellNetwork(tmp_path / "gone.json")
