//! What the guide, SONATA and BMTK write is read alike, and what is wrong is said.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::*;

mod files;
mod results;
mod variables;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/golden/sonata")
}

/// A configuration in a folder of its own.
fn read(value: &Value) -> (Config, Problems) {
    let mut problems = Problems::new();
    let options = Options {
        working_dir: Some("/data".into()),
        ..Options::default()
    };
    let config =
        Config::from_value(value.clone(), Path::new("/here"), &options, &mut problems).unwrap();
    (config, problems)
}

/// What is wrong with a section.
fn said(value: &Value) -> String {
    read(value)
        .1
        .to_string()
        .replace("/here/sonata_config.json: ", "")
}

fn clamp(changes: &Value) -> Value {
    let mut block = json!({"input_type": "current_clamp", "module": "IClamp", "node_set": "a", "amp": 1.0, "delay": 0, "duration": 2});
    block
        .as_object_mut()
        .unwrap()
        .extend(changes.as_object().unwrap().clone());
    json!({"inputs": {"clamp": block}})
}

#[test]
fn all_golden_configurations_are_read_without_a_word() {
    let mut cases = 0;
    for entry in std::fs::read_dir(golden()).unwrap() {
        let file = entry.unwrap().path().join("config.json");
        if !file.exists() {
            continue;
        }
        cases += 1;
        let mut problems = Problems::new();
        let config = Config::load(&file, &mut problems).unwrap();
        assert!(problems.is_empty(), "{problems}");
        assert!(config.run.tstop.unwrap() > 0.0 && config.run.dt > 0.0);
        for network in &config.networks.nodes {
            assert!(network.nodes_file.exists());
            assert!(network.node_types_file.as_ref().unwrap().exists());
        }
        for network in &config.networks.edges {
            assert!(network.edges_file.exists());
            assert!(network.edge_types_file.as_ref().unwrap().exists());
        }
        for input in config.inputs.values() {
            if let Stimulus::Spikes { files, .. } = &input.stimulus {
                assert!(files.iter().all(|file| file.exists()), "{files:?}");
            }
        }
        assert!(
            config
                .components
                .get("point_neuron_models_dir")
                .unwrap()
                .exists()
        );
        assert!(!config.output.spikes_file.is_empty());
        let foreign = config.not_for(Engine::PointNet).count();
        assert_eq!(foreign > 0, file.to_string_lossy().contains("f_bionet"));
    }
    assert_eq!(cases, 11);
}

#[test]
fn a_number_within_quotes_says_how_to_write_it() {
    assert_eq!(
        said(&json!({"run": {"tstop": "100", "dt": 0.1}})),
        "error: run.tstop: is the text \"100\"; a number of 0 or more in ms is needed; write 100 without quotes"
    );
}

#[test]
fn unknown_keys_are_warned_of_with_the_nearest() {
    let words =
        said(&json!({"run": {"tstop": 1, "dt": 0.1, "tstopp": 2, "zzzzzzzz": 1}, "input": {}}));
    assert!(
        words
            .contains("warning: run.tstopp: is no key that is known here; did you mean \"tstop\"?"),
        "{words}"
    );
    assert!(words.contains("warning: run.zzzzzzzz"), "{words}");
    assert!(
        words.contains("warning: input: is no key that is known here; did you mean \"inputs\"?"),
        "{words}"
    );
}

#[test]
fn times_that_cannot_be_are_errors() {
    for (run, key) in [
        (json!({"dt": 0.1}), "run.tstop: is missing"),
        (
            json!({"dt": 0, "tstop": 1}),
            "run.dt: is 0; a number above 0",
        ),
        (
            json!({"dt": 0.1, "tstop": 5, "tstart": 5}),
            "run.tstop: 5 ms is not after",
        ),
        (
            json!({"dt": 0.1, "tstop": 5, "duration": 6}),
            "run.duration: ends at 6 ms",
        ),
        (
            json!({"dt": 0.1, "tstop": 5, "n_thread": 0.5}),
            "run.n_thread",
        ),
        (json!({"dt": 0.1, "tstop": [5]}), "run.tstop: is a list"),
    ] {
        let words = said(&json!({"run": run}));
        assert!(
            words.starts_with("error: ") && words.contains(key),
            "{words}"
        );
    }
    let (config, problems) = read(&json!({"run": {"duration": 10, "tstart": 5}}));
    assert_eq!(config.run.tstop, Some(15.0));
    assert_eq!(config.run.dt, 0.1);
    assert_eq!(
        (problems.errors(), problems.warnings()),
        (0, 1),
        "dt: {problems}"
    );
}

