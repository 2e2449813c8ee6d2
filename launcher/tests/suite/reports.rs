//! What the launcher tells: failures, occupied ports, launch infos. The "Blender" is a stand-in.

use std::io::{BufRead, BufReader};

use crate::support::{LONG, Stage, eventually, has_ended};
use blendtorch_launcher::LaunchInfo;

#[test]
fn conformance_7_a_failing_instance_is_reported_and_the_others_go_on() {
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
    let stderr = BufReader::new(launcher.child().stderr.take().unwrap()).lines();
    let (sender, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || stderr.for_each(|line| sender.send(line.unwrap()).unwrap()));
    let mut seen: Vec<String> = Vec::new();
    while !seen.iter().any(|line| line.contains("1 still running")) {
        let line = lines.recv_timeout(LONG);
        seen.push(line.unwrap_or_else(|_| panic!("the failure was not told: {seen:?}")));
    }
    std::fs::write(stage.path("go"), "").unwrap();
    let (code, stdout, _) = launcher.end();
    assert_eq!(code, Some(1));
    // Its own lines and those of the instances are printed side by side, in either order.
    seen.extend(std::iter::from_fn(|| lines.recv_timeout(LONG).ok()));
    let last = seen.last().unwrap();
    assert!(
        seen.contains(&"[1] ValueError: the cube is round".to_owned()),
        "{seen:?}"
    );
    assert!(stdout.contains("[0] hello from 0\n") && stdout.contains("[1] hello from 1\n"));
    let why = "instance 1 ended with exit code 3 (ValueError: the cube is round)";
    assert_eq!(
        last,
        &format!("blendtorch-launch: error: 1 of 2 instances failed: {why}")
    );
}

/// What every instance prints without a display; see `noise.rs`.
const NOISE: &str = "EGL Error (0x3009): EGL_BAD_MATCH: Arguments are inconsistent (for example, a \
    valid context requires buffers not supplied by a valid surface).";

#[test]
fn harmless_lines_of_blenders_were_shown_as_the_reason_of_an_end() {
    let script = format!("echo mine >&2; echo '{NOISE}' >&2; kill -9 $$");
    let stage = Stage::new(1, &script, r#""log_dir": "logs""#);
    let (code, _, stderr) = stage.launch().end();
    assert_eq!(code, Some(1));
    assert!(stderr.contains("[0] mine\n"), "{stderr}");
    assert!(!stderr.contains("EGL"), "{stderr}");
    let last = stderr.lines().last().unwrap();
    assert!(last.contains("instance 0 was ended by signal 9 (SIGKILL"));
    assert!(last.ends_with(", its last words: mine"), "{last}");
    // The log keeps all.
    let log = std::fs::read_to_string(stage.path("logs/instance-0.log")).unwrap();
    assert!(log.ends_with(&format!("\nmine\n{NOISE}\n")), "{log}");
}

#[test]
fn conformance_6_a_natural_end_is_clean() {
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
fn conformance_5_the_launch_info_is_there_while_the_instances_run() {
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
    // None, or an empty one: it was ended before it had written its number.
    let pid = std::fs::read_to_string(stage.path("instance-0")).unwrap_or_default();
    if let Ok(pid) = pid.trim().parse() {
        assert!(has_ended(pid));
    }
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

#[test]
fn each_instance_has_a_log_file_of_its_own() {
    let script = "echo out of $2\necho err of $2 >&2\necho $COLOUR";
    let more = r#""log_dir": "logs/today", "env": {"COLOUR": "ultra marine"}"#;
    let stage = Stage::new(2, script, more);
    for _ in 0..2 {
        let (code, stdout, _) = stage.launch().end();
        assert_eq!(code, Some(0));
        assert!(stdout.contains("[1] out of 1\n"), "{stdout}");
    }
    for i in 0..2 {
        let path = stage.path(&format!("logs/today/instance-{i}.log"));
        let text = std::fs::read_to_string(path).unwrap();
        // Both runs are there, each after its command.
        assert_eq!(text.matches("$ ").count(), 2, "{text}");
        for line in [
            format!("out of {i}\n"),
            format!("err of {i}\n"),
            "ultra marine\n".into(),
        ] {
            assert_eq!(text.matches(&line).count(), 2, "{text}");
        }
    }
}

#[test]
fn the_option_log_dir_goes_before_the_key() {
    let stage = Stage::new(1, "echo hello", r#""log_dir": "by-key""#);
    let output = stage
        .command()
        .args(["--log-dir", "by-option"])
        .output()
        .unwrap();
    assert!(output.status.success());
    let text = std::fs::read_to_string(stage.path("by-option/instance-0.log")).unwrap();
    assert!(text.ends_with("\nhello\n"), "{text}");
    assert!(!stage.path("by-key").exists());
}

#[test]
fn a_blender_is_started_once_to_learn_who_it_is_and_once_for_each_scene() {
    let stage = Stage::new(1, "true", r#""scene": "room.blend""#);
    let asked = || std::fs::read_to_string(stage.path("asked")).unwrap();
    stage.write_scene("room.blend");
    for _ in 0..2 {
        assert_eq!(stage.launch().end().0, Some(0));
        assert_eq!(asked(), "asked\nopened\n");
    }
    stage.write_scene("other.blend");
    std::fs::rename(stage.path("other.blend"), stage.path("room.blend")).unwrap();
    assert_eq!(stage.launch().end().0, Some(0));
    assert_eq!(asked(), "asked\nopened\nopened\n");
}
