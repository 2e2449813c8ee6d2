//! Instances that end are started again, and the control channel says how all are. Real processes; the
//! "Blender" is a stand-in.

use crate::support::{Stage, all_end, eventually, has_ended};
use blendtorch_channels::control::{
    ControlError, FleetClient, FleetReport, Instances, Mode, RefusalKind, fleet_folders,
};
use blendtorch_launcher::{Fleet, FleetOptions, InstanceStatus, LaunchDescription, Output};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

/// Says which life it is, and runs.
const LIVES: &str = r#"
echo "$BLENDTORCH_LIFE $GIVEN" >> "$DIR/lives-$2"
echo $$ > "$DIR/instance-$2.new" && mv "$DIR/instance-$2.new" "$DIR/instance-$2"
exec sleep 1000
"#;

fn start(stage: &Stage) -> Fleet {
    let description = LaunchDescription::from_file(stage.path("launch.json")).unwrap();
    let options = FleetOptions {
        output: Output::Silence,
        remember: false,
        ..FleetOptions::default()
    };
    Fleet::start(&description, options).unwrap()
}

fn kill(pid: u32) {
    let pid = i32::try_from(pid).unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
}

fn of(fleet: &Fleet, index: usize) -> InstanceStatus {
    fleet.status().remove(index)
}

fn client(fleet: &Fleet) -> FleetClient {
    FleetClient::named(fleet.name().unwrap()).unwrap()
}

fn folder(name: &str) -> Option<PathBuf> {
    fleet_folders()
        .into_iter()
        .find(|folder| folder.ends_with(name))
}

