//! Every way in which a launch description can be wrong is told in one line that names the file, the
//! key and the remedy, before anything starts.

use std::net::TcpListener;
use std::process::Command;

use crate::support::{STAND_IN, Stage};

/// What `blendtorch-launch` says of a description with these keys, after "error: ". The script leaves
/// a file when it runs, so that it is seen that nothing has.
fn said(keys: &str) -> String {
    said_on(&Stage::new(1, MARKS, ""), keys, |_| {})
}

const MARKS: &str = r#"echo > "$DIR/started""#;

fn said_on(stage: &Stage, keys: &str, prepare: impl FnOnce(&mut Command)) -> String {
    std::fs::write(stage.path("launch.json"), format!("{{{keys}}}")).unwrap();
    let mut command = stage.command();
    prepare(&mut command);
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    assert!(!stage.path("started").exists(), "{stderr}");
    assert!(!stage.path("launch_info.json").exists(), "{stderr}");
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    let error = stderr.strip_prefix("blendtorch-launch: error: ").unwrap();
    error.trim_end().to_owned()
}

/// The keys of a description that would start, for another to be added.
const GOOD: &str = r#""script": "scene.sh", "background": true, "blender": "./blender""#;

fn folder(stage: &Stage) -> String {
    stage
        .path("")
        .display()
        .to_string()
        .trim_end_matches('/')
        .to_owned()
}

