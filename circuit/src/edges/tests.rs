use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::hdf5::Group;
use crate::testing::{Making, golden_network};

/// Edges, with what `index` adds.
fn made(
    folder: &Path,
    pairs: &[[u64; 2]],
    index: impl FnOnce(&mut Making, &mut Group),
) -> EdgePopulation {
    let path = folder.join("edges.h5");
    let mut making = Making::new(&path);
    let mut group = making.edges(["a", "b"], pairs);
    index(&mut making, &mut group);
    making.finish("edges", vec![("a_to_b", group)]);
    EdgePopulation::open(&File::open(&path).unwrap(), "a_to_b", None).unwrap()
}

fn index(
    making: &mut Making,
    edges: &mut Group,
    name: &str,
    nodes: &[[i64; 2]],
    ranges: &[[u64; 2]],
) {
    let mut table = Group::new();
    making.table(&mut table, name, nodes);
    making.table(&mut table, "range_to_edge_id", ranges);
    let mut indices = Group::new();
    indices.group("target_to_source", table);
    edges.group("indices", indices);
}

const PAIRS: [[u64; 2]; 6] = [[0, 0], [1, 0], [2, 2], [0, 0], [3, 2], [1, 5]];

#[test]
fn both_spellings_of_the_index_are_read_and_a_start_below_zero_is_no_edge() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = [[0, 2], [-1, -1], [2, 4], [0, 0], [-1, 0], [4, 5]];
    let ranges = [[0, 2], [3, 4], [2, 3], [4, 5], [5, 6]];
    for name in ["node_id_to_ranges", "node_id_to_range"] {
        let edges = made(folder.path(), &PAIRS, |making, group| {
            index(making, group, name, &nodes, &ranges);
        });
        assert_eq!(edges.afferent(&[0]).unwrap(), [0..2, 3..4]);
        assert_eq!(edges.afferent(&[1, 3, 4, 77, u64::MAX]).unwrap(), []);
        assert_eq!(edges.afferent(&[5, 0, 2]).unwrap(), vec![0..6; 1]);
        assert_eq!(edges.afferent(&[2, 2]).unwrap(), [2..3, 4..5]);
        // There is no table of sources: every edge is looked at.
        assert_eq!(edges.efferent(&[1, 2]).unwrap(), [1..3, 5..6]);
    }
}

#[test]
fn an_index_beyond_its_tables_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    for (nodes, ranges, said) in [
        (
            [[0, 3]],
            [[0, 2], [3, 4]],
            "node_id_to_ranges: names the range 2, but there are 2",
        ),
        (
            [[0, 2]],
            [[0, 2], [3, 9]],
            "range_to_edge_id: names the edge 8, but there are 6",
        ),
    ] {
        let edges = made(folder.path(), &PAIRS, |making, group| {
            index(making, group, "node_id_to_ranges", &nodes, &ranges);
        });
        let error = edges.afferent(&[0]).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

/// The numbers are h5py's; BMTK's index has one range for each run of equal ids.
#[test]
fn golden_indices_find_the_edges_that_are_there() {
    let mut problems = Problems::new();
    let circuit = golden_network("b_ei_exp", &mut problems);
    let edges = circuit
        .edges
        .iter()
        .find(|one| one.name() == "cortex_to_cortex")
        .unwrap();
    let count = |ranges: Vec<Range<u64>>| {
        ranges
            .iter()
            .map(|range| range.end - range.start)
            .sum::<u64>()
    };
    assert_eq!(
        [0, 5, 299].map(|node| count(edges.afferent(&[node]).unwrap())),
        [78, 48, 42]
    );
    assert_eq!(
        [0, 5, 299].map(|node| count(edges.efferent(&[node]).unwrap())),
        [53, 30, 63]
    );
    assert_eq!(edges.afferent(&[5]).unwrap(), vec![325..373; 1]);
    let all: Vec<u64> = (0..300).collect();
    assert_eq!(edges.efferent(&all).unwrap(), vec![0..14686; 1]);
}

#[test]
fn edges_of_several_groups_have_their_own_rows_in_every_block() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edges.h5");
    let mut making = Making::new(&path);
    let mut edges = making.edges(["a", "b"], &PAIRS);
    making.column(&mut edges, "edge_group_id", &[0_u16, 1, 0, 1, 1, 0]);
    making.column(&mut edges, "edge_group_index", &[2_u32, 0, 1, 2, 1, 0]);
    let (mut first, mut second, mut parameters) = (Group::new(), Group::new(), Group::new());
    making.column(&mut first, "nsyns", &[1_u32, 2, 3]);
    making.column(&mut second, "delay", &[1.0_f64, 2.0, 3.0]);
    making.column(&mut parameters, "receptor_type", &[7_i64, 8, 9]);
    second.group("dynamics_params", parameters);
    edges.group("0", first);
    edges.group("1", second);
    making.finish("edges", vec![("a_to_b", edges)]);
    let types = TypesTable::parse(
        Path::new("t.csv"),
        "edge_type_id delay nsyns\n100 9.5 NULL\n",
        "edge_type_id",
    )
    .unwrap();
    let edges =
        EdgePopulation::open(&File::open(&path).unwrap(), "a_to_b", Some(Arc::new(types))).unwrap();
    assert_eq!(edges.dynamics_names(), ["receptor_type"]);
    for size in [1, 2, 6, 100] {
        let (mut delay, mut nsyns, mut receptor) = (Vec::new(), Vec::new(), Vec::new());
        for block in edges.blocks(size) {
            let block = block.unwrap();
            delay.extend(block.attribute("delay").unwrap().unwrap());
            nsyns.extend(block.attribute("nsyns").unwrap().unwrap());
            let column = block.dynamics("receptor_type").unwrap().unwrap();
            receptor.extend((0..block.len()).map(|at| column.int(at)));
            assert!(block.attribute("syn_weight").unwrap().is_none());
        }
        assert_eq!(delay, [9.5, 1.0, 9.5, 3.0, 2.0, 9.5], "{size}");
        let shown: Vec<_> = nsyns
            .iter()
            .map(|one| (!one.is_nan()).then_some(*one as i32))
            .collect();
        assert_eq!(shown, [Some(3), None, Some(2), None, None, Some(1)]);
        assert_eq!(receptor, [None, Some(7), None, Some(9), Some(8), None]);
    }
}

