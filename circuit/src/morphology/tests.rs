//! Morphologies: the golden one, those that are odd, and those that are refused.

use std::path::Path;

use super::*;

fn read(text: &str) -> Result<Morphology, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cell.swc");
    std::fs::write(&path, text).unwrap();
    Morphology::from_swc(&path).map_err(|error| error.to_string())
}

#[test]
fn the_golden_neuron_has_its_branches() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/network/bsb_v8/neuron.swc");
    let neuron = Morphology::from_swc(&path).unwrap();
    assert_eq!(neuron.name, "neuron");
    let ends: Vec<_> = neuron
        .branches
        .iter()
        .map(|one| (one.start, one.stop, one.parent))
        .collect();
    // The soma's first point forks: to its second, which goes on as a dendrite that forks, and to the axon.
    assert_eq!(
        ends,
        [
            (0, 1, None),
            (1, 3, Some(0)),
            (3, 5, Some(1)),
            (5, 8, Some(1)),
            (8, 10, Some(0))
        ]
    );
    assert_eq!(neuron.parents, [-1, 0, 1, 2, 3, 2, 5, 6, 0, 8]);
    assert_eq!(neuron.points[5], [-10.0, 30.0, 0.0]);
    assert_eq!(neuron.radii[8..], [0.5, 0.4]);
    assert_eq!(neuron.labels.names(), ["soma", "dendrites", "axon"]);
    assert_eq!(
        neuron
            .labels
            .mask("axon")
            .iter()
            .filter(|one| **one)
            .count(),
        2
    );
    assert!(neuron.labels.has(9, "axon") && !neuron.labels.has(2, "axon"));
}

#[test]
fn lines_may_stand_in_any_order_with_remarks_and_more_columns() {
    let text = "\u{feff}# made by hand\r\n\r\n3 7 0 2 0 0.5 2 99\r\n 1 1.0 0 0 0 4 -1 # root\r\n2\t0 0 1 0 1 1\r\n";
    let cell = read(text).unwrap();
    assert_eq!(cell.points, [[0.0; 3], [0.0, 1.0, 0.0], [0.0, 2.0, 0.0]]);
    assert_eq!(cell.parents, [-1, 0, 1]);
    assert_eq!(cell.branches.len(), 1);
    assert_eq!(cell.labels.names(), ["soma", "type_7"]);
}

#[test]
fn several_roots_are_several_trees() {
    let cell = read("1 1 0 0 0 1 -1\n2 1 1 0 0 1 -1\n3 3 2 0 0 1 2\n").unwrap();
    assert_eq!(cell.parents, [-1, -1, 1]);
    assert_eq!(cell.branches.len(), 2);
}

#[test]
fn what_is_no_morphology_is_refused_with_its_line() {
    for (text, words) in [
        ("", "no point"),
        ("# only a remark\n", "no point"),
        (
            "1 1 0 0 0 1 -1\n2 3 0 0 1 1\n",
            "line 2: a point has seven columns",
        ),
        ("1 1 0 0 zero 1 -1\n", "line 1: \"zero\" is no number"),
        ("1 1 nan 0 0 1 -1\n", "line 1: the point is at (NaN"),
        ("1 1 0 0 1e300 1 -1\n", "which is no place"),
        ("1 1 0 0 0 -1 -1\n", "line 1: the point has the radius -1"),
        (
            "1 1 0 0 0 1 -1\n1 1 0 0 0 1 -1\n",
            "line 2: the point 1 is there twice",
        ),
        ("1 1 0 0 0 1 -1\n2 1 0 0 0 1 7\n", "line 2: its parent 7"),
        (
            "1 1 0 0 0 1 -1\n2 1 0 0 0 1 3\n3 1 0 0 0 1 2\n",
            "2 of its 3 points hang on no root",
        ),
        ("1 1 0 0 0 1 1\n", "1 of its 1 points"),
        ("1.5 1 0 0 0 1 -1\n", "1.5 is no whole number"),
        ("1 1e30 0 0 0 1 -1\n", "is no whole number"),
    ] {
        let refused = read(text).unwrap_err();
        assert!(
            refused.contains(words) && refused.contains("cell.swc"),
            "{text:?}: {refused}"
        );
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("picture.swc");
    std::fs::write(&path, [0x89, b'P', 0xff]).unwrap();
    let refused = Morphology::from_swc(&path).unwrap_err().to_string();
    assert!(refused.contains("no text"), "{refused}");
}

#[test]
fn many_points_in_a_row_are_no_deep_call() {
    let mut text = String::new();
    for at in 1..=200_000_i64 {
        text += &format!("{at} 3 {at} 0 0 1 {}\n", if at == 1 { -1 } else { at - 1 });
    }
    let cell = read(&text).unwrap();
    assert_eq!((cell.branches.len(), cell.points.len()), (1, 200_000));
}

#[test]
fn branches_that_do_not_fit_their_points_are_refused() {
    let rows = [[0.0, 0.0, 0.0, 1.0]; 4];
    for (branches, words) in [
        (vec![(5, -1)], "branch 0 ends at 5"),
        (vec![(3, -1), (2, 0)], "branch 1 ends at 2"),
        (vec![(-1, -1)], "ends at -1"),
        (vec![(2, -1), (4, 1)], "branch 1 goes on from 1"),
        (vec![(3, -1)], "has 4 points, and its branches end at 3"),
        (vec![], "branches end at 0"),
    ] {
        let refused = Morphology::of_branches("a", &rows, &branches).unwrap_err();
        assert!(refused.contains(words), "{refused}");
    }
    // A branch without points hands on the end of its parent.
    let cell = Morphology::of_branches("a", &rows, &[(2, -1), (2, 0), (4, 1)]).unwrap();
    assert_eq!(cell.parents, [-1, 0, 1, 2]);
}

#[test]
fn a_centred_soma_is_at_0() {
    let mut cell = read("1 3 1 1 1 1 -1\n2 1 4 5 6 1 1\n").unwrap();
    cell.center();
    assert_eq!(cell.points, [[-3.0, -4.0, -5.0], [0.0; 3]]);
}
