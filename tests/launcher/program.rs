//! `blendtorch-launch` with real Blenders: how it ends, and that nothing stays.

use blendtorch_launcher::LaunchDescription;
use blendtorch_tests::{Program, cubes, dataset, eventually, one_fleet_at_a_time};
use btt::control::{FleetClient, fleet_folders};
use rustix::process::Signal;
use std::collections::BTreeSet;
use std::path::PathBuf;

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
fn conformance_7_kill_9_of_the_launcher_leaves_no_blender() {
    let _one = one_fleet_at_a_time();
    let mut program = streaming();
    let name = program.info().fleet.expect("a fleet has a name");
    let sessions = sessions(&name);
    assert!(sessions.len() == 2 && sessions.iter().all(|folder| folder.is_dir()));
    let is_there = || fleet_folders().iter().any(|folder| folder.ends_with(&name));
    assert!(is_there());
    program.signal(Signal::KILL);
    assert_eq!(program.wait().code(), None);
    eventually("every process is gone", || program.processes().is_empty());
    eventually("the fleet's folder is gone", || !is_there());
    let left = || sessions.iter().any(|folder| folder.exists());
    eventually("what the killed Blenders left is gone", || !left());
}

/// The folders that the Blenders of a fleet have made for their sessions.
fn sessions(fleet: &str) -> Vec<PathBuf> {
    let mut client = FleetClient::named(fleet).unwrap();
    let instances = client.status(false).unwrap().instances;
    let folders = instances
        .into_iter()
        .filter_map(|one| one.about?.session_folder);
    folders.collect()
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

/// Two instances of which the second raises; the lines that the launcher and they have printed.
fn with_a_failure(raise_at: &str) -> Vec<String> {
    let _one = one_fleet_at_a_time();
    let mut program = Program::launch(&LaunchDescription {
        script: concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/support/scenes/raises.blend.py"
        )
        .into(),
        instance_args: vec![vec!["--raise-at".into(), raise_at.into()]; 2],
        ..cubes(2, &[])
    });
    let addresses = program.info().addresses["DATA"].clone();
    let before: i64 = raise_at.parse().map_or(0, |frame: i64| frame - 1);
    if before > 0 {
        assert!(frames(&addresses[1], before as usize).eq(1..=before));
    }
    eventually("the failure is told", || {
        program.output().contains("; 1 still running")
    });
    // The first goes on to its end: all of its three episodes arrive.
    assert!(frames(&addresses[0], usize::MAX).eq((1..=150).chain(1..=150).chain(1..=150)));
    assert_eq!(program.wait().code(), Some(1), "{}", program.output());
    program.output().lines().map(str::to_owned).collect()
}

/// The numbers of the frames that come from there, until it says its end.
fn frames(address: &str, at_most: usize) -> impl Iterator<Item = i64> {
    dataset(&[address.to_owned()])
        .take(at_most)
        .map(|item| item.unwrap().fields["frameid"].as_i64().unwrap())
}

fn assert_told(lines: &[String], line_of_script: usize, why: &str) {
    let all = lines.join("\n");
    let has = |wanted: String| lines.iter().any(|line| line.starts_with(&wanted));
    assert!(
        has("[1] Traceback (most recent call last):".into()),
        "{all}"
    );
    let place = format!("raises.blend.py\", line {line_of_script}, in ");
    assert!(
        lines
            .iter()
            .any(|line| line.starts_with("[1] ") && line.contains(&place)),
        "{all}"
    );
    assert!(has(format!("[1] ValueError: {why}")), "{all}");
    let told = format!("instance 1 ended with exit code 1 (ValueError: {why})");
    assert!(
        has(format!("blendtorch-launch: {told}; 1 still running")),
        "{all}"
    );
    assert_eq!(
        lines.last().unwrap(),
        &format!("blendtorch-launch: error: 1 of 2 instances failed: {told}")
    );
}

#[test]
fn a_script_that_raises_at_its_start_is_told_and_the_others_go_on() {
    assert_told(&with_a_failure("start"), 15, "this scene was not to start");
}

#[test]
fn a_script_that_raises_in_frame_100_is_told_and_the_others_go_on() {
    assert_told(&with_a_failure("100"), 23, "frame 100 was not to come");
}

#[test]
fn the_root_launch_json_is_valid() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../launch.json");
    let description = LaunchDescription::from_file(path).unwrap();
    assert_eq!(description.named_sockets, ["DATA"]);
    assert!(description.num_instances >= 2 && description.background);
    assert!(description.script.ends_with("falling_cubes.blend.py"));
}
