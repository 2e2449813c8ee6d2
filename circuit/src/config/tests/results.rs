//! Reports and output.

use std::path::Path;

use serde_json::{Value, json};

use super::super::*;
use super::{read, said};
use crate::spikes::Sorting;

#[test]
fn reports_are_read_in_all_spellings() {
    let block = |changes: Value| {
        let mut block = json!({"module": "membrane_report", "cells": "some"});
        block
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        read(&json!({"reports": {"v": block}}))
    };
    for (changes, warnings) in [
        (
            json!({"variable_name": "V_m", "start_time": 1, "end_time": 2, "dt": 0.5}),
            0,
        ),
        (
            json!({"input_type": "V_m", "tstart": 1, "tstop": 2, "interval": 0.5}),
            1,
        ),
        (
            json!({"module": "multimeter_report", "variable_name": ["V_m"], "tstart": 1, "end_time": 2, "dt": 0.5}),
            0,
        ),
        (
            json!({"module": null, "type": "compartment", "variable_name": "V_m", "start_time": 1, "end_time": 2, "dt": 0.5}),
            0,
        ),
        (
            json!({"input_type": "membrane", "variable_name": "V_m", "start_time": 1, "end_time": 2, "dt": 0.5}),
            1,
        ),
    ] {
        let (config, problems) = block(changes);
        assert_eq!(
            (problems.errors(), problems.warnings()),
            (0, warnings),
            "{problems}"
        );
        let report = &config.reports["v"];
        assert_eq!(
            report.recording,
            Recording::Membrane {
                variables: vec!["V_m".into()],
                sections: Vec::new(),
                dt: Some(0.5),
                start_time: Some(1.0),
                end_time: Some(2.0),
                unit: None,
            }
        );
        assert_eq!(report.file_name, Path::new("v.h5"));
    }
    for (changes, key) in [
        (json!({}), "reports.v.variable_name: is missing"),
        (
            json!({"module": "membrane_reports", "variable_name": "v"}),
            "did you mean \"membrane_report\"?",
        ),
        (json!({"variable_name": []}), "names no variable"),
        (
            json!({"variable_name": "v", "start_time": 2, "end_time": 1}),
            "reports.v.end_time",
        ),
        (
            json!({"variable_name": "v", "tstart": 2, "start_time": 1}),
            "says the same as",
        ),
    ] {
        let words = block(changes).1.to_string();
        assert!(
            words.starts_with("error: ") && words.contains(key),
            "{words}"
        );
    }
    let (config, problems) = read(
        &json!({"reports": {"a": {"module": "syn_weight"}, "b": {"module": "syn_report", "variable_name": "g"}}}),
    );
    assert_eq!(config.reports["a"].module, "weight_recorder");
    assert_eq!(config.reports["b"].module, "netcon_report");
    assert_eq!(
        (problems.errors(), problems.warnings()),
        (0, 2),
        "{problems}"
    );
}

#[test]
fn each_variable_and_each_report_has_its_file() {
    let (config, problems) = read(&json!({"reports": {
        "a": {"module": "membrane_report", "variable_name": ["V_m", "I_syn/ex", "V_m"], "file_name": "v.h5"},
        "b": {"module": "membrane_report", "variable_name": "V_m", "file_name": "v.h5"},
    }}));
    assert_eq!(
        config.reports["a"].files(Path::new("out")),
        [
            ("V_m".to_owned(), "out/v.h5".into()),
            ("I_syn/ex".to_owned(), "out/v_I_syn_ex.h5".into())
        ]
    );
    assert_eq!(
        (problems.errors(), problems.warnings()),
        (1, 1),
        "{problems}"
    );
    assert!(
        problems
            .to_string()
            .contains("reports.b.file_name: is the file of reports.a too"),
        "{problems}"
    );
}

#[test]
fn the_output_is_read_as_the_guide_has_it() {
    let (config, problems) = read(&json!({"output": {
        "output_dir": "./output", "spikes_file": "spikes.h5", "spikes_file_csv": "./output/s.csv", "log_file": "none",
        "spikes_sort_order": "Time", "compression": "gzip",
    }}));
    assert!(problems.is_empty(), "{problems}");
    let output = &config.output;
    assert_eq!(output.output_dir, Path::new("/data/output"));
    assert_eq!(output.spikes_file, [Path::new("/data/output/spikes.h5")]);
    assert_eq!(output.spikes_file_csv, [Path::new("/data/output/s.csv")]);
    assert_eq!(
        (
            output.log_file.as_ref(),
            output.overwrite_output_dir,
            output.gzip
        ),
        (None, true, true)
    );
    assert_eq!(output.spikes_sort_order, Sorting::ByTime);
    assert_eq!(config.json()["output"]["spikes_file"], "./output/spikes.h5");
    let (config, problems) = read(&json!({"output": {"spikes_file": null, "sort_by": "node_id"}}));
    assert_eq!(
        (problems.errors(), problems.warnings()),
        (0, 1),
        "{problems}"
    );
    assert!(config.output.spikes_file.is_empty());
    assert_eq!(config.output.spikes_sort_order, Sorting::ById);
    assert!(
        said(&json!({"output": {"spikes_sort_order": "by_tim"}}))
            .contains("did you mean \"by_time\"?")
    );
}