#[test]
fn an_end_that_names_no_population_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edges.h5");
    for (name, right) in [("a_to_b", true), ("synapses", false)] {
        let mut making = Making::new(&path);
        let mut group = Group::new();
        making.column(&mut group, "source_node_id", &[0_u64]);
        making.column(&mut group, "target_node_id", &[0_u64]);
        making.column(&mut group, "edge_type_id", &[0_u64]);
        making.finish("edges", vec![(name, group)]);
        let edges = EdgePopulation::open(&File::open(&path).unwrap(), name, None);
        match edges {
            Ok(edges) => assert_eq!(
                (right, edges.source_population(), edges.target_population()),
                (true, "a", "b")
            ),
            Err(error) => {
                assert!(!right);
                assert!(
                    error
                        .to_string()
                        .contains("nothing says which nodes it means"),
                    "{error}"
                );
            }
        }
    }
}

#[test]
fn columns_of_different_lengths_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edges.h5");
    let mut making = Making::new(&path);
    let mut group = Group::new();
    making.column(&mut group, "source_node_id", &[0_u64, 1]);
    making.column(&mut group, "target_node_id", &[0_u64]);
    making.column(&mut group, "edge_type_id", &[0_u64, 1]);
    making.finish("edges", vec![("a_to_b", group)]);
    let error = EdgePopulation::open(&File::open(&path).unwrap(), "a_to_b", None)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("target_node_id: has 1 values, source_node_id has 2"),
        "{error}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// An index that was made from the edges finds what looking at every edge finds.
    #[test]
    fn the_index_finds_what_looking_finds(
        pairs in prop::collection::vec([0_u64..12, 0_u64..12], 0..80),
        wanted in prop::collection::vec(0_u64..14, 0..6),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let plain = made(folder.path(), &pairs, |_, _| ());
        let looked = plain.afferent(&wanted).unwrap();
        let (mut nodes, mut ranges) = (Vec::new(), Vec::new());
        for node in 0..12 {
            let first = ranges.len() as i64;
            let runs = (0_u64..).zip(&pairs).filter(|(_, pair)| pair[1] == node).map(|(at, _)| [at, at + 1]);
            ranges.extend(runs);
            nodes.push([first, ranges.len() as i64]);
        }
        let indexed = made(folder.path(), &pairs, |making, group| {
            index(making, group, "node_id_to_ranges", &nodes, &ranges);
        });
        prop_assert_eq!(indexed.afferent(&wanted).unwrap(), looked);
    }
}
