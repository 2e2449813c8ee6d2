use std::os::unix::fs::FileExt;

use super::*;
use crate::hdf5::Group;
use crate::testing::{Making, edges_file, golden_network, nodes_file};

const TYPES: &str = "node_type_id model_type ei\n100 point_neuron e\n101 point_neuron i\n";
const EDGE_TYPES: &str = "edge_type_id syn_weight delay\n100 2.5 1.5\n";

fn file_of_nodes(
    folder: &tempfile::TempDir,
    file: &str,
    population: &str,
    count: usize,
) -> NodesFile {
    let mut making = Making::new(&folder.path().join(file));
    let group = making.nodes(&vec![100; count]);
    nodes_file(
        making.finish("nodes", vec![(population, group)]),
        Some(TYPES),
    )
}

fn file_of_edges(
    folder: &tempfile::TempDir,
    file: &str,
    ends: [&str; 2],
    pairs: &[[u64; 2]],
) -> EdgesFile {
    let mut making = Making::new(&folder.path().join(file));
    let group = making.edges(ends, pairs);
    let name = format!("{}_to_{}", ends[0], ends[1]);
    edges_file(
        making.finish("edges", vec![(&name, group)]),
        Some(EDGE_TYPES),
    )
}

#[test]
fn golden_networks_open_without_a_word() {
    for (case, nodes, edges) in [
        ("a_ring_alpha", vec![("ext", 10), ("ring", 50)], vec![]),
        (
            "b_ei_exp",
            vec![("cortex", 300), ("ext", 50)],
            vec![("cortex_to_cortex", 14686), ("ext_to_cortex", 1504)],
        ),
        ("f_bionet", vec![("ext", 8), ("net", 10)], vec![]),
    ] {
        let mut problems = Problems::new();
        let circuit = golden_network(case, &mut problems);
        assert!(problems.is_empty(), "{problems}");
        let found: Vec<_> = circuit
            .nodes
            .iter()
            .map(|one| (one.name(), one.len()))
            .collect();
        assert_eq!(found, nodes);
        for (name, count) in edges {
            let one = circuit.edges.iter().find(|one| one.name() == name).unwrap();
            assert_eq!(one.len(), count);
        }
        for edges in &circuit.edges {
            assert_eq!(
                edges
                    .blocks(1000)
                    .map(|block| block.unwrap().len() as u64)
                    .sum::<u64>(),
                edges.len()
            );
        }
    }
}

#[test]
fn two_populations_of_a_name_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let files = [
        file_of_nodes(&folder, "a.h5", "one", 3),
        file_of_nodes(&folder, "b.h5", "one", 4),
    ];
    let edges = file_of_edges(&folder, "c.h5", ["one", "one"], &[[0, 1]]);
    let mut problems = Problems::new();
    let circuit = Circuit::open(&files, &[edges.clone(), edges], &mut problems);
    assert_eq!(
        (
            circuit.nodes.len(),
            circuit.nodes[0].len(),
            circuit.edges.len()
        ),
        (1, 3, 1)
    );
    let text = problems.to_string();
    assert!(
        text.contains("b.h5: /nodes/one: is also a population of"),
        "{text}"
    );
    assert!(
        text.contains("/edges/one_to_one: is also a population of"),
        "{text}"
    );
}

#[test]
fn edges_without_their_nodes_are_an_error_with_the_name_that_was_meant() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = file_of_nodes(&folder, "a.h5", "cortex", 3);
    let edges = file_of_edges(&folder, "c.h5", ["Cortex", "thalamus"], &[[0, 1]]);
    let mut problems = Problems::new();
    let circuit = Circuit::open(&[nodes], &[edges], &mut problems);
    assert!(circuit.edges.is_empty());
    let text = problems.to_string();
    assert!(
        text.contains("\"Cortex\", which is missing; did you mean \"cortex\"?"),
        "{text}"
    );
    assert!(
        text.contains("\"thalamus\", which is missing; name its file under networks.nodes"),
        "{text}"
    );
}

#[test]
fn an_edge_to_a_node_that_does_not_exist_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = file_of_nodes(&folder, "a.h5", "one", 3);
    let edges = file_of_edges(&folder, "c.h5", ["one", "one"], &[[0, 1], [2, 3], [1, 1]]);
    let mut problems = Problems::new();
    let circuit = Circuit::open(&[nodes], &[edges], &mut problems);
    assert!(problems.is_empty(), "{problems}");
    assert!(circuit.edges[0].block(0..1).is_ok());
    let error = circuit.edges[0]
        .blocks(10)
        .next()
        .unwrap()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(
            "target_node_id: edge 1 names the node 3; the population \"one\" has ids 0 to 2"
        ),
        "{error}"
    );
}

