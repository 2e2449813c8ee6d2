use std::path::Path;

use super::*;

/// A folder with a network's file in it, and what a text there says.
fn read(text: &str) -> Result<SceneDescription, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("net.hdf5"), b"").unwrap();
    let file = folder.path().join("network.json");
    std::fs::write(&file, text).unwrap();
    let place = folder.path().display().to_string();
    SceneDescription::from_file(&file).map_err(|error| error.to_string().replace(&place, "HERE"))
}

fn refused(text: &str) -> String {
    read(text).unwrap_err()
}

#[test]
fn a_network_is_enough() {
    let scene = read(r#"{"network": "net.hdf5"}"#).unwrap();
    assert!(scene.network.unwrap().is_absolute());
    assert_eq!(scene.time.fps, 60.0);
    assert_eq!(scene.time.frame(scene.time.at(7.0)), 7.0);
}

#[test]
fn what_is_read_again_is_the_same() {
    let text = r##"{"network": "net.hdf5", "show": {"as": "decay"}, "colors": "magma", "background": "#112",
        "populations": {"a": {"color": "#ff000080", "show": {"as": "rest"}}}, "morphologies": {"a": "all", "b": [1, 2]},
        "camera": {"elevation": 30, "azimuth": -60, "up": "-z"},
        "devices": [{"kind": "light", "coords": [[0, 0, 0]], "values": [2.0], "max_value": 4, "model": {"model": "twophoton"}},
                    {"kind": "probe", "coords": [[0, 0, 1]]},
                    {"kind": "scope", "location": [0, 0, 0], "focus_depth": 100, "img_width": 500}]}"##;
    let scene = read(text).unwrap();
    let mut again: SceneDescription = serde_json::from_value(scene.to_json()).unwrap();
    assert_eq!(again, scene);
    again.name = Some("x".into());
    assert_ne!(again, scene);
}

