//! Networks and results that BSB wrote, against what BSB itself read of them.

mod damaged;

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::*;

/// Where golden files are.
fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/network")
}

/// The bytes of a golden file.
fn bytes(name: &str) -> Vec<u8> {
    let packed = std::fs::File::open(folder().join(format!("{name}.gz"))).unwrap();
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed)
        .read_to_end(&mut bytes)
        .unwrap();
    bytes
}

/// A golden file, unpacked into a folder of its own.
fn golden(name: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(Path::new(name).file_name().unwrap());
    std::fs::write(&path, bytes(name)).unwrap();
    (folder, path)
}

fn expected(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(folder().join(name)).unwrap()).unwrap()
}

fn network(name: &str) -> CellNetwork {
    let (_folder, path) = golden(name);
    let network = CellNetwork::open(&path).unwrap();
    assert!(network.problems().is_empty(), "{}", network.problems());
    network
}

fn number(value: &Value) -> f32 {
    value.as_f64().unwrap() as f32
}

/// What both versions' lists of right values have.
fn check_populations(network: &CellNetwork, expected: &Value) {
    let all = expected["populations"].as_object().unwrap();
    assert_eq!(network.populations().len(), all.len());
    for population in network.populations() {
        let right = &all[&population.name];
        assert_eq!(
            population.len(),
            right["count"].as_u64().unwrap(),
            "{}",
            population.name
        );
        assert_eq!(population.entity, right["entity"].as_bool().unwrap());
        if population.entity {
            assert!(population.positions.is_empty());
            continue;
        }
        let positions = right["positions"].as_array().unwrap();
        assert_eq!(population.positions.len(), positions.len());
        for (is, right) in population.positions.iter().zip(positions) {
            for (is, right) in is.iter().zip(right.as_array().unwrap()) {
                // They are rounded to 1e-6, and ours are of 24 bits.
                assert!((is - number(right)).abs() < 2e-5, "{}", population.name);
            }
        }
        assert!(population.radius_known);
        assert!((population.radius - number(&right["radius"])).abs() < 1e-6);
        let [red, green, blue, opacity] = population.color.unwrap();
        let hex: String = [red, green, blue]
            .iter()
            .map(|one| format!("{:02X}", (one * 255.0).round() as u8))
            .collect();
        assert_eq!(
            format!("#{hex}"),
            right["color"].as_str().unwrap().to_uppercase()
        );
        assert!((opacity - number(&right["opacity"])).abs() < 1e-6);
    }
}

#[test]
fn a_network_of_version_3_is_as_its_makers_see_it() {
    let network = network("bsb_v3/small_v3.hdf5");
    let expected = expected("bsb_v3/expected_v3.json");
    assert_eq!(
        (network.format(), network.version()),
        (Format::BsbV3, "3.10.5")
    );
    check_populations(&network, &expected);
    for population in network.populations() {
        let right = &expected["populations"][&population.name];
        let runs: Vec<i64> =
            serde_json::from_value(right["identifiers_continuity"].clone()).unwrap();
        let ids: Vec<i64> = runs
            .chunks(2)
            .flat_map(|run| run[0]..run[0] + run[1])
            .collect();
        assert_eq!(population.ids.iter().collect::<Vec<_>>(), ids);
        assert_eq!(population.up, Up::Y);
        let locations: Option<Vec<[f32; 3]>> =
            serde_json::from_value(right["blender_location_first3"].clone()).unwrap_or_default();
        for (right, is) in locations.iter().flatten().zip(&population.positions) {
            let is = population.up.location(*is);
            assert!(
                is.iter()
                    .zip(right)
                    .all(|(is, right)| (is - right).abs() < 2e-5)
            );
        }
    }
    let connections = network.connections("granule_to_golgi", None, None).unwrap();
    assert_eq!(
        (connections.pre.as_str(), connections.post.as_str()),
        ("granule_cell", "golgi_cell")
    );
    let right = &expected["connectivity"]["granule_to_golgi"];
    assert_eq!(connections.pairs.len() as u64, right["n"].as_u64().unwrap());
    let first: Vec<[i64; 2]> = serde_json::from_value(right["first5"].clone()).unwrap();
    for (is, [from, to]) in connections.pairs.iter().zip(first) {
        // Granule cells are those from 90, golgi cells those from 10.
        assert_eq!(*is, [from - 90, to - 10]);
    }
    let refused = network
        .connections("granule_to_golgi", Some("golgi_cell"), None)
        .unwrap();
    assert!(refused.pairs.is_empty());
}

