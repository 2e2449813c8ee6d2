"""Spikes put to the cells of a network: every layout, and what does not fit."""

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from blendtorch.circuit import CellNetwork, Results, Spikes, spikes_from_mapping
from support.golden_networks import (
    GOLDEN,
    RESULTS_V3,
    RESULTS_V8,
    SMALL_V3,
    SMALL_V8,
    expected,
    unpack,
)


@pytest.fixture(scope="module")
def v3(tmp_path_factory: pytest.TempPathFactory) -> CellNetwork:
    return CellNetwork(unpack(SMALL_V3, tmp_path_factory.mktemp("v3")))


@pytest.fixture(scope="module")
def v8(tmp_path_factory: pytest.TempPathFactory) -> CellNetwork:
    return CellNetwork(unpack(SMALL_V8, tmp_path_factory.mktemp("v8")))


def test_results_of_version_3(v3: CellNetwork, tmp_path: Path) -> None:
    path = unpack(RESULTS_V3, tmp_path)
    results = Results(path, v3)
    assert results.counts == {"golgi_cell": 67, "granule_cell": 321, "stellate_cell": 76}
    assert sum(results.counts.values()) == expected("v3")["results"]["n_spikes"]
    missing = [results.missing(name) for name in results.populations]
    assert [None if one is None else one.tolist() for one in missing] == [[6], [], []]
    fibers = results.missing("mossy_fibers")
    assert fibers is not None and fibers.tolist() == list(range(10))  # nobody looked
    said = "\n".join(results.warnings)
    assert '1 of the 30 cells of "golgi_cell" have no results (ids 16)' in said
    index, times = results.spikes("golgi_cell")
    assert index.dtype == np.uint32 and times.dtype == np.float64 and (np.diff(times) >= 0).all()
    with h5py.File(path) as file:
        for cell, id_ in enumerate(v3.population("golgi_cell").ids):
            data = file["recorders/soma_spikes"].get(str(id_))
            right = [] if data is None else np.sort(data[:, 1]).tolist()
            assert times[index == cell].tolist() == right
    assert len(results.spikes("mossy_fibers")[0]) == 0  # not recorded
    with pytest.raises(KeyError, match="did you mean"):
        results.spikes("golgi_cel")
    assert any("1 of 499 trains are not in the order of time" in one for one in results.warnings)


def test_a_dataset_a_device_has_the_same_spikes(v3: CellNetwork, tmp_path: Path) -> None:
    """As NEST's results of version 3 are: n × 2, a cell's id and a time."""
    whole = Results(unpack(RESULTS_V3, tmp_path), v3)
    rows = []
    for name in whole.populations:
        index, times = whole.spikes(name)
        rows.append(np.stack([v3.population(name).ids[index], times], axis=1))
    path = tmp_path / "nest.hdf5"
    with h5py.File(path, "w") as file:
        file["recorders/soma_spikes/all_cells"] = np.random.default_rng(0).permutation(
            np.vstack(rows)
        )
        file["recorders/soma_voltages/10"] = np.full(100, -65.0)
        file["recorders/input/generator/10"] = np.arange(5.0)
    results = Results(path, v3)
    assert results.counts == whole.counts and results.missing("golgi_cell") is None
    for name in whole.populations:
        for one, other in zip(results.spikes(name), whole.spikes(name), strict=True):
            np.testing.assert_array_equal(one, other)


def test_neos_results(v8: CellNetwork, tmp_path: Path) -> None:
    results = Results(unpack(RESULTS_V8, tmp_path), v8)
    assert not results.warnings and results.duration_ms == 200.0
    for right in expected("v8")["results"].values():
        index, times = results.spikes(right["population"])
        assert len(index) == right["n_spikes"] and (np.diff(times) >= 0).all()
        assert np.size(results.missing(right["population"])) == 0
        counts = np.bincount(index, minlength=right["n_cells_in_roster"])
        assert counts[:20].tolist() == right["counts_by_cell_first20"]


def _trains(file: h5py.File) -> list[h5py.Group]:
    (block,) = file["data"].values()
    (segment,) = block["groups"].values()
    return [one for one in segment["multi_tags"].values() if one.attrs["type"] == "neo.spiketrain"]


def _set(group: h5py.Group, name: str, values: Any) -> None:
    """Puts a property's values: another dataset in its place."""
    properties = group["metadata/properties"]
    if name in properties:
        del properties[name]
    kind = h5py.string_dtype() if isinstance(values[0], str) else None
    properties.create_dataset(name, data=values, dtype=kind)


def test_results_of_another_network_are_said_to_be_that(v8: CellNetwork, tmp_path: Path) -> None:
    path = unpack(RESULTS_V8, tmp_path)
    with h5py.File(path, "a") as file:
        (block,) = file["data"].values()
        text = block["metadata/properties/bsb_provenance"][0].decode()
        said = json.loads(text)
        assert said["scaffold"]["storage_id"] == v8.identity["storage_id"]
        said["scaffold"]["storage_id"] = "another"
        _set(block, "bsb_provenance", [json.dumps(said)])
    results = Results(path, v8)
    assert sum(results.counts.values()) == 2215
    (warning,) = results.warnings
    assert "was simulated with the network another" in warning and "f3a9dc87" in warning


