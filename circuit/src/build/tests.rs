//! What is refused; what is written is read back by real readers in `tests/circuit`.

use super::*;

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