#[test]
fn a_network_of_version_8_is_as_its_makers_see_it() {
    let network = network("bsb_v8/small_v8.hdf5");
    let expected = expected("bsb_v8/expected_v8.json");
    assert_eq!(
        (network.format(), network.version()),
        (Format::Bsb, "8.0.2")
    );
    check_populations(&network, &expected);
    let named = |name: &str| network.population(name).unwrap().display_name.clone();
    assert_eq!(named("granule_cell"), "Granule cell");
    for (tag, right) in expected["connectivity"].as_object().unwrap() {
        let connections = network.connections(tag, None, None).unwrap();
        assert_eq!(connections.pre, right["pre"].as_str().unwrap());
        assert_eq!(connections.post, right["post"].as_str().unwrap());
        assert_eq!(connections.pairs.len() as u64, right["n"].as_u64().unwrap());
        let sum = |end: usize| connections.pairs.iter().map(|pair| pair[end]).sum::<i64>();
        assert_eq!(Some(sum(0)), right["pre_index_checksum"].as_i64());
        assert_eq!(Some(sum(1)), right["post_index_checksum"].as_i64());
        let ends = |key: &str| -> Vec<i64> {
            let rows: Vec<[i64; 3]> = serde_json::from_value(right[key].clone()).unwrap();
            rows.iter().map(|row| row[0]).collect()
        };
        for pair in ends("pre_first20").into_iter().zip(ends("post_first20")) {
            assert!(
                connections.pairs.contains(&[pair.0, pair.1]),
                "{tag}: {pair:?}"
            );
        }
        assert_eq!(connections.left_out, 0);
    }
    let stellate = network.population("stellate_cell").unwrap();
    let right = &expected["populations"]["stellate_cell"];
    assert_eq!(stellate.morphologies, ["neuron"]);
    assert_eq!(stellate.morphology_of.as_deref(), Some(&[0; 50][..]));
    let rotations: Vec<[f64; 3]> =
        serde_json::from_value(right["rotations_deg_first5"].clone()).unwrap();
    for (is, right) in stellate.rotations.as_deref().unwrap().iter().zip(rotations) {
        // The same rotation has other angles too.
        for axis in 0..3 {
            let mut point = [0.0; 3];
            point[axis] = 1.0;
            let (is, right) = (turned(is.map(f64::from), point), turned(right, point));
            assert!(
                is.iter()
                    .zip(right)
                    .all(|(is, right)| (is - right).abs() < 1e-5)
            );
        }
    }
}

/// A point turned about the fixed axes x, y, z in this order.
fn turned(degrees: [f64; 3], mut point: [f64; 3]) -> [f64; 3] {
    for (axis, angle) in degrees.into_iter().enumerate() {
        let (sin, cos) = angle.to_radians().sin_cos();
        let (u, v) = ((axis + 1) % 3, (axis + 2) % 3);
        (point[u], point[v]) = (
            cos * point[u] - sin * point[v],
            sin * point[u] + cos * point[v],
        );
    }
    point
}