def test_results_of_a_network_that_was_built_anew_since_are_said_to_be_that(
    v8: CellNetwork, tmp_path: Path
) -> None:
    """What is built anew in its file keeps its storage: nothing was said."""
    path = unpack(RESULTS_V8, tmp_path)
    assert Results(path, v8).warnings == []
    with h5py.File(path, "a") as file:
        (block,) = file["data"].values()
        said = json.loads(block["metadata/properties/bsb_provenance"][0].decode())
        said["scaffold"]["state_id"] -= 1
        _set(block, "bsb_provenance", [json.dumps(said)])
    (warning,) = Results(path, v8).warnings
    assert "has changed since (state 67 then, 68 now)" in warning


def test_cells_of_a_roster_that_the_network_lacks_are_counted(
    v8: CellNetwork, tmp_path: Path
) -> None:
    path = unpack(RESULTS_V8, tmp_path)
    with h5py.File(path, "a") as file:
        for train in _trains(file):
            roster = json.loads(train["metadata/properties/bsb_roster"][0].decode())
            if roster["bsb_ps_name"][0] == "golgi_cell":
                roster["bsb_cell_id"][3] = 4000
                _set(train, "bsb_roster", [json.dumps(roster)])
    results = Results(path, v8)
    right = expected("v8")["results"]["rec_golgi"]["counts_by_cell_first20"][3]
    assert right > 0 and results.counts["golgi_cell"] == 911 - right
    said = "\n".join(results.warnings)
    assert f"{right} spikes are of cells that" in said and "golgi_cell 4000" in said
    assert "1 of the 30 cells that were recorded are none of the network's" in said


@pytest.mark.parametrize(
    ("name", "values", "words"),
    [
        ("bsb_roster", ["{}"], "bsb_roster has no cells"),
        ("bsb_roster", ["["], "bsb_roster has no cells"),
        ("bsb_roster", ['{"bsb_cell_id": [0], "bsb_ps_name": []}'], "1 cells and 0 names"),
        ("bsb_target_index", [0, 1], "times and 2 places"),
    ],
)
def test_a_train_whose_roster_does_not_fit_is_refused(
    v8: CellNetwork, tmp_path: Path, name: str, values: Any, words: str
) -> None:
    path = unpack(RESULTS_V8, tmp_path)
    with h5py.File(path, "a") as file:
        _set(_trains(file)[0], name, values)
    with pytest.raises(ValueError, match=rf"results_v8.nio.*{words}"):
        Results(path, v8)


def test_times_in_seconds_are_times_in_ms(v8: CellNetwork, tmp_path: Path) -> None:
    path = unpack(RESULTS_V8, tmp_path)
    whole = Results(path, v8)
    with h5py.File(path, "a") as file:
        for train in _trains(file):
            train["positions"].attrs["unit"] = "s"
            train["positions/data"][...] /= 1000.0
    _, times = Results(path, v8).spikes("golgi_cell")
    np.testing.assert_allclose(times, whole.spikes("golgi_cell")[1], rtol=1e-12)
    with h5py.File(path, "a") as file:
        _trains(file)[0]["positions"].attrs["unit"] = "mV"
    with pytest.raises(ValueError, match='"mV", which is no unit of time'):
        Results(path, v8)


