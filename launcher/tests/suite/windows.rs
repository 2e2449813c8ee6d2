//! Windows are for where there is a display. The "Blender" is a stand-in that says what it was given.

use crate::support::Stage;

/// What two instances were given before the script, and what the launcher said, where these
/// variables are set.
fn launched(description: &str, display: &[(&str, &str)]) -> (Vec<String>, String) {
    let stage = Stage::new(1, r#"echo "given ${GIVEN%%--python *}""#, "");
    let more = r#""script": "scene.sh", "blender": "./blender", "num_instances": 2"#;
    std::fs::write(
        stage.path("launch.json"),
        format!("{{{more}{description}}}"),
    )
    .unwrap();
    let mut command = stage.command();
    command.env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
    let output = command.envs(display.iter().copied()).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{stderr}");
    let stdout = String::from_utf8(output.stdout).unwrap();
    let given = stdout.lines().filter(|line| line.contains("given"));
    (given.map(str::to_owned).collect(), stderr)
}

const NO_DISPLAY: &str = "there is no display";

#[test]
fn conformance_1_there_is_a_window_where_there_is_a_display() {
    for display in [("DISPLAY", ":7"), ("WAYLAND_DISPLAY", "wayland-7")] {
        for description in ["", r#", "background": false"#] {
            let (given, said) = launched(description, &[display]);
            assert_eq!(given.len(), 2, "{given:?}");
            assert!(!given.concat().contains("--background"), "{given:?}");
            assert!(!said.contains(NO_DISPLAY), "{said}");
        }
        let (given, _) = launched(r#", "background": true"#, &[display]);
        assert!(given.iter().all(|line| line.contains(" --background ")));
    }
}

#[test]
fn conformance_1_without_a_display_instances_run_headless_and_that_is_said_once() {
    for nothing in [&[][..], &[("DISPLAY", ""), ("WAYLAND_DISPLAY", "")]] {
        let (given, said) = launched("", nothing);
        assert_eq!(given.len(), 2, "{given:?}");
        assert!(
            given
                .iter()
                .all(|line| line.contains("given --background ")),
            "{given:?}"
        );
        assert_eq!(said.matches(NO_DISPLAY).count(), 1, "{said}");
        // Nothing to say where no window was wanted.
        let (_, said) = launched(r#", "background": true"#, nothing);
        assert!(!said.contains(NO_DISPLAY), "{said}");
    }
}
