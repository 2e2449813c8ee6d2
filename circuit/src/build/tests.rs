//! What is refused; what is written is read back by real readers in `tests/circuit`.

use super::*;
use std::borrow::Cow;

const IDS: [u64; 3] = [0, 1, 2];

fn set<'a>(source: &'a [u32], target: &'a [u32], columns: Vec<Column<'a>>) -> EdgeSet<'a> {
    EdgeSet {
        type_id: 100,
        source,
        target,
        source_ids: &IDS,
        target_ids: &IDS,
        columns,
    }
}

fn edges(sets: Vec<EdgeSet<'_>>) -> Edges<'_> {
    Edges {
        name: "a_to_a",
        source_population: "a",
        target_population: "a",
        source_nodes: 3,
        target_nodes: 3,
        sets,
        indices: true,
    }
}

fn column<'a>(name: &str, values: Values<'a>) -> Column<'a> {
    Column {
        name: name.to_owned(),
        values,
        width: 1,
    }
}

#[test]
fn what_does_not_fit_is_refused_and_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("edges.h5");
    std::fs::write(&path, "what was there").unwrap();
    for (sets, said) in [
        (
            vec![set(&[0, 3], &[0, 0], Vec::new())],
            "outside its table of nodes",
        ),
        (
            vec![set(&[0, 1], &[0], Vec::new())],
            "not as many sources as targets",
        ),
        (
            vec![set(
                &[0, 1],
                &[0, 0],
                vec![column("delay", Values::F64(&[1.0]))],
            )],
            "it has 1 rows, and there are 2",
        ),
        (
            vec![set(&[0], &[0], vec![column("a/b", Values::F64(&[1.0]))])],
            "no dataset can have this name",
        ),
        (
            vec![
                set(&[0], &[0], vec![column("delay", Values::F64(&[1.0]))]),
                set(&[0], &[0], vec![column("delay", Values::U32(&[1]))]),
            ],
            "of several kinds",
        ),
    ] {
        let refused = edges(sets).write(&path).unwrap_err().to_string();
        assert!(refused.contains(said), "{refused}");
    }
    let mut far = set(&[0], &[0], Vec::new());
    far.target_ids = &[1 << 60];
    let refused = edges(vec![far]).write(&path).unwrap_err().to_string();
    assert!(refused.contains("number nodes from 0"), "{refused}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "what was there");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_is_written_is_read_with_both_groups_and_by_both_indices() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    let layers = ["L 4".to_owned()];
    let nodes = Nodes {
        population: "a",
        sets: vec![
            NodeSet {
                type_id: 7,
                ids: &[0, 2],
                columns: vec![column("dynamics_params/V_th", Values::F64(&[-50.0, -45.0]))],
            },
            NodeSet {
                type_id: 8,
                ids: &[1],
                columns: vec![column("layer", Values::Words(&layers))],
            },
        ],
    };
    nodes.write(&file("nodes.h5")).unwrap();
    let types = Types {
        columns: vec!["node_type_id".to_owned(), "note".to_owned()],
        rows: vec![
            vec![Some("7".to_owned()), Some("two words".to_owned())],
            vec![Some("8".to_owned())],
        ],
    };
    types.write(&file("types.csv")).unwrap();
    let delays = [0.5, 1.5, 2.5];
    let mut other = set(
        &[2, 1],
        &[0, 2],
        vec![column("nsyns", Values::U32(&[3, 4]))],
    );
    other.type_id = 101;
    let sets = vec![
        set(
            &[0, 1, 2],
            &[2, 0, 2],
            vec![column("delay", Values::F64(&delays))],
        ),
        other,
    ];
    edges(sets).write(&file("edges.h5")).unwrap();

    let mut problems = crate::Problems::new();
    let nodes_file = crate::NodesFile {
        nodes_file: file("nodes.h5"),
        node_types_file: Some(file("types.csv")),
    };
    let edges_file = crate::EdgesFile {
        edges_file: file("edges.h5"),
        edge_types_file: None,
    };
    let circuit = crate::Circuit::open(&[nodes_file], &[edges_file], &mut problems);
    assert!(problems.is_empty(), "{problems}");
    let nodes = &circuit.nodes[0];
    assert_eq!(nodes.node_ids().iter().collect::<Vec<_>>(), [0, 2, 1]);
    let layer = nodes.attribute("layer").unwrap().unwrap();
    assert_eq!(
        [0, 1, 2].map(|at| layer.word(at).map(Cow::into_owned)),
        [None, None, Some("L 4".to_owned())]
    );
    let note = nodes.attribute("note").unwrap().unwrap();
    assert_eq!(note.word(0).as_deref(), Some("two words"));
    assert!(note.is_absent(2));
    let threshold = &nodes.dynamics_params().unwrap()[0];
    assert_eq!(threshold.0, "V_th");
    assert_eq!(threshold.1.float(1), Some(-45.0));

    let found = &circuit.edges[0];
    let all = found.block(0..5).unwrap();
    assert_eq!(all.target, [0, 0, 2, 2, 2]);
    assert_eq!(all.source, [1, 2, 0, 2, 1]);
    assert_eq!(all.type_id, [100, 101, 100, 100, 101]);
    let delay = all.attribute("delay").unwrap().unwrap();
    assert_eq!(&delay[2..4], [0.5, 2.5]);
    assert!(delay[1].is_nan());
    let nsyns = all.attribute("nsyns").unwrap().unwrap();
    assert_eq!([nsyns[1], nsyns[4]], [3.0, 4.0]);
    assert_eq!(found.afferent(&[1, 2]).unwrap(), vec![2..5]);
    assert_eq!(found.efferent(&[1]).unwrap(), [0..1, 4..5]);
}