#[test]
fn an_unknown_key_is_named_with_the_one_that_was_meant() {
    let said = refused(r##"{"network": "net.hdf5", "populations": {"a": {"colour": "#fff"}}}"##);
    assert!(said.contains("populations.a.colour"), "{said}");
    assert!(said.contains("did you mean `color`?"), "{said}");
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let said = refused(
        r#"{"network": "gone.hdf5", "time": {"fps": 0, "stop_ms": -1}, "engine": "cycels",
            "resolution": "big", "show": {"as": "decay", "tau_ms": 0},
            "colors": {"map": "viridis", "low": 1, "high": 0},
            "populations": {"a": {"radius": -1, "opacity": 2}},
            "devices": [{"kind": "light", "coords": [[0,0,0]], "values": [1, 2], "direction": [[0,0,0]]}]}"#,
    );
    for part in [
        "gone.hdf5 is not there",
        "time.fps",
        "time.stop_ms",
        "did you mean \"cycles\"",
        "640x480",
        "show.tau_ms",
        "`low` (1) must be below",
        "populations.a.radius",
        "populations.a.opacity",
        "devices[0].values",
        "devices[0].direction",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn an_unknown_colour_map_is_named_with_the_one_that_was_meant() {
    let said = refused(
        r#"{"network": "net.hdf5", "colors": "virdis", "populations": {"a": {"colors": {"map": "hot"}}}}"#,
    );
    assert!(
        said.contains("colors: there is no colour map \"virdis\"; did you mean \"viridis\"?"),
        "{said}"
    );
    assert!(
        said.contains("populations.a.colors: there is no colour map \"hot\""),
        "{said}"
    );
}

#[test]
fn colors_are_hexadecimal_or_numbers() {
    let color = |text: &str| serde_json::from_str::<Color>(text).map(|color| color.0);
    assert_eq!(color("\"#f00\"").unwrap(), [1.0, 0.0, 0.0, 1.0]);
    assert_eq!(color("\"#0000ff00\"").unwrap(), [0.0, 0.0, 1.0, 0.0]);
    assert_eq!(color("[0.5, 0, 1]").unwrap(), [0.5, 0.0, 1.0, 1.0]);
    for wrong in [
        "\"red\"",
        "\"#ggg\"",
        "\"#ffff\"",
        "[1, 2, 3]",
        "[1]",
        "\"#é0\"",
    ] {
        let said = color(wrong).unwrap_err().to_string();
        assert!(said.contains("is no colour"), "{said}");
    }
}

#[test]
fn cells_without_a_file_of_a_network_have_positions() {
    let said = refused(r##"{"populations": {"a": {"color": "#fff"}}}"##);
    assert!(said.contains("network"), "{said}");
    let said = refused(r#"{"populations": {"a": {"positions": "cells.txt"}}}"#);
    assert!(said.contains("names no array"), "{said}");
    let scene = read(r#"{"populations": {"a": {"positions": [[0, 0, 0], [1, 2, 3]]}}}"#).unwrap();
    assert!(scene.files().is_empty());
    assert_eq!(
        array_file("/a/b.npz:exc"),
        (Path::new("/a/b.npz").into(), Some("exc"))
    );
}

/// A colon in a folder's name was taken for the one before an array's, and one in a group's name, too; the
/// scene was made by another rule than the one that had checked it.
#[test]
fn files_and_arrays_may_have_colons_of_their_own() {
    for (text, file, array) in [
        ("/10:30/cells.npy", "/10:30/cells.npy", None),
        ("/10:30/cells.npz:exc", "/10:30/cells.npz", Some("exc")),
        ("cells.h5:/a:b/c", "cells.h5", Some("/a:b/c")),
        ("cells.hdf5:x.npz:y", "cells.hdf5", Some("x.npz:y")),
        ("cells.npz:", "cells.npz", None),
        ("cells.txt:exc", "cells.txt:exc", None),
    ] {
        assert_eq!(array_file(text), (file.into(), array), "{text}");
    }
}

/// They were drawn, for an hour, and ended in Blender's words.
#[test]
fn pictures_and_frames_that_blender_does_not_have_are_refused_by_their_key() {
    let with = |keys: &str| read(&format!(r#"{{"network": "net.hdf5", {keys}}}"#));
    for size in ["32768x32768", "65536x16384", "4x65536"] {
        assert!(
            with(&format!(r#""resolution": "{size}""#)).is_ok(),
            "{size}"
        );
    }
    for (keys, says) in [
        (
            r#""resolution": "65536x65536""#,
            "resolution: 65536x65536 are 4294 million pixels",
        ),
        (r#""resolution": "65537x4""#, "each from 4 to 65536"),
        (r#""resolution": [65536, 65536]"#, "resolution: "),
        (
            r#""samples": 16777217"#,
            "samples: 16777217 is not from 1 to 16777216",
        ),
        (
            r#""camera": {"elevation": 1, "azimuth": 1, "lens": 0.5}"#,
            "camera.lens: 0.5 is not from 1 to 5000",
        ),
        (
            r#""time": {"ms_per_s": 0.001, "stop_ms": 1000}"#,
            "time.stop_ms: it is at frame 60000000",
        ),
    ] {
        let said = with(keys).unwrap_err();
        assert!(said.contains(says), "{says} is not in {said}");
    }
}

#[test]
fn a_box_is_around_all_or_has_limits() {
    let axes = |text: &str| read(&format!(r#"{{"network": "net.hdf5", "axes": {text}}}"#));
    assert_eq!(axes("true").unwrap().axes, Axes::Drawn(true));
    let some = axes(r#"{"z": [0, 600]}"#).unwrap();
    assert_eq!(some.axes.limits(), [("z", [0.0, 600.0])]);
    assert_eq!(some.to_json()["axes"]["z"][1], 600.0);
    let again: SceneDescription = serde_json::from_value(some.to_json()).unwrap();
    assert_eq!(again, some);
    let back = axes(r#"{"x": [5, 5], "y": [9, 1]}"#).unwrap_err();
    assert!(back.contains("axes.x") && back.contains("axes.y"), "{back}");
    let other = axes(r#"{"w": [0, 1]}"#).unwrap_err();
    assert!(
        other.contains("axes") && other.contains(r#"as {"z": [0, 600]}"#),
        "{other}"
    );
}

#[test]
fn other_json_files_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let kind = |text: &str| {
        let file = folder.path().join("x.json");
        std::fs::write(&file, text).unwrap();
        NetworkFile::of(&file)
    };
    assert_eq!(kind(r#"{"network": "a"}"#), Some(NetworkFile::Scene));
    assert_eq!(kind(r#"{"scene": "a.blend", "network": "a"}"#), None);
    let sonata = Some(NetworkFile::Network);
    assert_eq!(kind(r#"{"networks": {}, "run": {}}"#), sonata);
    assert_eq!(
        kind(r#"{"network": "circuit.json", "simulation": "s.json"}"#),
        sonata
    );
    assert_eq!(kind("[]"), None);
    // Whoever meant a network.json hears where it is no JSON.
    assert_eq!(
        kind(r#"{"network": "a", "time": {"fps": NaN}}"#),
        Some(NetworkFile::Scene)
    );
    assert_eq!(kind("{scene: 1}"), None);
    assert_eq!(NetworkFile::of(folder.path()), None);
    assert_eq!(NetworkFile::of(Path::new("a.HDF5")), sonata);
}

#[test]
fn a_sonata_network_has_the_spikes_beside_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("config.json");
    std::fs::write(
        &config,
        r#"{"run": {"tstop": 1, "dt": 0.1}, "networks": {"nodes": [], "edges": []},
            "output": {"output_dir": "./out", "spikes_file": "spikes.h5"}}"#,
    )
    .unwrap();
    let before = SceneDescription::of(&config, &[]).unwrap();
    assert!(before.results.is_empty());
    let spikes = folder.path().join("out/spikes.h5");
    std::fs::create_dir(folder.path().join("out")).unwrap();
    std::fs::write(&spikes, b"").unwrap();
    let after = SceneDescription::of(&config, &[]).unwrap();
    assert_eq!(after.results[0], spikes);
    assert_eq!(after.results.len(), 1);
    // What is named goes before.
    let named = SceneDescription::of(&config, std::slice::from_ref(&config)).unwrap();
    assert_eq!(named.results, [config]);
    let gone = SceneDescription::of(&spikes.with_extension("hdf5"), &[]).unwrap_err();
    assert!(gone.to_string().contains("is not there"), "{gone}");
}

#[test]
fn a_model_of_light_may_be_its_name_and_what_is_wrong_with_devices_is_said() {
    let light = |keys: &str| {
        read(&format!(
            r#"{{"network": "net.hdf5", "devices": [{{"kind": "light", "coords": [[0, 0, 0]], {keys}}}]}}"#
        ))
    };
    let named = light(r#""model": "fiber""#).unwrap();
    let whole = light(r#""model": {"model": "fiber"}"#).unwrap();
    assert_eq!(named.devices, whole.devices);
    let unknown = light(r#""model": "fibre""#).unwrap_err();
    assert!(
        unknown.contains("fibre") && unknown.contains("twophoton"),
        "{unknown}"
    );
    let short = light(r#""model": "koehler""#).unwrap_err();
    assert!(short.contains("missing field `radius`"), "{short}");
    let values = light(r#""values": {"array": "a"}"#).unwrap_err();
    assert!(
        values.contains("a list of numbers, one for each source"),
        "{values}"
    );
    let scope = |range: &str| {
        read(&format!(
            r#"{{"network": "net.hdf5", "devices": [{{"kind": "scope", "location": [0, 0, 0],
                "focus_depth": 100, "img_width": 50, "range": {range}}}]}}"#
        ))
    };
    assert_eq!(
        scope("[0, 2]").unwrap().to_json()["devices"][0]["range"][1],
        2.0
    );
    assert!(scope("[2, 0]").unwrap_err().contains("devices[0].range"));
}

#[test]
fn a_population_that_is_there_twice_and_rows_that_are_no_places_are_said() {
    let twice =
        refused(r#"{"network": "net.hdf5", "populations": {"a": {}, "a": {"hidden": true}}}"#);
    assert!(twice.contains("\"a\" is there twice"), "{twice}");
    let ragged = refused(r#"{"populations": {"a": {"positions": [[0, 0, 0], [1, 2]]}}}"#);
    assert!(ragged.contains("rows of three numbers"), "{ragged}");
}
