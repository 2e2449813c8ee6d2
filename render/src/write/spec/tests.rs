//! What a specification may ask for.

use super::*;

fn error(text: &str) -> String {
    Spec::from_json(text)
        .expect_err("it is refused")
        .to_string()
}

#[test]
fn ids_are_never_written_lossily() {
    for pass in ["segmentations", "materials", "cryptomatte"] {
        for codec in ["PXR24", "B44", "B44A", "DWAA", "DWAB"] {
            let spec = format!(
                r#"{{"files": [{{"pass": "{pass}", "format": "exr", "codec": "{codec}"}}]}}"#
            );
            let text = error(&spec);
            assert!(
                text.contains(pass) && text.contains(codec) && text.contains("ZIP"),
                "{text}"
            );
        }
        let spec = format!(r#"{{"files": [{{"pass": "{pass}", "format": "exr", "bits": 16}}]}}"#);
        assert!(error(&spec).contains("use 32"));
        let spec = format!(r#"{{"files": [{{"pass": "{pass}", "format": "jpeg"}}]}}"#);
        assert!(error(&spec).contains(pass));
    }
}

#[test]
fn what_is_unknown_or_impossible_is_refused() {
    assert!(error(r#"{"files": [], "preview": true}"#).contains("preview"));
    assert!(error(r#"{"files": [{"pass": "depths", "format": "png"}]}"#).contains("exr or npy"));
    assert!(error(r#"{"files": [{"pass": "depth", "format": "exr"}]}"#).contains("depth"));
    let twice =
        r#"{"files": [{"pass": "depths", "format": "exr"}, {"pass": "depths", "format": "exr"}]}"#;
    assert!(error(twice).contains("twice"));
    let a2 = r#"{"layout": "a2", "files": [{"pass": "points", "format": "exr"}]}"#;
    assert!(error(a2).contains("flat"));
    let jpeg = r#"{"files": [{"pass": "frames", "format": "jpeg", "color": "RGBA"}]}"#;
    assert!(error(jpeg).contains("alpha"));
}

#[test]
fn what_the_user_should_know_is_said() {
    let spec = r#"{"files": [
        {"pass": "depths", "format": "exr", "codec": "PXR24"},
        {"pass": "normals", "format": "exr", "codec": "DWAA", "bits": 16}
    ]}"#;
    let lines = Spec::from_json(spec).expect("it can be written").warnings();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines[0].contains("DWAA is written as ZIP"));
    assert!(lines[1].contains("PXR24"));
    let exact = r#"{"files": [{"pass": "depths", "format": "exr"}]}"#;
    assert!(
        Spec::from_json(exact)
            .expect("it can")
            .warnings()
            .is_empty()
    );
}