#[test]
fn a_file_that_is_missing_or_of_the_other_kind_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = file_of_nodes(&folder, "a.h5", "one", 3);
    let edges = file_of_edges(&folder, "c.h5", ["one", "one"], &[[0, 1]]);
    let as_nodes = NodesFile {
        nodes_file: edges.edges_file.clone(),
        node_types_file: None,
    };
    let as_edges = EdgesFile {
        edges_file: nodes.nodes_file.clone(),
        edge_types_file: None,
    };
    let missing = NodesFile {
        nodes_file: nodes.nodes_file.clone(),
        node_types_file: Some(folder.path().join("no.csv")),
    };
    let mut problems = Problems::new();
    Circuit::open(&[as_nodes, missing], &[as_edges], &mut problems);
    let text = problems.to_string();
    assert!(
        text.contains("has edges, but no population of nodes; name it under networks.edges"),
        "{text}"
    );
    assert!(
        text.contains("has nodes, but no population of edges; name it under networks.nodes"),
        "{text}"
    );
    assert!(text.contains("no.csv: No such file"), "{text}");
}

/// A cell with a type that the table does not have: BMTK fails at the first cell that needs it.
#[test]
fn a_type_that_is_not_in_the_table_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let mut making = Making::new(&folder.path().join("a.h5"));
    let group = making.nodes(&[100, 103]);
    let nodes = nodes_file(making.finish("nodes", vec![("one", group)]), Some(TYPES));
    let mut problems = Problems::new();
    Circuit::open(&[nodes], &[], &mut problems);
    let text = problems.to_string();
    assert!(
        text.contains("/nodes/one/node_type_id: the type 103 is not in a.csv"),
        "{text}"
    );
}

/// Files of a network that were damaged somewhere: problems, errors or a network, never a panic.
#[test]
fn damaged_networks_are_problems() {
    let folder = tempfile::tempdir().unwrap();
    let mut making = Making::new(&folder.path().join("n.h5"));
    let mut a = making.nodes(&[100, 101, 100]);
    let mut group = Group::new();
    making.column(&mut group, "layer", &[1_i64, 2, 3]);
    making.words(&mut group, "name", &["a", "b", "c"]);
    a.group("0", group);
    making.finish("nodes", vec![("ring", a)]);
    let golden = crate::testing::golden("a_ring_alpha/network");
    let mut random = 1_u64;
    let mut next = move |below: usize| {
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((random >> 33) % below as u64) as usize
    };
    let (mut nodes, mut edges) = (
        golden.join("ring_nodes.h5"),
        golden.join("ring_ring_edges.h5"),
    );
    let types = [
        golden.join("ring_node_types.csv"),
        golden.join("ring_ring_edge_types.csv"),
    ];
    let damaged = folder.path().join("damaged.h5");
    let file = std::fs::File::create(&damaged).unwrap();
    let mut said = 0;
    for from in [nodes.clone(), edges.clone(), folder.path().join("n.h5")] {
        let whole = std::fs::read(&from).unwrap();
        match from == edges {
            true => (nodes, edges) = (golden.join("ring_nodes.h5"), damaged.clone()),
            false => nodes = damaged.clone(),
        }
        for _ in 0..250 {
            let mut bytes = whole.clone();
            for _ in 0..=next(3) {
                let at = next(whole.len().min(8000));
                bytes[at] = [0, 1, 0x7f, 0x80, 0xff, bytes[at] ^ 4][next(6)];
            }
            file.write_all_at(&bytes, 0).unwrap();
            file.set_len(bytes.len() as u64).unwrap();
            let mut problems = Problems::new();
            let circuit = Circuit::open(
                &[NodesFile {
                    nodes_file: nodes.clone(),
                    node_types_file: Some(types[0].clone()),
                }],
                &[EdgesFile {
                    edges_file: edges.clone(),
                    edge_types_file: Some(types[1].clone()),
                }],
                &mut problems,
            );
            for population in &circuit.nodes {
                for name in population.attribute_names() {
                    population.attribute(&name).ok();
                }
                population.dynamics_params().ok();
                population.positions().ok();
            }
            for edges in &circuit.edges {
                for block in edges.blocks(64).flatten() {
                    for name in edges.attribute_names() {
                        block.column(&name).ok();
                        block.attribute(&name).ok();
                    }
                }
                edges.afferent(&[0, 7, 49]).ok();
                edges.efferent(&[0, 7, 49]).ok();
            }
            said += usize::from(!problems.is_empty());
        }
        edges = golden.join("ring_ring_edges.h5");
    }
    assert!(said > 100, "{said}");
}

#[test]
fn networks_can_be_read_by_several_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Circuit>();
}
