//! `blendtorch-launch` with real Blenders: how it ends, and that nothing stays.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests")]

use blendtorch_launcher::LaunchDescription;
use blendtorch_tests::{Program, cubes, dataset, eventually, one_fleet_at_a_time};
use rustix::process::Signal;
use std::collections::BTreeSet;

/// The program and its two instances, both of which have sent something.
fn streaming() -> Program {
    let mut program = Program::launch(&cubes(2, &[]));
    let addresses = &program.info().addresses["DATA"];
    assert_eq!(addresses.len(), 2);
    let mut dataset = dataset(addresses);
    let mut instances = BTreeSet::new();
    while instances.len() < 2 {
        instances.insert(dataset.next().unwrap().unwrap().header.btid);
    }
    assert!(program.processes().len() >= 3, "{}", program.output());
    program
}

#[test]
fn kill_9_of_the_launcher_leaves_no_process() {
    let _one = one_fleet_at_a_time();
    let mut program = streaming();
    program.signal(Signal::KILL);
    assert_eq!(program.wait().code(), None);
    eventually("every process is gone", || program.processes().is_empty());
}

#[test]
fn ctrl_c_ends_everything_with_130() {
    let _one = one_fleet_at_a_time();
    let mut program = streaming();
    program.signal(Signal::INT);
    assert_eq!(program.wait().code(), Some(130), "{}", program.output());
    assert!(program.output().contains("stopped; 2 instances ended"));
    eventually("every process is gone", || program.processes().is_empty());
}

#[test]
fn finite_scenes_end_the_program_with_0() {
    let _one = one_fleet_at_a_time();
    let mut program = Program::launch(&cubes(2, &["--episodes", "1"]));
    let mut dataset = dataset(&program.info().addresses["DATA"]);
    assert_eq!((&mut dataset).map(Result::unwrap).count(), 200);
    assert_eq!(dataset.stats().missing, 0);
    assert_eq!(program.wait().code(), Some(0), "{}", program.output());
    eventually("every process is gone", || program.processes().is_empty());
}

#[test]
fn the_root_launch_json_is_valid() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../launch.json");
    let description = LaunchDescription::from_file(path).unwrap();
    assert_eq!(description.named_sockets, ["DATA"]);
    assert!(description.num_instances >= 2 && description.background);
    assert!(description.script.ends_with("falling_cubes.blend.py"));
}
