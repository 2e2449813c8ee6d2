use crate::hdf5::Group;
use crate::hdf5::read::File;
use crate::testing::{Making, edges_file, golden_network};
use crate::{Column, EdgePopulation, NodePopulation, Problems, TypesTable};
use std::path::Path;
use std::sync::Arc;

const TYPES: &str = "node_type_id layer ei w\n100 5 e 0.5\n101 6 i NULL\n";

/// Two groups, mixed: group 0 has `layer`, `w` and `name`; group 3 has `w` only.
fn two_groups(folder: &Path) -> NodePopulation {
    let path = folder.join("nodes.h5");
    let mut making = Making::new(&path);
    let mut population = Group::new();
    making.column(
        &mut population,
        "node_type_id",
        &[100_u64, 101, 100, 101, 100],
    );
    making.column(&mut population, "node_group_id", &[0_u16, 3, 0, 3, 0]);
    making.column(&mut population, "node_group_index", &[2_u64, 1, 0, 0, 1]);
    let mut first = Group::new();
    making.column(&mut first, "layer", &[10_i32, 11, 12]);
    making.column(&mut first, "w", &[1.0_f64, 1.1, 1.2]);
    making.words(&mut first, "name", &["a", "b", "a"]);
    making.column(&mut first, "kind", &[1_u8, 0, 1]);
    let mut library = Group::new();
    making.words(&mut library, "kind", &["basket", "pyramidal"]);
    first.group("@library", library);
    let mut parameters = Group::new();
    making.column(&mut parameters, "tau_m", &[20.0_f64, 21.0, 22.0]);
    first.group("dynamics_params", parameters);
    let mut second = Group::new();
    making.column(&mut second, "w", &[2.0_f32, 2.5]);
    population.group("0", first);
    population.group("3", second);
    making.finish("nodes", vec![("one", population)]);
    let types = TypesTable::parse(Path::new("t.csv"), TYPES, "node_type_id").unwrap();
    NodePopulation::open(&File::open(&path).unwrap(), "one", Some(Arc::new(types))).unwrap()
}

#[test]
fn a_group_is_over_the_table_and_every_node_has_its_own_row() {
    let folder = tempfile::tempdir().unwrap();
    let nodes = two_groups(folder.path());
    let ints = |values: &[i64]| Column::Ints {
        values: values.to_vec(),
        present: None,
    };
    // Nodes 1 and 3 are of a group without the column: the table's value for their type.
    assert_eq!(
        nodes.attribute("layer").unwrap().unwrap(),
        ints(&[12, 6, 10, 6, 11])
    );
    assert_eq!(
        nodes.attribute("w").unwrap().unwrap(),
        Column::Floats(vec![1.2, 2.5, 1.0, 2.0, 1.1])
    );
    assert_eq!(
        nodes.numbers("w").unwrap().unwrap(),
        [1.2, 2.5, 1.0, 2.0, 1.1]
    );
    let name = nodes.attribute("name").unwrap().unwrap();
    let words: Vec<_> = (0..5)
        .map(|at| name.word(at).map(std::borrow::Cow::into_owned))
        .collect();
    assert_eq!(
        words,
        [Some("a"), None, Some("a"), None, Some("b")].map(|word| word.map(str::to_owned))
    );
    let ei = nodes.attribute("ei").unwrap().unwrap();
    assert_eq!(
        (0..5)
            .map(|at| ei.word(at).unwrap().into_owned())
            .collect::<String>(),
        "eieie"
    );
    assert_eq!(nodes.attribute("nosuch").unwrap(), None);
    assert_eq!(nodes.meant("layr"), "; did you mean \"layer\"?");
}

#[test]
fn numbers_stand_for_the_words_of_a_library() {
    let folder = tempfile::tempdir().unwrap();
    let kind = two_groups(folder.path())
        .attribute("kind")
        .unwrap()
        .unwrap();
    let words: Vec<_> = [0, 2, 4]
        .map(|at| kind.word(at).unwrap().into_owned())
        .to_vec();
    assert_eq!(words, ["pyramidal", "pyramidal", "basket"]);
    assert!(kind.is_absent(1));
}

/// BMTK ignores this group and takes the table's JSON.
#[test]
fn dynamics_params_of_hdf5_are_found_for_each_node() {
    let folder = tempfile::tempdir().unwrap();
    let found = two_groups(folder.path()).dynamics_params().unwrap();
    let (name, column) = &found[0];
    assert_eq!((found.len(), name.as_str()), (1, "tau_m"));
    assert_eq!(
        [0, 1, 2, 3, 4].map(|at| column.float(at)),
        [Some(22.0), None, Some(20.0), None, Some(21.0)]
    );
}

