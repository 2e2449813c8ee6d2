//! However a fleet ends, no process stays. Real processes; the "Blender" is a stand-in.

use crate::support::{Stage, all_end, children, eventually, has_ended, processes_with};
use blendtorch_launcher::{
    Fleet, FleetOptions, InstanceState, LaunchDescription, LaunchError, Output,
};
use std::time::Duration;

/// Runs until it is ended, with a child of its own. Both pids are in files.
const RUNS: &str = r#"
sleep 1000 &
echo $! > "$DIR/child-$2"
echo $$ > "$DIR/instance-$2"
wait
"#;

/// The same, and ignores SIGTERM, as its child does.
const IGNORES: &str = r#"
trap '' TERM
sleep 1000 &
echo $! > "$DIR/child-$2"
echo $$ > "$DIR/instance-$2"
wait
"#;

/// Those of the instances and their children, once all of them run.
fn all_pids(stage: &Stage, instances: usize) -> Vec<u32> {
    let mut pids = stage.pids("instance", instances);
    pids.extend(stage.pids("child", instances));
    pids
}

/// The instances were waited for. What they had started was at least sent SIGKILL, and may need a
/// moment.
fn assert_ended(stage: &Stage, instances: usize) {
    for pid in stage.pids("instance", instances) {
        assert!(has_ended(pid), "instance {pid} lives on");
    }
    all_end(stage.pids("child", instances));
}

fn start(stage: &Stage, grace: Duration) -> Fleet {
    let description = LaunchDescription::from_file(stage.path("launch.json")).unwrap();
    Fleet::start(
        &description,
        FleetOptions {
            output: Output::Silence,
            grace,
            remember: false,
            ..FleetOptions::default()
        },
    )
    .unwrap()
}

/// No limit on the grace: only SIGKILL can be what ended it.
const FOREVER: Duration = Duration::from_secs(100_000);

#[test]
fn conformance_7_kill_9_of_the_launcher_leaves_no_process_and_no_folder() {
    for script in [RUNS, IGNORES] {
        let stage = Stage::new(3, script, r#""proto": "ipc", "named_sockets": ["DATA"]"#);
        let launcher = stage.launch();
        let mut pids = all_pids(&stage, 3);
        let info = stage.path("launch_info.json");
        eventually("the launch info is there", || info.exists());
        let info = blendtorch_launcher::LaunchInfo::load_json(info).unwrap();
        let socket = info.addresses["DATA"][0]
            .strip_prefix("ipc://")
            .unwrap()
            .to_owned();
        let folder = std::path::Path::new(&socket)
            .parent()
            .unwrap()
            .to_path_buf();
        assert!(folder.is_dir());
        std::fs::write(&socket, "").unwrap();

        let own = children(launcher.pid());
        assert_eq!(own.len(), 4, "three instances and the guard: {own:?}");
        pids.extend(own);
        launcher.signal("KILL");
        all_end(pids);
        assert!(processes_with(&stage.path("scene.sh")).is_empty());
        eventually("the sockets' folder is gone", || !folder.exists());
    }
}

#[test]
fn a_probe_that_hangs_was_left_behind_by_its_launcher() {
    for signal in ["KILL", "TERM"] {
        let stage = Stage::new(1, "true", r#""scene": "hangs.blend""#);
        stage.write_scene("hangs.blend");
        let launcher = stage.launch();
        let mut pids = stage.pids("opening", 1);
        pids.extend(children(launcher.pid()));
        assert_eq!(
            pids.len(),
            3,
            "the probe, once more, and its guard: {pids:?}"
        );
        launcher.signal(signal);
        all_end(pids);
    }
}

#[test]
fn ctrl_c_ends_everything_with_130_and_sigterm_with_143() {
    for (signal, code) in [("INT", 130), ("TERM", 143)] {
        let stage = Stage::new(2, RUNS, "");
        let launcher = stage.launch();
        all_pids(&stage, 2);
        // Written once the signals are handled.
        eventually("the launch info is there", || {
            stage.path("launch_info.json").exists()
        });
        let own = children(launcher.pid());
        launcher.signal(signal);
        let (ended, _, stderr) = launcher.end();
        assert_eq!(ended, Some(code), "{stderr}");
        assert_ended(&stage, 2);
        assert!(own.into_iter().all(has_ended), "the guard lives on");
    }
}

#[test]
fn conformance_6_a_sibling_that_ignores_sigterm_is_killed() {
    let script = format!("[ $2 = 0 ] && trap '' TERM\n{RUNS}\nwhile :; do sleep 1; done");
    let stage = Stage::new(2, &script, "");
    let fleet = start(&stage, Duration::from_millis(300));
    all_pids(&stage, 2);
    fleet.stop();
    assert_ended(&stage, 2);
    let states: Vec<_> = fleet.status().iter().map(|status| status.state).collect();
    assert_eq!(
        states,
        [InstanceState::Signaled(9), InstanceState::Signaled(15)]
    );
    assert!(
        fleet
            .status()
            .iter()
            .all(|status| status.stopped && !status.failed())
    );
    fleet.stop();
}

#[test]
fn a_kill_does_not_wait_for_the_grace() {
    let stage = Stage::new(2, IGNORES, "");
    let fleet = start(&stage, FOREVER);
    all_pids(&stage, 2);
    let stopper = fleet.stopper();
    stopper.stop();
    assert!(!fleet.wait_timeout(Duration::from_millis(100)));
    stopper.kill();
    fleet.wait();
    assert_ended(&stage, 2);
}

#[test]
fn dropping_the_fleet_ends_it() {
    let stage = Stage::new(2, RUNS, "");
    let fleet = start(&stage, FOREVER);
    all_pids(&stage, 2);
    assert_eq!(fleet.alive(), 2);
    fleet.assert_alive().unwrap();
    drop(fleet);
    assert_ended(&stage, 2);
}

#[test]
fn conformance_6_what_an_instance_leaves_behind_ends_with_it() {
    let script = r#"
sleep 1000 > /dev/null 2>&1 &
echo $! > "$DIR/child-$2"
exit 0
"#;
    let stage = Stage::new(1, script, "");
    let fleet = start(&stage, FOREVER);
    let statuses = fleet.wait();
    assert_eq!(statuses[0].state, InstanceState::Exited(0));
    assert!(!statuses[0].failed() && !statuses[0].stopped);
    all_end(stage.pids("child", 1));
}

#[test]
fn an_instance_killed_from_outside_is_told_from_one_that_was_stopped() {
    let stage = Stage::new(2, RUNS, r#""restart": "never""#);
    let fleet = start(&stage, FOREVER);
    let pids = stage.pids("instance", 2);
    let mut kill = std::process::Command::new("kill");
    assert!(
        kill.args(["-s", "KILL", &pids[1].to_string()])
            .status()
            .unwrap()
            .success()
    );
    eventually("the fleet knows", || fleet.alive() == 1);
    let error = fleet.assert_alive().unwrap_err();
    let LaunchError::NotAlive {
        ended: 1,
        total: 2,
        report,
    } = &error
    else {
        panic!("{error}")
    };
    assert!(
        report.starts_with("instance 1 was ended by signal 9 (SIGKILL"),
        "{report}"
    );
    assert!(!has_ended(pids[0]));
}