#[test]
fn the_guides_clamp_is_the_codes_clamp() {
    let (config, problems) = read(&clamp(&json!({"module": "ICLAMP"})));
    assert_eq!(config.inputs["clamp"].module, "IClamp");
    assert_eq!(problems.errors(), 0, "{problems}");
    assert!(
        problems
            .to_string()
            .contains("\"ICLAMP\" is read as \"IClamp\""),
        "{problems}"
    );
    let table = Stimulus::CurrentTable {
        file: "/here/a.csv".into(),
        separator: " ".into(),
        timestamps_column: "timestamps".into(),
        amplitudes_column: "amps".into(),
    };
    for (input_type, module) in [
        ("current_clamp", "csv"),
        ("csv", "IClamp"),
        ("file", "IClamp"),
    ] {
        let (config, problems) = read(
            &json!({"inputs": {"c": {"input_type": input_type, "module": module, "file": "a.csv"}}}),
        );
        assert!(problems.is_empty(), "{problems}");
        assert_eq!(config.inputs["c"].stimulus, table);
        assert_eq!(config.json()["inputs"]["c"]["file"], "/here/a.csv");
    }
}

#[test]
fn clamps_that_cannot_be_are_errors() {
    for (changes, key) in [
        (
            json!({"amp": [1, 2]}),
            "inputs.clamp.amp: amp, delay and duration have 2, 1 and 1 values",
        ),
        (
            json!({"duration": null}),
            "inputs.clamp.duration: is missing",
        ),
        (json!({"delay": -1}), "inputs.clamp.delay: is -1"),
        (json!({"amp": "1"}), "inputs.clamp.amp: is the text"),
        (json!({"module": "IKlamp"}), "did you mean \"IClamp\"?"),
        (
            json!({"module": "noise"}),
            "known are IClamp, csv, file, nwb, allen",
        ),
        (
            json!({"input_type": "curent_clamp"}),
            "did you mean \"current_clamp\"?",
        ),
        (json!({"module": null}), "inputs.clamp.module: is missing"),
        (json!({"node_set": 3}), "inputs.clamp.node_set: is 3"),
    ] {
        let words = said(&clamp(&changes));
        assert!(
            words.starts_with("error: ") && words.contains(key),
            "{words}"
        );
    }
    for (input_type, module, hint) in [
        ("spikes", "poisson", "No engine makes random trains"),
        ("spikes", "synapse_replay", "is \"sonata\" here"),
        ("current_clamp", "linear", "is \"IClamp\" here"),
    ] {
        let words = said(&json!({"inputs": {"p": {"input_type": input_type, "module": module}}}));
        assert!(words.contains(hint), "{words}");
    }
}

#[test]
fn what_is_switched_off_is_not_there() {
    let (config, problems) = read(&clamp(&json!({"enabled": false, "module": "nothing"})));
    assert!(
        config.inputs.is_empty() && problems.is_empty(),
        "{problems}"
    );
}