#[test]
fn groups_and_rows_that_do_not_exist_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    for (nth, (groups, rows, length, said)) in [
        (
            [0_u16, 1],
            [0_u64, 0],
            2,
            "node_group_id: names the group 1, which is missing; there are 0",
        ),
        (
            [0, 0],
            [0, 2],
            2,
            "node_group_index: is 2, but the group 0 has 2 rows",
        ),
        ([0, 0], [1, 0], 3, "other columns of its group have 2"),
    ]
    .into_iter()
    .enumerate()
    {
        let path = folder.path().join(format!("{nth}.h5"));
        let mut making = Making::new(&path);
        let mut population = Group::new();
        making.column(&mut population, "node_type_id", &[100_u64, 100]);
        making.column(&mut population, "node_group_id", &groups);
        making.column(&mut population, "node_group_index", &rows);
        let mut group = Group::new();
        making.column(&mut group, "a", &[1.0_f64, 2.0]);
        making.column(&mut group, "b", &vec![1.0_f64; length]);
        population.group("0", group);
        making.finish("nodes", vec![("one", population)]);
        let error = NodePopulation::open(&File::open(&path).unwrap(), "one", None)
            .unwrap_err()
            .to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn columns_of_different_lengths_and_negative_ids_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str, fill: &dyn Fn(&mut Making, &mut Group)| {
        let path = folder.path().join(name);
        let mut making = Making::new(&path);
        let mut population = Group::new();
        fill(&mut making, &mut population);
        making.finish("nodes", vec![("one", population)]);
        NodePopulation::open(&File::open(&path).unwrap(), "one", None)
            .unwrap_err()
            .to_string()
    };
    let error = open("a.h5", &|making, group| {
        making.column(group, "node_type_id", &[1_u64, 2, 3]);
        making.column(group, "node_id", &[0_u64, 1]);
    });
    assert!(
        error.contains("/nodes/one/node_id: has 2 values, node_type_id has 3"),
        "{error}"
    );
    let error = open("b.h5", &|making, group| {
        making.column(group, "node_type_id", &[1_u64, 2]);
        making.column(group, "node_id", &[0_i64, -1]);
    });
    assert!(error.contains("the value -1 does not fit"), "{error}");
    let error = open("c.h5", &|making, group| {
        making.column(group, "node_type_id", &[1_u64, 2]);
        making.column(group, "node_id", &[7_u64, 7]);
    });
    assert!(error.contains("node_id: has 7 twice"), "{error}");
    let error = open("d.h5", &|making, group| {
        making.column(group, "node_type_id", &[1_u64, 2]);
        making.column(group, "node_group_id", &[0_u64, 0]);
    });
    assert!(
        error.contains("/nodes/one/node_group_index: is missing"),
        "{error}"
    );
    let error = open("e.h5", &|making, group| {
        making.column(group, "node_id", &[1_u64]);
    });
    assert!(
        error.contains("/nodes/one/node_type_id: is missing"),
        "{error}"
    );
}

/// The numbers are h5py's.
#[test]
fn golden_attributes_are_those_of_h5py() {
    let mut problems = Problems::new();
    let circuit = golden_network("b_ei_exp", &mut problems);
    let cortex = circuit.population("cortex").unwrap();
    let x = cortex.numbers("x").unwrap().unwrap();
    assert!((x[0] - 312.447_035_53).abs() < 1e-8 && (x[299] - 329.626_472_54).abs() < 1e-8);
    let ei = cortex.attribute("ei").unwrap().unwrap();
    assert_eq!(
        (ei.word(239).as_deref(), ei.word(240).as_deref()),
        (Some("e"), Some("i"))
    );
    assert_eq!(cortex.positions().unwrap().unwrap()[0][0], x[0]);
    let edges = circuit
        .edges
        .iter()
        .find(|one| one.name() == "cortex_to_cortex")
        .unwrap();
    let (mut delay, mut weight) = (0.0, 0.0);
    for block in edges.blocks(999) {
        let block = block.unwrap();
        delay += block
            .attribute("delay")
            .unwrap()
            .unwrap()
            .iter()
            .sum::<f64>();
        weight += block
            .attribute("syn_weight")
            .unwrap()
            .unwrap()
            .iter()
            .sum::<f64>();
        assert_eq!(
            block
                .column("model_template")
                .unwrap()
                .unwrap()
                .word(0)
                .as_deref(),
            Some("static_synapse")
        );
    }
    assert!((delay - 22960.7).abs() < 1e-6 && (weight - 98_208.186_206_373_17).abs() < 1e-6);
}

#[test]
fn an_attribute_of_text_is_no_number() {
    let folder = tempfile::tempdir().unwrap();
    let mut making = Making::new(&folder.path().join("e.h5"));
    let group = making.edges(["a", "b"], &[[0, 0], [1, 1]]);
    let file = making.finish("edges", vec![("a_to_b", group)]);
    let file = edges_file(file, Some("edge_type_id delay w\n100 fast 2\n"));
    let mut problems = Problems::new();
    let edges = EdgePopulation::open_all(
        &file.edges_file,
        file.edge_types_file.as_deref(),
        &mut problems,
    );
    assert!(problems.is_empty(), "{problems}");
    let block = edges[0].block(0..2).unwrap();
    assert_eq!(block.attribute("w").unwrap().unwrap(), [2.0, 2.0]);
    let error = block.attribute("delay").unwrap_err().to_string();
    assert!(
        error.contains("/edges/a_to_b/delay: is \"fast\"; a number is needed"),
        "{error}"
    );
}