#[test]
fn the_morphology_of_a_network_is_that_of_the_file_that_it_was_built_with() {
    let network = network("bsb_v8/small_v8.hdf5");
    assert_eq!(network.morphology_names().unwrap(), ["neuron"]);
    let (kept, file) = (
        network.morphology("neuron").unwrap(),
        crate::Morphology::from_swc(&folder().join("bsb_v8/neuron.swc")).unwrap(),
    );
    // BSB begins each branch with the point where it forks.
    assert_eq!((kept.points.len(), kept.branches.len()), (14, 5));
    for label in ["soma", "axon", "dendrites"] {
        let places = |cell: &crate::Morphology| -> std::collections::BTreeSet<String> {
            let mask = cell.labels.mask(label);
            let with = cell.points.iter().zip(mask).filter(|(_, has)| *has);
            with.map(|(point, _)| format!("{point:?}")).collect()
        };
        assert!(places(&file).is_subset(&places(&kept)), "{label}");
    }
    assert_eq!(kept.parents, [-1, 0, 1, 2, 3, 4, 5, 3, 7, 8, 9, 0, 11, 12]);
    let refused = network.morphology("neurom").unwrap_err().to_string();
    assert!(refused.contains("did you mean \"neuron\"?"), "{refused}");
}

/// The numbers are h5py's, chunks in the order of their numbers.
#[test]
fn a_network_of_version_4_is_read_too() {
    let network = network("bsb_v4/small_v4.hdf5");
    assert_eq!(
        (network.format(), network.version()),
        (Format::Bsb, "5.0.2")
    );
    let golgi = network.population("golgi_cell").unwrap();
    let granule = network.population("granule_cell").unwrap();
    assert_eq!((golgi.len(), granule.len()), (29, 422));
    assert_eq!(granule.display_name, "Granule cell");
    let rounded = |one: &[f32; 3]| one.map(|axis| (f64::from(axis) * 100.0).round() / 100.0);
    assert_eq!(rounded(&granule.positions[0]), [44.45, 80.22, 31.1]);
    assert_eq!(rounded(&granule.positions[421]), [106.92, 160.87, 115.21]);
    assert_eq!(rounded(&golgi.positions[28]), [186.99, 163.85, 104.4]);
    let connections = network.connections("granule_to_golgi", None, None).unwrap();
    // Each granule cell to each golgi cell, once.
    let mut pairs = connections.pairs;
    pairs.sort_unstable();
    pairs.dedup();
    assert_eq!(pairs.len(), 422 * 29);
}

#[test]
fn results_of_version_3_are_given_to_their_cells() {
    let network = network("bsb_v3/small_v3.hdf5");
    let (_folder, path) = golden("bsb_v3/results_v3.hdf5");
    for group in [None, Some("soma_spikes"), Some("/recorders/soma_spikes")] {
        let results = Results::open(&path, &network, group).unwrap();
        let counts: Vec<_> = results
            .populations()
            .iter()
            .map(|(name, one)| (name.as_str(), one.index.len(), one.missing.as_deref()))
            .collect();
        assert_eq!(
            counts,
            [
                ("golgi_cell", 67, Some(&[6][..])),
                ("granule_cell", 321, Some(&[][..])),
                ("stellate_cell", 76, Some(&[][..]))
            ]
        );
        let golgi = &results.populations()["golgi_cell"];
        let of = |cell: u32| -> Vec<f64> {
            let of = golgi
                .index
                .iter()
                .zip(&golgi.times_ms)
                .filter(|(index, _)| **index == cell);
            of.map(|(_, time)| *time).collect()
        };
        assert_eq!(of(0), [0.0]);
        assert_eq!(of(2), [3.0, 4.0]);
        assert_eq!(of(5), [0.0; 0]);
        assert_eq!(of(8), [25.0, 30.0, 40.0]);
        assert!(golgi.times_ms.is_sorted());
        let said = results.problems().to_string();
        assert!(
            said.contains("1 of 499 trains are not in the order of time"),
            "{said}"
        );
    }
    let refused = Results::open(&path, &network, Some("some_spikes"))
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("did you mean \"soma_spikes\"?"),
        "{refused}"
    );
}