#[test]
fn what_other_engines_heed_is_kept_and_told_apart() {
    let (config, problems) = read(&json!({
        "run": {"tstop": 10, "dt": 0.1, "dL": 20, "spike_threshold": -15, "nsteps_block": 500},
        "conditions": {"v_init": -80, "celsius": 34},
        "inputs": {
            "x": {"input_type": "extracellular", "module": "xstim", "positions_file": "p.csv", "waveform": {"amp": 1}},
            "se": {"input_type": "voltage_clamp", "module": "SEClamp", "amp": 1, "delay": 1, "duration": 1},
            "m": {"input_type": "movie", "module": "grating", "row_size": 10, "gray_screen_dur": 500},
            "r": {"input_type": "replay", "module": "replay", "spikes_file": "s.h5", "edges": {"edges_file": "e.h5"}},
        },
        "reports": {"ecp": {"module": "extracellular", "electrode_positions": "e.csv", "electrode_channels": "all"}},
    }));
    assert!(problems.is_empty(), "{problems}");
    assert_eq!(config.run.dl, Some(20.0));
    assert_eq!(config.conditions.celsius, Some(34.0));
    let keys: Vec<String> = config
        .not_for(Engine::PointNet)
        .map(|one| format!("{}: {}", one.key, one.engines))
        .collect();
    for wanted in [
        "run.dL: BioNet",
        "conditions.v_init: BioNet",
        "inputs.m.row_size: FilterNet",
    ] {
        assert!(keys.iter().any(|key| key == wanted), "{wanted}: {keys:?}");
    }
    assert_eq!(config.inputs["se"].engines, Engines::BIONET);
    assert_eq!(config.reports["ecp"].engines, Engines::BIONET);
    let Stimulus::Other(values) = &config.inputs["x"].stimulus else {
        panic!("another");
    };
    assert_eq!(values["positions_file"], "/here/p.csv");
    assert!(
        matches!(&config.inputs["r"].stimulus, Stimulus::Replay { edges_file, .. } if edges_file == Path::new("/here/e.h5"))
    );
}

#[test]
fn components_are_known_by_the_guides_names() {
    let (config, problems) = read(
        &json!({"components": {"filters_dir": "f", "synpatic_models_dir": "/s", "point_neuron_models": "x"}}),
    );
    assert_eq!(
        config.components.get("filter_models_dir"),
        Some(&PathBuf::from("/here/f"))
    );
    assert_eq!(
        config.components.get("synaptic_models_dir"),
        Some(&PathBuf::from("/s"))
    );
    assert_eq!(
        (problems.errors(), problems.warnings()),
        (0, 3),
        "{problems}"
    );
}

#[test]
fn hostile_configurations_are_errors() {
    for value in [json!([]), json!(3), json!(null), json!("x")] {
        let mut problems = Problems::new();
        assert!(
            Config::from_value(value, Path::new("/"), &Options::default(), &mut problems).is_err()
        );
    }
    for name in [
        "manifest",
        "run",
        "conditions",
        "components",
        "networks",
        "node_sets",
        "inputs",
        "reports",
        "output",
    ] {
        for wrong in [json!([]), json!(3), json!("x"), json!(true)] {
            let (_, problems) = read(&json!({name: wrong}));
            assert!(problems.errors() > 0, "{name}");
        }
    }
    for name in ["inputs", "reports"] {
        assert!(read(&json!({name: {"a": 3}})).1.errors() > 0);
    }
    for wrong in [
        json!({"nodes": 3}),
        json!({"nodes": [3]}),
        json!({"nodes": [{}]}),
        json!({}),
    ] {
        assert!(read(&json!({"networks": wrong})).1.errors() > 0);
    }
    assert!(Config::load("/none/at/all.json", &mut Problems::new()).is_err());
}

#[test]
fn a_million_unknown_keys_end_soon() {
    let mut run = Map::new();
    for at in 0..300_000 {
        run.insert(format!("unknown{at}"), json!(at));
    }
    let (_, problems) = read(&json!({"run": run}));
    assert_eq!(problems.warnings(), 300_001, "dt too");
}

/// All places in a value, as pointers.
fn places(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Array(items) => {
            for (number, item) in items.iter().enumerate() {
                places(item, &format!("{at}/{number}"), all);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                places(field, &format!("{at}/{name}"), all);
            }
        }
        _ => {}
    }
}

#[test]
fn a_golden_configuration_with_any_wrong_value_is_read_or_refused() {
    for case in ["a_ring_alpha", "e_iclamp_v", "f_bionet"] {
        let text = std::fs::read_to_string(golden().join(case).join("config.json")).unwrap();
        let whole: Value = serde_json::from_str(&text).unwrap();
        let mut all = Vec::new();
        places(&whole, "", &mut all);
        for place in all {
            for wrong in [
                json!(null),
                json!(-1.5),
                json!("$"),
                json!("${x"),
                json!([[]]),
                json!({"": {}}),
                json!(true),
            ] {
                let mut changed = whole.clone();
                *changed.pointer_mut(&place).unwrap() = wrong;
                let mut problems = Problems::new();
                let folder = golden().join(case);
                drop(Config::from_value(
                    changed,
                    &folder,
                    &Options::default(),
                    &mut problems,
                ));
            }
        }
    }
}
