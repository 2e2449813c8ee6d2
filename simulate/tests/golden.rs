//! The golden networks, run from configuration to files: the spikes and voltages that BMTK 1.2.0 with
//! NEST 3.10.0 gave for them (tests/golden/sonata).

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

use std::path::{Path, PathBuf};

use blendtorch_circuit::Problems;
use blendtorch_circuit::reports::ReportFile;
use blendtorch_circuit::spikes::{Sorting, SpikesFile};
use blendtorch_simulate::{Options, Plan, Run};
use serde_json::Value;

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/golden/sonata")
        .join(name)
}

/// Runs a case into a folder; all of it, or in pieces that end off every round number of steps.
fn run(name: &str, out: &Path, threads: usize, pieces: bool) {
    let options = Options {
        config: case(name).join("config.json"),
        output_dir: Some(out.to_owned()),
        threads: Some(threads),
        ..Options::default()
    };
    let (plan, problems) = Plan::make(&options);
    assert_eq!(problems.errors(), 0, "{name}: {problems}");
    // What has no effect in NEST either is said, and nothing else.
    let odd = |one: &&blendtorch_circuit::Problem| !one.text.contains("asc_init");
    assert_eq!(problems.iter().find(odd), None, "{name}");
    let mut run = Run::start(plan.unwrap()).unwrap();
    if pieces {
        for time in [0.1, 0.4, 7.7, 100.3] {
            run.advance_to(time).unwrap();
        }
    }
    while run.advance().unwrap() {}
    let (summary, _) = run.finish().unwrap();
    assert!(!summary.is_cut());
}

/// (time, cell) of all spikes, in that order.
fn spikes(file: &Path, population: &str) -> Vec<(f64, u64)> {
    let file = SpikesFile::open(file).unwrap();
    let found = file.population(population).unwrap();
    let mut trains = file.read(found, None, &mut Problems::new()).unwrap();
    trains.sort(Sorting::ByTime);
    trains.iter().map(|(id, time)| (time, id)).collect()
}

/// What is expected, as `expected/spikes.json` has it.
fn expected(name: &str) -> Vec<(String, Vec<(f64, u64)>)> {
    let text = std::fs::read_to_string(case(name).join("expected/spikes.json")).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    let population = |(name, of): (&String, &Value)| {
        let times = of["timestamps"].as_array().unwrap().iter();
        let ids = of["node_ids"].as_array().unwrap().iter();
        let spikes = times
            .zip(ids)
            .map(|(time, id)| (time.as_f64().unwrap(), id.as_u64().unwrap()));
        (name.clone(), spikes.collect())
    };
    all.as_object().unwrap().iter().map(population).collect()
}

/// BMTK's report passed through text of three decimals, and has row k after step k + 1.
fn compare_voltages(name: &str, out: &Path) {
    let (ours, theirs) = (out.join("v.h5"), case(name).join("expected/v.h5"));
    let (ours, theirs) = (
        ReportFile::open(&ours).unwrap(),
        ReportFile::open(&theirs).unwrap(),
    );
    let theirs = &theirs.populations()[0];
    let ours = ours.population(theirs.name()).unwrap();
    assert_eq!(ours.node_ids(), theirs.node_ids(), "{name}");
    let (a, b) = (
        ours.read_rows(0..ours.rows()).unwrap(),
        theirs.read_rows(0..theirs.rows()).unwrap(),
    );
    let width = ours.columns();
    assert_eq!(ours.time().start, 0.0, "the state before the first step");
    assert!(
        ours.rows() > theirs.rows(),
        "{name}: theirs lacks the last slice"
    );
    for (at, (a, b)) in a[width..].iter().zip(&b).enumerate() {
        // Theirs is cut or rounded to 0.001, ours is a float32.
        assert!(
            (a - b).abs() <= 0.0006,
            "{name}: row {}, column {}: {a} and {b}",
            at / width,
            at % width
        );
    }
}

fn check(name: &str) {
    let out = tempfile::tempdir().unwrap();
    run(name, out.path(), 1, false);
    for (population, expected) in expected(name) {
        let found = spikes(&out.path().join("spikes.h5"), &population);
        assert_eq!(found.len(), expected.len(), "{name}: spikes");
        assert!(found == expected, "{name}: times or cells differ");
    }
    compare_voltages(name, out.path());
}

macro_rules! golden {
    ($($name:ident),* $(,)?) => {
        $(
            #[test]
            fn $name() {
                check(stringify!($name));
            }
        )*
    };
}

golden! {
    a_ring_alpha,
    a_ring_delta,
    b_ei_exp,
    c_izhikevich,
    d_glif_asc,
    d_glif_asc_a,
    d_glif_lif,
    d_glif_r,
    e_iclamp_v,
    g_edge_cases,
}

#[test]
fn threads_and_pieces_give_the_same_bits() {
    let out = tempfile::tempdir().unwrap();
    let of = |threads: usize, pieces: bool| {
        let folder = out.path().join(format!("{threads}-{pieces}"));
        run("b_ei_exp", &folder, threads, pieces);
        ["spikes.h5", "v.h5", "spikes.csv"].map(|file| std::fs::read(folder.join(file)).unwrap())
    };
    let one = of(1, false);
    assert!(of(3, false) == one, "three threads");
    assert!(of(2, true) == one, "two threads, in pieces");
}
