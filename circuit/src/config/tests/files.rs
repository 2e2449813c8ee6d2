//! Split files, folders and paths.

use std::path::Path;

use serde_json::{Value, json};

use super::super::*;

fn write(folder: &Path, files: &[(&str, Value)]) {
    for (name, value) in files {
        std::fs::write(folder.join(name), value.to_string()).unwrap();
    }
}

#[test]
fn split_files_have_their_own_folders_and_variables() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    std::fs::create_dir_all(at.join("net")).unwrap();
    write(
        at,
        &[
            (
                "c.json",
                json!({"manifest": {"$D": "one"}, "simulation": "${configdir}/s.json", "network": "net/n.json", "run": {"tstop": 1, "dt": 1}}),
            ),
            (
                "s.json",
                json!({"manifest": {"$D": 2}, "run": {"tstop": "$D", "dt": 0.5}, "node_sets_file": "sets.json"}),
            ),
            ("sets.json", json!({"a": {"population": "p"}})),
            (
                "net/n.json",
                json!({"manifest": {"$D": "dir"}, "networks": {"nodes": [{"nodes_file": "$D/n.h5", "node_types_file": "NULL"}]}}),
            ),
        ],
    );
    let mut problems = Problems::new();
    let options = Options {
        overrides: vec![parse_override("run.dt=0.25").unwrap()],
        ..Options::default()
    };
    let config = Config::load_with(at.join("c.json"), &options, &mut problems).unwrap();
    assert_eq!(
        (problems.errors(), problems.warnings()),
        (0, 1),
        "{problems}"
    );
    assert!(
        problems.to_string().contains("run: the section of"),
        "{problems}"
    );
    assert_eq!((config.run.tstop, config.run.dt), (Some(2.0), 0.25));
    assert_eq!(config.networks.nodes[0].nodes_file, at.join("net/dir/n.h5"));
    assert_eq!(config.networks.nodes[0].node_types_file, None);
    assert_eq!(config.node_sets["a"]["population"], "p");
    assert_eq!(config.json()["node_sets"]["a"]["population"], "p");
    assert_eq!(
        config.json()["config_path"],
        at.join("c.json").to_str().unwrap()
    );
}

#[test]
fn files_that_name_each_other_are_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    write(
        at,
        &[
            ("a.json", json!({"network": "b.json"})),
            (
                "b.json",
                json!({"simulation": "a.json", "network": "none.json"}),
            ),
            ("c.json", json!({"network": {"nodes": []}})),
        ],
    );
    let mut problems = Problems::new();
    Config::load(at.join("a.json"), &mut problems).unwrap();
    let words = problems.to_string();
    assert_eq!(problems.errors(), 2, "{words}");
    assert!(
        words.contains("simulation: ") && words.contains("names itself in the end"),
        "{words}"
    );
    assert!(words.contains("none.json: No such file"), "{words}");
    let mut problems = Problems::new();
    Config::load(at.join("c.json"), &mut problems).unwrap();
    assert!(
        problems
            .to_string()
            .contains("the section of the network's files is \"networks\""),
        "{problems}"
    );
}

#[test]
fn what_lies_where_the_program_runs_is_taken_with_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    std::fs::create_dir_all(&here).unwrap();
    std::fs::create_dir_all(&there).unwrap();
    std::fs::write(there.join("n.h5"), "").unwrap();
    let options = Options {
        working_dir: Some(there.clone()),
        ..Options::default()
    };
    let mut problems = Problems::new();
    let value = json!({"networks": {"nodes": [{"nodes_file": "n.h5"}, {"nodes_file": "m.h5"}]}});
    let config = Config::from_value(value, &here, &options, &mut problems).unwrap();
    assert_eq!(config.networks.nodes[0].nodes_file, there.join("n.h5"));
    assert_eq!(config.networks.nodes[1].nodes_file, here.join("m.h5"));
    assert_eq!(problems.warnings(), 1, "{problems}");
}
