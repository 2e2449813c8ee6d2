//! What the launcher tells: failures, occupied ports, launch infos. The "Blender" is a stand-in.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a panic is a report"
)]

mod support;

use std::io::{BufRead, BufReader};
use std::net::TcpListener;

use blendtorch_launcher::LaunchInfo;
use support::{Stage, eventually, has_ended};

#[test]
fn a_failing_instance_is_reported_and_the_others_go_on() {
    let script = r#"
echo "hello from $2"
if [ $2 = 1 ]; then
    echo "Traceback (most recent call last):" >&2
    echo "ValueError: the cube is round" >&2
    exit 3
fi
while [ ! -e "$DIR/go" ]; do sleep 0.05; done
"#;
    let stage = Stage::new(2, script, "");
    let mut launcher = stage.launch();
    let mut stderr = BufReader::new(launcher.child().stderr.take().unwrap()).lines();
    let mut seen = Vec::new();
    loop {
        let line = stderr.next().expect("the failure was not told").unwrap();
        seen.push(line.clone());
        if line.contains("1 still running") {
            break;
        }
    }
    std::fs::write(stage.path("go"), "").unwrap();
    let last = stderr.map(Result::unwrap).last().unwrap();
    let (code, stdout, _) = launcher.end();
    assert_eq!(code, Some(1));
    assert!(
        seen.contains(&"[1] ValueError: the cube is round".to_owned()),
        "{seen:?}"
    );
    assert!(stdout.contains("[0] hello from 0\n") && stdout.contains("[1] hello from 1\n"));
    let why = "instance 1 ended with exit code 3 (ValueError: the cube is round)";
    assert_eq!(
        last,
        format!("blendtorch-launch: error: 1 of 2 instances failed: {why}")
    );
}

#[test]
fn a_natural_end_is_clean() {
    let stage = Stage::new(2, "echo bye", "");
    let (code, stdout, stderr) = stage.launch().end();
    assert_eq!(code, Some(0), "{stderr}");
    assert!(
        stdout.contains("[0] bye\n") && stdout.contains("[1] bye\n"),
        "{stdout}"
    );
    assert!(
        stderr.ends_with("blendtorch-launch: 2 instances ended\n"),
        "{stderr}"
    );
}

#[test]
fn an_occupied_port_is_named_before_anything_starts() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let more = format!(r#""named_sockets": ["DATA"], "start_port": {port}"#);
    let stage = Stage::new(1, r#"echo > "$DIR/started""#, &more);
    let (code, _, stderr) = stage.launch().end();
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains(&format!("port {port} of 127.0.0.1")),
        "{stderr}"
    );
    assert!(stderr.contains("socket DATA of instance 0"), "{stderr}");
    assert!(stderr.contains("another start_port"), "{stderr}");
    assert!(!stage.path("started").exists() && !stage.path("launch_info.json").exists());
}

#[test]
fn the_launch_info_is_there_while_the_instances_run() {
    let script = r#"
echo "$@" > "$DIR/arguments-$2.new" && mv "$DIR/arguments-$2.new" "$DIR/arguments-$2"
while [ ! -e "$DIR/go" ]; do sleep 0.05; done
"#;
    let more = r#""named_sockets": ["DATA", "CTRL"], "proto": "ipc", "seed": 5,
        "instance_args": [[], ["--size", "two words"]]"#;
    let stage = Stage::new(2, script, more);
    let launcher = stage.launch();
    let path = stage.path("launch_info.json");
    eventually("the launch info is there", || path.exists());
    let info = LaunchInfo::load_json(&path).unwrap();
    assert!(info.addresses.keys().eq(["DATA", "CTRL"]));
    assert!(info.commands[0].contains(" --background --python-use-system-env "));
    assert!(info.commands[1].ends_with("--size 'two words'"));
    let seen = stage.path("arguments-1");
    eventually("the instance has its arguments", || seen.exists());
    let sockets = [&info.addresses["DATA"][1], &info.addresses["CTRL"][1]];
    let wanted = format!(
        "-btid 1 -btseed 6 -btsockets DATA={} CTRL={} --size two words\n",
        sockets[0], sockets[1]
    );
    assert_eq!(std::fs::read_to_string(seen).unwrap(), wanted);
    std::fs::write(stage.path("go"), "").unwrap();
    assert_eq!(launcher.end().0, Some(0));
}

#[test]
fn an_unwritable_launch_info_ends_what_was_started() {
    let stage = Stage::new(1, r#"echo $$ > "$DIR/instance-$2"; sleep 1000"#, "");
    std::fs::create_dir(stage.path("launch_info.json")).unwrap();
    let (code, _, stderr) = stage.launch().end();
    assert_eq!(code, Some(1));
    assert!(stderr.contains("launch info launch_info.json"), "{stderr}");
    if let Ok(pid) = std::fs::read_to_string(stage.path("instance-0")) {
        assert!(pid.trim().parse().is_ok_and(has_ended));
    }
}

#[test]
fn a_wrong_description_names_file_key_and_remedy() {
    let stage = Stage::new(1, "", r#""num_instance": 2"#);
    let (code, _, stderr) = stage.launch().end();
    assert_eq!(code, Some(1));
    assert!(
        stderr.starts_with("blendtorch-launch: error: launch.json: key \"num_instance\""),
        "{stderr}"
    );
    assert!(stderr.contains("correct its spelling"), "{stderr}");
}

#[test]
fn a_window_without_a_display_is_refused_with_the_remedy() {
    let stage = Stage::new(1, r#"echo > "$DIR/started""#, "");
    let text = std::fs::read_to_string(stage.path("launch.json")).unwrap();
    std::fs::write(stage.path("launch.json"), text.replace("true", "false")).unwrap();
    let mut command = stage.command();
    let output = command
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(
        stderr.contains("launch.json: key \"background\"") && stderr.contains("write true"),
        "{stderr}"
    );
    assert!(!stage.path("started").exists());
}

#[test]
fn two_launchers_coexist() {
    let script = r#"while [ ! -e "$DIR/go" ]; do sleep 0.05; done"#;
    let stages = [Stage::new(1, script, ""), Stage::new(1, script, "")];
    let launchers: Vec<_> = stages.iter().map(Stage::launch).collect();
    for stage in &stages {
        eventually("it has started", || stage.path("launch_info.json").exists());
    }
    for stage in &stages {
        std::fs::write(stage.path("go"), "").unwrap();
    }
    assert!(
        launchers
            .into_iter()
            .all(|launcher| launcher.end().0 == Some(0))
    );
}