#[test]
fn an_unknown_key() {
    let said = said(&format!(r#"{GOOD}, "num_instance": 2"#));
    assert!(
        said.starts_with(
            r#"launch.json: key "num_instance": unknown field `num_instance`, expected"#
        ),
        "{said}"
    );
    assert!(
        said.ends_with(r#"; was "num_instances" meant? Correct its spelling or remove it"#),
        "{said}"
    );
}

#[test]
fn a_value_of_the_wrong_type() {
    for (key, value, found, remedy) in [
        (
            "num_instances",
            r#""2""#,
            "string \"2\", expected usize",
            "a whole number, 1 or more",
        ),
        (
            "start_port",
            "70000",
            "integer `70000`, expected u16",
            "a whole number from 0 to 65535",
        ),
        (
            "background",
            r#""yes""#,
            "string \"yes\", expected a boolean",
            "true or false",
        ),
        (
            "seed",
            "-1",
            "integer `-1`, expected u64",
            "a whole number, 0 or more",
        ),
        (
            "log_dir",
            "3",
            "integer `3`, expected path string",
            "a string: the folder of the log files",
        ),
    ] {
        let said = said(&format!(r#""script": "scene.sh", "{key}": {value}"#));
        assert!(
            said.starts_with(&format!("launch.json: key \"{key}\": invalid ")),
            "{said}"
        );
        assert!(said.contains(found), "{said}");
        assert!(said.ends_with(&format!("; write {remedy}")), "{said}");
    }
    let twice = said(&format!(r#"{GOOD}, "background": true"#));
    assert!(twice.starts_with("launch.json: duplicate field `background`"));
    assert!(twice.ends_with("; leave one of the two out"), "{twice}");
    let said = said(&format!(r#"{GOOD}, "env": {{"A": 1}}"#));
    assert!(
        said.starts_with(r#"launch.json: key "env.A": invalid type: integer `1`"#),
        "{said}"
    );
    assert!(
        said.contains(r#"write an object of strings, as {"NAME": "value"}"#),
        "{said}"
    );
}

#[test]
fn a_missing_script() {
    let stage = Stage::new(1, MARKS, "");
    let said = said_on(&stage, r#""script": "cube.py""#, |_| {});
    assert_eq!(
        said,
        format!(
            "launch.json: key \"script\": there is no such file: {}/cube.py; relative paths count from \
             the folder of the launch description, then from the working folder",
            folder(&stage)
        )
    );
    let said = said_on(&stage, "", |_| {});
    assert!(
        said.starts_with("launch.json: missing field `script`"),
        "{said}"
    );
    assert!(
        said.ends_with(r#"; add "script": "FILE", the Python scene script to run"#),
        "{said}"
    );
}

#[test]
fn a_scene_that_does_not_open() {
    let stage = Stage::new(1, MARKS, "");
    let keys = format!(r#"{GOOD}, "scene": "broken.blend""#);
    let scene = format!("{}/broken.blend", folder(&stage));
    let begin = "launch.json: key \"scene\": ";

    let said = said_on(&stage, &keys, |_| {});
    assert!(
        said.starts_with(&format!("{begin}there is no such file: {scene}; ")),
        "{said}"
    );

    std::fs::write(stage.path("broken.blend"), "not a scene").unwrap();
    assert_eq!(
        said_on(&stage, &keys, |_| {}),
        format!(
            "{begin}{scene} is not a .blend file; name a file that Blender has saved, or leave the key \
             out for Blender's own scene"
        )
    );
    std::fs::write(stage.path("broken.blend"), "BLENDER-v405DATA").unwrap();
    assert_eq!(
        said_on(&stage, &keys, |_| {}),
        format!(
            "{begin}{scene} breaks off before its end mark; fetch or save it again: it is not whole"
        )
    );
    // Well-formed for us, and the stand-in refuses it as Blender would.
    stage.write_scene("broken.blend");
    assert_eq!(
        said_on(&stage, &keys, |_| {}),
        format!(
            "{begin}Blender 4.5.0 does not open {}: File format is not supported; open and save \
             it with this version of Blender, or name the Blender that saved it with the key blender",
            stage.path("broken.blend").canonicalize().unwrap().display()
        )
    );
}

#[test]
fn no_blender() {
    let stage = Stage::new(1, MARKS, "");
    let nowhere = |command: &mut Command| {
        command.env("PATH", "/nowhere");
    };
    assert_eq!(
        said_on(
            &stage,
            r#""script": "scene.sh", "background": true"#,
            nowhere
        ),
        "launch.json: key \"blender\": no Blender was found (none is named here or by \
         BLENDTORCH_BLENDER, there is no managed one and no `blender` on PATH); run `blendtorch setup` \
         once to install the managed one"
    );
    assert_eq!(
        said_on(&stage, r#""script": "scene.sh", "blender": "bpy""#, nowhere),
        "launch.json: key \"blender\": blender names \"bpy\", the managed Blender, and there is none \
         yet; run `blendtorch setup`"
    );
    assert_eq!(
        said_on(
            &stage,
            r#""script": "scene.sh", "blender": "blender-9""#,
            nowhere
        ),
        format!(
            "launch.json: key \"blender\": there is no such file: {}/blender-9, nor a program of that \
             name on PATH; write \"bpy\" for the managed Blender, or the path of a Blender",
            folder(&stage)
        )
    );
    assert_eq!(
        said_on(
            &stage,
            r#""script": "scene.sh", "blend_path": "scene.sh""#,
            nowhere
        ),
        format!(
            "launch.json: key \"blend_path\": blend_path names {}/scene.sh, which is neither a Blender \
             program, nor a folder with one, nor a virtual environment with bpy; correct or remove it \
             (`blendtorch setup` installs a managed Blender)",
            folder(&stage)
        )
    );
    assert_eq!(
        said_on(
            &stage,
            r#""script": "scene.sh", "blender": "/bin/false""#,
            nowhere
        ),
        "launch.json: key \"blender\": /bin/false does not run as a Blender: it ended with exit status: \
         1 and no word; name another one with the key blender or BLENDTORCH_BLENDER, or run \
         `blendtorch setup`"
    );
    // What the environment names is no fault of the file's.
    let said = said_on(
        &stage,
        r#""script": "scene.sh", "background": true"#,
        |command| {
            command.env("BLENDTORCH_BLENDER", "/nowhere");
        },
    );
    assert!(
        said.starts_with("launch.json: BLENDTORCH_BLENDER names /nowhere, which is neither"),
        "{said}"
    );
}

#[test]
fn a_blender_without_our_package_said_no_module_named_blendtorch() {
    let stage = Stage::new(1, MARKS, "");
    let program = stage.install("without", STAND_IN);
    let program = program.display();
    assert_eq!(
        said_on(
            &stage,
            r#""script": "scene.sh", "blender": "./without""#,
            |_| {}
        ),
        format!(
            "launch.json: key \"blender\": {program} (Blender 4.5.0) cannot import blendtorch: there is \
             none; what mends it: blendtorch setup --wheel FILE (in a checkout: make setup)"
        )
    );
    // Laid out by `blendtorch setup`, it is not asked for.
    let folder = stage.path("cache/blender-packages/blendtorch");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("__init__.py"), "").unwrap();
    let description = r#"{"script": "scene.sh", "blender": "./without", "background": true}"#;
    std::fs::write(stage.path("launch.json"), description).unwrap();
    assert!(stage.command().output().unwrap().status.success());
    assert!(stage.path("started").exists());
}

#[test]
fn two_names_for_the_blender() {
    assert_eq!(
        said(&format!(r#"{GOOD}, "blend_path": "./blender""#)),
        "launch.json: key \"blend_path\": \"blender\" names a Blender already; leave one of the two out"
    );
}

#[test]
fn a_blender_that_is_too_old() {
    let stage = Stage::new(1, MARKS, "");
    let program = stage.install("old", "#!/bin/sh\necho blendtorch-found 2.93.1 3.9\n");
    assert_eq!(
        said_on(&stage, r#""script": "scene.sh", "blender": "old""#, |_| {}),
        format!(
            "launch.json: key \"blender\": {} is Blender 2.93.1 with Python 3.9; blendtorch needs Python \
             3.11 or later (Blender 4.1 or later, or a 3.4 built on it): run `blendtorch setup`, or name \
             a newer Blender with the key blender or BLENDTORCH_BLENDER",
            program.display()
        )
    );
}

#[test]
fn an_occupied_port() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    assert_eq!(
        said(&format!(
            r#"{GOOD}, "named_sockets": ["DATA"], "start_port": {port}"#
        )),
        format!(
            "launch.json: key \"start_port\": port {port} of 127.0.0.1 (socket DATA of instance 0) is \
             occupied; end the program that listens on it, perhaps another launcher, or choose another \
             start_port"
        )
    );
}

#[test]
fn more_instances_than_ports() {
    assert_eq!(
        said(&format!(
            r#"{GOOD}, "named_sockets": ["DATA", "CTRL"], "start_port": 65000, "num_instances": 300"#
        )),
        "launch.json: key \"num_instances\": there are not ports enough: 2 sockets of 300 instances from \
         start_port 65000 on go beyond port 65535; write fewer instances, a smaller start_port, or proto \
         \"ipc\", which needs none"
    );
    assert_eq!(
        said(&format!(r#"{GOOD}, "num_instances": 100000"#)),
        "launch.json: key \"num_instances\": 100000 instances are more than one machine can run; write a \
         number from 1 to 4096"
    );
}

#[test]
fn an_address_of_another_machine() {
    let said = said(&format!(
        r#"{GOOD}, "named_sockets": ["DATA"], "bind_addr": "192.0.2.7""#
    ));
    assert!(
        said.starts_with(
            "launch.json: key \"bind_addr\": bind_addr \"192.0.2.7\" cannot be bound (port "
        ),
        "{said}"
    );
    assert!(
        said.ends_with("use 127.0.0.1, 0.0.0.0, \"primaryip\" or an address of this machine"),
        "{said}"
    );
}

#[test]
fn a_log_folder_that_cannot_be_made() {
    let stage = Stage::new(1, MARKS, "");
    assert_eq!(
        said_on(
            &stage,
            &format!(r#"{GOOD}, "log_dir": "scene.sh/logs""#),
            |_| {}
        ),
        format!(
            "launch.json: key \"log_dir\": {}/scene.sh/logs cannot be written: Not a directory (os error \
             20); name a folder that may be made and written",
            folder(&stage)
        )
    );
}

#[test]
fn a_variable_without_a_name() {
    assert_eq!(
        said(&format!(r#"{GOOD}, "env": {{"A=B": "c"}}"#)),
        "launch.json: key \"env.A=B\": \"A=B\" cannot be the name of a variable; write a name without \
         '=', as \"CUDA_VISIBLE_DEVICES\""
    );
}

#[test]
fn a_file_that_is_no_json() {
    let stage = Stage::new(1, MARKS, "");
    let said = said_on(&stage, r#""script": "scene.sh","#, |_| {});
    assert!(
        said.starts_with("launch.json: trailing comma at line 1"),
        "{said}"
    );
    assert!(
        said.contains("keys and strings in double quotes, no comment"),
        "{said}"
    );
    std::fs::remove_file(stage.path("launch.json")).unwrap();
    let output = stage.command().output().unwrap();
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "blendtorch-launch: error: launch.json: cannot be read: No such file or directory (os error 2); \
         give the path of a launch description (see blendtorch-launch --help)\n"
    );
}
