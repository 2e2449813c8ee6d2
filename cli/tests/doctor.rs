//! `blendtorch doctor` and its neighbours on a machine that has nothing. What it says of a real
//! Blender is tested in `tests/`.

#![allow(clippy::unwrap_used, reason = "a panic is a report")]

use std::process::{Command, Output};

/// The program in an empty home.
fn blendtorch(arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_blendtorch"))
        .args(arguments)
        .env_clear()
        .env("BLENDTORCH_CACHE", home.path())
        .env("PATH", "/nowhere")
        .output()
        .unwrap()
}

#[test]
fn a_machine_without_a_blender_is_told_the_line_that_mends_it() {
    let output = blendtorch(&["doctor"]);
    assert_eq!(output.status.code(), Some(1));
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines[..2],
        [
            "MISSING Blender          no Blender was found (none is named here or by \
             BLENDTORCH_BLENDER, there is no managed one and no `blender` on PATH)",
            "                         mend: blendtorch setup"
        ]
    );
    let libtorch = lines.iter().position(|line| line.contains("libtorch"));
    assert_eq!(
        lines[libtorch.unwrap()..],
        [
            "note    libtorch         none; only training in Rust with tch needs it",
            "                         mend: make libtorch (in a checkout)"
        ]
    );
    for name in ["display", "shared memory", "machine"] {
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn without_a_home_the_cache_folder_is_that_of_the_users_entry_or_its_lack_is_told() {
    let doctor = |home: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_blendtorch"));
        command.arg("doctor").env_clear().env("PATH", "/nowhere");
        if let Some(home) = home {
            command.env("HOME", home);
        }
        String::from_utf8(command.output().unwrap().stdout).unwrap()
    };
    let told = "cache folder     none: HOME, XDG_CACHE_HOME and BLENDTORCH_CACHE name no full path";
    let text = doctor(Some("a/relative/one"));
    assert!(text.contains(told), "{text}");
    // Whoever runs this has an entry, as root or otherwise, or is told so too.
    let listed = Command::new("getent")
        .args(["passwd", &rustix::process::geteuid().to_string()])
        .output();
    if listed.is_ok_and(|entry| entry.status.success()) {
        let text = doctor(None);
        assert!(!text.contains(told), "{text}");
    }
}

#[test]
fn programs_read_the_same_as_json() {
    let output = blendtorch(&["doctor", "--json"]);
    assert_eq!(output.status.code(), Some(1));
    let checks: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(checks[0]["name"], "Blender");
    assert_eq!(checks[0]["health"], "missing");
    assert_eq!(checks[0]["remedy"], "blendtorch setup");
}

#[test]
fn completions_are_a_script_that_bash_takes() {
    let output = blendtorch(&["completions", "bash"]);
    assert!(output.status.success());
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("completions");
    std::fs::write(&script, &output.stdout).unwrap();
    let ask = "source \"$0\"; complete -p blendtorch blendtorch-launch; \
               COMP_WORDS=(blendtorch doc); COMP_CWORD=1; \
               _blendtorch blendtorch doc blendtorch; echo \"${COMPREPLY[@]}\"";
    let output = Command::new("bash")
        .args(["--norc", "-c", ask])
        .arg(&script)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(said.ends_with(" blendtorch-launch\ndoctor\n"), "{said}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}