fn lives(stage: &Stage, index: usize) -> Vec<String> {
    let text = std::fs::read_to_string(stage.path(&format!("lives-{index}"))).unwrap_or_default();
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_killed_instance_is_started_again_as_it_was_and_its_neighbour_goes_on() {
    let stage = Stage::new(2, LIVES, r#""seed": 5"#);
    let fleet = start(&stage);
    let before = stage.pids("instance", 2);
    kill(before[1]);
    eventually("it lives again", || lives(&stage, 1).len() == 2);
    eventually("it is seen to run", || of(&fleet, 1).is_running());
    let (neighbour, again) = (of(&fleet, 0), of(&fleet, 1));
    assert_eq!((neighbour.pid, neighbour.life), (before[0], 1));
    assert_eq!(again.life, 2);
    assert_ne!(again.pid, before[1]);
    fleet.assert_alive().unwrap();
    let said = lives(&stage, 1);
    assert!(
        said[0].starts_with("1 ") && said[1].starts_with("2 "),
        "{said:?}"
    );
    assert_eq!(said[0][2..], said[1][2..], "another command line");

    let report = client(&fleet).status(false).unwrap();
    let one = &report.instances[1];
    assert_eq!((one.mode, one.restarts, one.life), (Mode::Running, 1, 2));
    assert_eq!(one.lives.len(), 1);
    assert!(
        one.lives[0].end.contains("signal 9"),
        "{}",
        one.lives[0].end
    );
    fleet.stop();
    assert!(has_ended(again.pid) && has_ended(neighbour.pid));
}

#[test]
fn what_a_policy_leaves_out_stays_ended() {
    for (policy, script, lives_wanted) in [
        ("never", "echo x >> $DIR/lives-$2; kill -9 $$", 1),
        ("on-abnormal", "echo x >> $DIR/lives-$2; exit 3", 1),
        (
            "on-failure",
            "echo x >> $DIR/lives-$2; [ $BLENDTORCH_LIFE = 2 ] || exit 3",
            2,
        ),
    ] {
        let stage = Stage::new(1, script, &format!(r#""restart": "{policy}""#));
        let fleet = start(&stage);
        fleet.wait();
        assert_eq!(lives(&stage, 0).len(), lives_wanted, "{policy}");
        assert_eq!(of(&fleet, 0).failed(), lives_wanted == 1, "{policy}");
    }
}

#[test]
fn an_end_in_order_is_followed_by_another_life_where_it_always_is() {
    let script = "echo x >> $DIR/lives-$2; [ $BLENDTORCH_LIFE = 1 ] || exec sleep 1000";
    let stage = Stage::new(1, script, r#""restart": "always""#);
    let fleet = start(&stage);
    eventually("it lives again", || lives(&stage, 0).len() == 2);
    fleet.stop();
}

#[test]
fn a_fleet_with_too_few_instances_left_ends_and_says_so() {
    let stage = Stage::new(3, LIVES, r#""restart": "never", "min_instances": 2"#);
    let launcher = stage.launch();
    let pids = stage.pids("instance", 3);
    kill(pids[0]);
    kill(pids[2]);
    let (code, _, stderr) = launcher.end();
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stderr.contains("2 of 3 instances have failed, and min_instances is 2"),
        "{stderr}"
    );
    all_end(pids);
}

#[test]
fn a_fleet_that_ends_while_one_is_to_be_started_again_starts_none() {
    let stage = Stage::new(1, LIVES, "");
    let fleet = start(&stage);
    kill(stage.pids("instance", 1)[0]);
    eventually("it will be", || of(&fleet, 0).restarting);
    fleet.stop();
    assert_eq!(lives(&stage, 0).len(), 1);
    assert!(!of(&fleet, 0).is_alive());
}

#[test]
fn who_asks_hears_how_each_is_and_what_cannot_be_asked() {
    let stage = Stage::new(2, LIVES, r#""named_sockets": ["DATA"], "proto": "ipc""#);
    let fleet = start(&stage);
    stage.pids("instance", 2);
    let mut client = client(&fleet);
    let FleetReport {
        launcher,
        instances,
        ..
    } = client.status(true).unwrap();
    assert_eq!(launcher, std::process::id());
    let addresses = &fleet.launch_info().addresses["DATA"];
    assert_eq!(instances[1].addresses, [addresses[1].clone()]);
    assert!(
        instances
            .iter()
            .all(|one| one.mode == Mode::Running && !one.attached)
    );
    assert!(instances[0].memory.is_some_and(|bytes| bytes > 0));
    let values = serde_json::Map::from_iter([("light".to_owned(), 1.into())]);
    for (instances, kind, says) in [
        (
            Instances::All,
            RefusalKind::Gone,
            "instance 0: it cannot be asked yet",
        ),
        (
            Instances::These(vec![7]),
            RefusalKind::Unknown,
            "instance 7: there is no such instance",
        ),
    ] {
        let ControlError::Refused(refusal) = client.set(values.clone(), instances).unwrap_err()
        else {
            panic!("no refusal");
        };
        assert_eq!(refusal.kind, kind);
        assert!(refusal.message.contains(says), "{refusal}");
    }
    fleet.stop();
    // All have ended, and it is still told.
    let ended = client.status(false).unwrap();
    assert!(ended.instances.iter().all(|one| one.mode == Mode::Ended));
    let name = fleet.name().unwrap().to_owned();
    drop(fleet);
    assert!(folder(&name).is_none());
    assert!(client.status(false).is_err());
    assert!(matches!(
        FleetClient::named(&name),
        Err(ControlError::NoFleet(_))
    ));
}

#[test]
fn nonsense_on_the_heads_socket_is_refused_and_the_fleet_goes_on() {
    use std::io::{BufRead, BufReader, Write};
    let stage = Stage::new(1, LIVES, "");
    let fleet = start(&stage);
    let socket = folder(fleet.name().unwrap()).unwrap();
    let mut stream = UnixStream::connect(socket.join("head.sock")).unwrap();
    stream
        .write_all(b"{\"id\": 3, \"word\": \"dance\"}\nnot even JSON\n")
        .unwrap();
    let mut lines = BufReader::new(stream).lines();
    for _ in 0..2 {
        let said = lines.next().unwrap().unwrap();
        assert!(said.contains("not understood"), "{said}");
    }
    // Who is no instance is not listened to.
    let stranger = UnixStream::connect(socket.join("instances.sock")).unwrap();
    let mut closed = BufReader::new(stranger).lines();
    assert!(closed.next().is_none());
    assert_eq!(client(&fleet).status(false).unwrap().instances.len(), 1);
}

#[test]
fn a_launch_info_of_a_fleet_that_runs_is_not_written_over() {
    let stage = Stage::new(1, LIVES, "");
    let launcher = stage.launch();
    stage.pids("instance", 1);
    let info = stage.path("launch_info.json");
    eventually("the launch info is there", || info.exists());
    let first = std::fs::read(&info).unwrap();
    let (code, _, stderr) = stage.launch().end();
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("is that of a fleet that runs") && stderr.contains("--out-launch-info"),
        "{stderr}"
    );
    assert_eq!(std::fs::read(&info).unwrap(), first);
    launcher.signal("TERM");
    launcher.end();
    // The fleet has ended: its file may be written over.
    let again = stage.launch();
    eventually("another fleet is named", || {
        std::fs::read(&info).unwrap() != first
    });
    again.signal("TERM");
    again.end();
}

#[test]
fn what_a_killed_launcher_and_its_killed_guard_left_the_next_one_clears() {
    let stage = Stage::new(1, LIVES, "");
    let launcher = stage.launch();
    let pids = stage.pids("instance", 1);
    let info = stage.path("launch_info.json");
    eventually("the launch info is there", || info.exists());
    let info = blendtorch_launcher::LaunchInfo::load_json(info).unwrap();
    let name = info.fleet.unwrap();
    for own in crate::support::children(launcher.pid()) {
        if !pids.contains(&own) {
            kill(own); // the guard
        }
    }
    launcher.signal("KILL");
    launcher.end();
    kill(pids[0]);
    all_end(pids);
    assert!(folder(&name).is_some());
    let stage = Stage::new(1, LIVES, "");
    let next = start(&stage);
    assert!(folder(&name).is_none() && folder(next.name().unwrap()).is_some());
}

/// Says of itself what is not so, and then what is nothing at all.
const LIES: &str = r#"
exec python3.11 -c '
import os, socket, time
line = socket.socket(socket.AF_UNIX)
line.connect(os.environ["BLENDTORCH_CONTROL"])
hello = b"{\"word\": \"hello\", \"pid\": 1, \"life\": 99, \"session_folder\": \"/etc\", \"engine\": \"E\"}\n"
line.sendall(hello)
while not os.path.exists(os.environ["DIR"] + "/go-on"): time.sleep(0.01)
line.sendall(b"[1, 2, 3]\n")
time.sleep(1000)
'
"#;

#[test]
fn lies_and_nonsense_of_an_instance_are_told_as_its_own_and_the_run_goes_on() {
    let stage = Stage::new(1, LIES, "");
    let fleet = start(&stage);
    let mut client = client(&fleet);
    let about = |client: &mut FleetClient| client.status(false).unwrap().instances.remove(0).about;
    eventually("it has said who it is", || about(&mut client).is_some());
    let one = client.status(false).unwrap().instances.remove(0);
    let claims = one.about.unwrap();
    assert_eq!((one.life, one.pid, claims.life), (1, of(&fleet, 0).pid, 99));
    assert_eq!(claims.engine.as_deref(), Some("E"));
    assert_eq!(claims.session_folder, None, "its folder would be removed");
    std::fs::write(stage.path("go-on"), "").unwrap();
    eventually("its line is closed", || {
        let one = client.status(false).unwrap().instances.remove(0);
        one.report
            .is_some_and(|report| report.contains("not understood"))
    });
    assert!(of(&fleet, 0).is_running());
    let asked = client
        .stop("enough", Instances::All)
        .unwrap_err()
        .to_string();
    assert!(asked.contains("it cannot be asked"), "{asked}");
    fleet.stop();
    assert!(std::path::Path::new("/etc").is_dir());
}

/// Prints more than a pipe takes, and runs.
const TALKS: &str = r#"
echo $$ > "$DIR/instance-$2.new" && mv "$DIR/instance-$2.new" "$DIR/instance-$2"
while :; do echo "a line that nobody reads, and many more like it"; done
"#;

#[test]
fn a_terminal_that_takes_no_more_lines_holds_up_neither_restarts_nor_the_end() {
    let stage = Stage::new(2, TALKS, "");
    // Nobody reads what the launcher prints: its pipe fills.
    let launcher = stage.launch();
    let pids = stage.pids("instance", 2);
    let info = stage.path("launch_info.json");
    eventually("the launch info is there", || info.exists());
    let mut client = FleetClient::of_launch_info(&info).unwrap();
    kill(pids[0]);
    eventually("it lives again", || {
        client.status(false).unwrap().instances[0].life == 2
    });
    launcher.signal("TERM");
    eventually("all have ended", || {
        stage
            .pids("instance", 2)
            .into_iter()
            .chain(pids.clone())
            .all(has_ended)
    });
    launcher.end();
}