def test_senders_before_version_8_are_numbers_over_all_models(tmp_path: Path) -> None:
    network_file, path = unpack(SMALL_V8, tmp_path), unpack(RESULTS_V8, tmp_path)
    network = CellNetwork(network_file)
    whole = Results(path, network)
    # The order of the models in the configuration that the network keeps.
    with h5py.File(network_file) as file:
        texts = [
            one[()].decode()
            for one in file["files"].values()
            if json.loads(one.attrs["meta"]).get("active_config")
        ]
    (simulation,) = json.loads(texts[0])["simulations"].values()
    first, at = {}, 0
    for model in simulation["cell_models"]:
        first[model], at = at, at + len(network.population(model))
    assert len(first) > 2
    with h5py.File(path, "a") as file:
        for train in _trains(file):
            roster = json.loads(train["metadata/properties/bsb_roster"][0].decode())
            places = train["metadata/properties/bsb_target_index"][()]
            cells = np.array(roster["bsb_cell_id"]) + first[roster["bsb_ps_name"][0]]
            _set(train, "senders", cells[places])
            _set(train, "gids", cells)
            del train["metadata/properties/bsb_roster"]
    results = Results(path, network)
    assert results.counts == whole.counts
    assert all(np.size(results.missing(name)) == 0 for name in results.populations)
    for name in whole.populations:
        for one, other in zip(results.spikes(name), whole.spikes(name), strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("ending", ["h5", "csv"])
def test_sonatas_spikes(ending: str, tmp_path: Path) -> None:
    network = CellNetwork(GOLDEN / "sonata/b_ei_exp/config.json")
    path = tmp_path / f"spikes.{ending}"
    Spikes({"cortex": ([3, 299, 3, 300], [9.0, 1.5, -2.0, 4.0]), "thalamus": ([1], [1.0])}).write(
        path
    )
    results = Results(path, network)
    index, times = results.spikes("cortex")
    assert index.tolist() == [299, 3] and times.tolist() == [1.5, 9.0]
    said = "\n".join(results.warnings)
    assert "1 spikes are before 0 ms" in said
    assert '"thalamus"' in said and "2 spikes are of cells" in said
    assert "cortex 300" in said and "thalamus 1" in said
    golden = Results(GOLDEN / "sonata/b_ei_exp/expected/spikes.h5", network)
    assert golden.counts == {"cortex": 8229}


def test_spikes_of_no_cell_of_the_network_are_an_error(v3: CellNetwork, tmp_path: Path) -> None:
    path = tmp_path / "other.hdf5"
    with h5py.File(path, "w") as file:
        file["recorders/soma_spikes/9000"] = np.array([[9000.0, 1.0]])
    with pytest.raises(ValueError, match=r"1 spikes, and none of a cell of .*9000"):
        Results(path, v3)
    with h5py.File(path, "w") as file:
        file.create_group("recorders/soma_spikes")
    with pytest.raises(ValueError, match="has no spikes"):
        Results(path, v3)
    with h5py.File(path, "w") as file:
        file["all_spikes_dump"] = np.zeros((4, 2))
    with pytest.raises(ValueError, match="all_spikes_dump"):
        Results(path, v3)


def test_spikes_that_cannot_be_are_counted(v3: CellNetwork, tmp_path: Path) -> None:
    path = tmp_path / "odd.hdf5"
    with h5py.File(path, "w") as file:
        file["recorders/a/10"] = np.array([[10, 5.0], [10, np.nan], [10, -1.0], [10, np.inf]])
        file["recorders/a/device"] = np.array([[11, 3.0], [11, 2.0], [77777, 1.0]])
        file["recorders/b/device"] = np.array([[11, 3.0]])  # a second recorder
        file["recorders/b/name"] = "text"
        file["recorders/b/voltages"] = np.zeros(9)
    results = Results(path, v3)
    index, times = results.spikes("golgi_cell")
    assert index.tolist() == [1, 1, 0] and times.tolist() == [2.0, 3.0, 5.0]
    said = "\n".join(results.warnings)
    for words in (
        "2 spikes have no time",
        "1 spikes are before 0 ms",
        "1 spikes are of cells",
        "77777",
        "2 of 3 trains are not in the order",
        "1 spikes are there more than once",
        'nothing was recorded of "granule_cell", "stellate_cell"',
    ):
        assert words in said, said
    with h5py.File(path, "a") as file:
        file["recorders/a/broken"] = np.array([[10.5, 1.0]])
    with pytest.raises(ValueError, match=r"/recorders/a/broken: names the cell 10.5"):
        Results(path, v3)


def test_a_configuration_that_differs_is_said(v3: CellNetwork, tmp_path: Path) -> None:
    path = unpack(RESULTS_V3, tmp_path)
    with h5py.File(path, "a") as file:
        text = file.attrs["configuration_string"]
        file.attrs["configuration_string"] = text.replace('"golgi_cell"', '"golgi"')
    said = "\n".join(Results(path, v3).warnings)
    assert "configured otherwise" in said


def test_a_mapping_has_the_spikes_of_the_cells_asked_for(v3: CellNetwork, tmp_path: Path) -> None:
    whole = Results(unpack(RESULTS_V3, tmp_path), v3)
    ids = v3.population("golgi_cell").ids
    with h5py.File(tmp_path / "results_v3.hdf5") as file:
        index, times, report = spikes_from_mapping(file["recorders/soma_spikes"], ids)
    for one, other in zip((index, times), whole.spikes("golgi_cell"), strict=True):
        np.testing.assert_array_equal(one, other)
    assert report["missing"] == [16] and report["unsorted"] == 1 and report["negative"] == 0
    assert report["empty"] == 2


def test_a_mapping_may_be_of_times_of_devices_or_wrong() -> None:
    index, times, report = spikes_from_mapping(
        {
            "5": [3.0, 1.0, -4.0, np.nan],
            6: np.array([[6, 2.0, 9.0]]),
            "device": np.array([[7, 8.0], [99, 1.0]]),
            "9": np.empty((0, 2)),
            "note": "text",
            "weights": np.zeros(4),
            b"8": np.empty(0),
        },
        [5, 6, 7, 8, 9, 12],
    )
    assert index.tolist() == [0, 1, 0, 2] and times.tolist() == [1.0, 2.0, 3.0, 8.0]
    assert index.dtype == np.uint32
    assert report == {
        "missing": [12],
        "empty": 2,
        "unsorted": 1,
        "negative": 1,
        "nan": 1,
        "unknown": 1,
        "others": {99: 1},
        "ignored": ["note", "weights"],
    }
    with pytest.raises(ValueError, match="the id 3 is there twice"):
        spikes_from_mapping({}, [3, 1, 3])
    assert spikes_from_mapping({"1": [0.5]}, [])[2]["unknown"] == 1