#[test]
fn neos_results_are_given_to_the_cells_of_their_rosters() {
    let network = network("bsb_v8/small_v8.hdf5");
    let (_folder, path) = golden("bsb_v8/results_v8.nio");
    let results = Results::open(&path, &network, None).unwrap();
    assert!(results.problems().is_empty(), "{}", results.problems());
    assert_eq!(results.duration_ms(), Some(200.0));
    for right in expected("bsb_v8/expected_v8.json")["results"]
        .as_object()
        .unwrap()
        .values()
    {
        let spikes = &results.populations()[right["population"].as_str().unwrap()];
        assert_eq!(
            spikes.index.len() as u64,
            right["n_spikes"].as_u64().unwrap()
        );
        let missing = spikes.missing.as_ref().unwrap().len() as u64;
        let cells = network
            .population(right["population"].as_str().unwrap())
            .unwrap()
            .len();
        assert_eq!(Some(cells - missing), right["n_cells_in_roster"].as_u64());
        for (cell, count) in right["counts_by_cell_first20"]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
        {
            let of = spikes
                .index
                .iter()
                .filter(|index| **index as usize == cell)
                .count();
            assert_eq!(Some(of as u64), count.as_u64());
        }
        for first in right["first10"].as_array().unwrap() {
            let (cell, time) = (first[0].as_u64().unwrap(), first[1].as_f64().unwrap());
            let is = spikes.index.iter().zip(&spikes.times_ms);
            let mut is =
                is.filter(|(index, at)| u64::from(**index) == cell && (*at - time).abs() < 1e-6);
            assert!(is.next().is_some(), "{cell} {time}");
        }
    }
}

#[test]
fn results_of_another_network_are_said_to_be_that() {
    let (_folder, path) = golden("bsb_v8/results_v8.nio");
    // Of version 4: as many names, other cells, and no identity to compare.
    let results = Results::open(&path, &network("bsb_v4/small_v4.hdf5"), None).unwrap();
    let said = results.problems().to_string();
    assert!(
        said.contains("none of the network's") && said.contains("cells that"),
        "{said}"
    );
    let (_folder, v3) = golden("bsb_v3/results_v3.hdf5");
    let refused = Results::open(&v3, &network("bsb_v8/small_v8.hdf5"), None)
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("results of BSB 3") && refused.contains("small_v8"),
        "{refused}"
    );
}

#[test]
fn files_of_other_makes_are_named_for_what_they_are() {
    let v3 = network("bsb_v3/small_v3.hdf5");
    let sonata = folder().join("../sonata/f_bionet");
    for (path, words) in [
        (
            golden("bsb_v3/results_v3.hdf5"),
            "has results of BSB 3, not a network; give it to Results",
        ),
        (
            golden("bsb_v8/results_v8.nio"),
            "Neo's results, not a network; give it to Results",
        ),
    ] {
        let refused = CellNetwork::open(&path.1).unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
    for (file, words) in [
        (
            "network/net_nodes.h5",
            "give the configuration (.json) that names it",
        ),
        ("expected/spikes.h5", "has spikes, not a network"),
        ("network/net_net_edges.h5", "is a SONATA file of edges"),
    ] {
        let refused = CellNetwork::open(&sonata.join(file))
            .unwrap_err()
            .to_string();
        assert!(refused.contains(words), "{refused}");
    }
    let (_folder, network_file) = golden("bsb_v8/small_v8.hdf5");
    for path in [network_file, sonata.join("network/net_nodes.h5")] {
        let refused = Results::open(&path, &v3, None).unwrap_err().to_string();
        assert!(refused.contains("not results"), "{refused}");
    }
    for path in [
        folder().join("bsb_v8/neuron.swc"),
        folder().join("bsb_v3/small_v3.hdf5.gz"),
    ] {
        let refused = CellNetwork::open(&path).unwrap_err().to_string();
        assert!(refused.contains("is no HDF5 file"), "{refused}");
    }
    let refused = CellNetwork::open(&folder()).unwrap_err().to_string();
    assert!(refused.contains("is a folder"), "{refused}");
    let refused = CellNetwork::open(&folder().join("bsb_v3/expected_v3.json"))
        .unwrap_err()
        .to_string();
    assert!(refused.contains("networks"), "{refused}");
}
