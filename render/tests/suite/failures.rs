//! What is told where a frame cannot be written, and what is left of it: nothing.

use crate::frames::{ABOUT, arrays, folder, spec, write};
use blendtorch_render::write::{Array, Event, FailureKind, Spec, Writer};
use std::sync::mpsc;

const TWO: &str = r#"{"pass": "depths", "format": "exr"}, {"pass": "normals", "format": "exr"}"#;

/// A device that is always full stands for the disk, in the place of the frame's second file.
#[test]
fn a_full_disk_is_named_and_leaves_nothing() {
    let folder = folder();
    let second = folder.path().join("000003.normals.exr");
    std::os::unix::fs::symlink("/dev/full", second).expect("a link");
    let (tell, told) = mpsc::channel();
    let writer = Writer::open(spec(TWO), folder.path(), move |event| {
        tell.send(event).expect("told");
    })
    .expect("a writer");
    writer.write(3, arrays(5, 6), ABOUT).expect("a frame");
    writer.write(4, arrays(5, 6), ABOUT).expect("it goes on");
    writer.flush();
    let Ok(Event::Failed { frame, kind, text }) = told.recv() else {
        panic!("it cannot be written")
    };
    assert_eq!((frame, kind), (3, FailureKind::DiskFull));
    assert!(text.contains("000003.normals.exr"), "{text}");
    assert!(matches!(told.recv(), Ok(Event::Written { frame: 4, .. })));
    let mut left: Vec<_> = std::fs::read_dir(folder.path())
        .expect("the folder")
        .map(|entry| {
            entry
                .expect("a file")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    left.sort();
    assert_eq!(left, ["000004.depths.exr", "000004.normals.exr"]);
}

/// Files that were made on scratch, of which the second has no room where it goes.
#[test]
fn by_way_of_scratch_a_frame_comes_whole_or_not_at_all() {
    let (folder, scratch) = (folder(), folder());
    let way = scratch.path().join("way");
    let second = folder.path().join("000003.normals.exr");
    std::os::unix::fs::symlink("/dev/full", second).expect("a link");
    let (tell, told) = mpsc::channel();
    let writer = Writer::open_by_way_of(spec(TWO), folder.path(), Some(&way), move |event| {
        tell.send(event).expect("told");
    })
    .expect("a writer");
    writer.write(3, arrays(5, 6), ABOUT).expect("a frame");
    writer.write(4, arrays(5, 6), ABOUT).expect("it goes on");
    writer.flush();
    let Ok(Event::Failed { kind, text, .. }) = told.recv() else {
        panic!("it cannot be written")
    };
    assert_eq!(kind, FailureKind::DiskFull, "{text}");
    let Ok(Event::Written { files, .. }) = told.recv() else {
        panic!("the next one can be written")
    };
    for file in &files {
        let bytes = std::fs::read(folder.path().join(&file.file)).expect("the file is there");
        assert_eq!(crc32fast::hash(&bytes), file.crc);
    }
    let left = std::fs::read_dir(folder.path()).expect("the folder");
    assert_eq!((files.len(), left.count()), (2, 2));
    assert!(!way.exists(), "nothing stays on scratch");
}

#[test]
fn a_folder_in_the_way_is_an_error_of_the_disk() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("000003.normals.exr")).expect("a folder");
    let event = write(spec(TWO), folder.path(), arrays(5, 6));
    let Event::Failed { kind, .. } = event else {
        panic!("it cannot be written")
    };
    assert_eq!(kind, FailureKind::Io);
    assert!(!folder.path().join("000003.depths.exr").exists());
}

#[test]
fn an_id_that_has_no_room_is_named() {
    let folder = folder();
    let mut all = arrays(2, 2);
    all.insert(
        "instance".into(),
        Box::new(Array::new(&[2, 2], vec![1_u32, 2, 65_536, 3])),
    );
    let spec = spec(r#"{"pass": "segmentations", "format": "png"}"#);
    let Event::Failed { kind, text, .. } = write(spec, folder.path(), all) else {
        panic!("it cannot be written")
    };
    assert_eq!(kind, FailureKind::Encode);
    assert!(text.contains("65536") && text.contains("exr"), "{text}");
}

#[test]
fn arrays_that_are_wrong_are_refused_at_once_by_name() {
    let folder = folder();
    let writer = Writer::open(spec(TWO), folder.path(), |_| {}).expect("a writer");
    let refused = |name: &str, array: Option<Array<f32>>, about: &str| {
        let mut all = arrays(4, 6);
        all.remove(name);
        if let Some(array) = array {
            all.insert(name.into(), Box::new(array));
        }
        let text = writer
            .write(3, all, about)
            .expect_err("it is refused")
            .to_string();
        assert!(text.contains(name), "{text}");
        text
    };
    refused("normal", None, ABOUT);
    refused("depth", Some(Array::new(&[4, 6, 2], vec![0.0; 48])), ABOUT);
    refused("depth", Some(Array::new(&[4, 6], vec![0.0; 23])), ABOUT);
    let text = refused("normal", Some(Array::new(&[6, 4, 3], vec![0.0; 72])), ABOUT);
    assert!(text.contains("4 × 6"), "{text}");
    refused("depth", Some(Array::new(&[0, 6], vec![])), ABOUT);
    refused("normal", Some(Array::new(&[4, 6, 3], vec![0.0; 72])), "{}");
    let mut all = arrays(4, 6);
    all.insert(
        "depth".into(),
        Box::new(Array::new(&[4, 6], vec![0_u32; 24])),
    );
    let text = writer
        .write(3, all, ABOUT)
        .expect_err("it is refused")
        .to_string();
    assert!(text.contains("depth") && text.contains("float32"), "{text}");
}

#[test]
fn what_is_told_is_the_json_of_the_contract() {
    let folder = folder();
    let event = write(
        spec(r#"{"pass": "depths", "format": "exr"}"#),
        folder.path(),
        arrays(2, 3),
    );
    let value = serde_json::to_value(event).expect("JSON");
    assert_eq!(value["event"], "written");
    assert_eq!(value["frame"], 3);
    assert_eq!(value["about"]["kept"], true);
    let file = &value["files"][0];
    assert_eq!(file["pass"], "depths");
    assert_eq!(file["file"], "000003.depths.exr");
    let mut keys: Vec<_> = file.as_object().expect("an object").keys().collect();
    keys.sort();
    assert_eq!(keys, ["bytes", "crc", "file", "pass", "seconds"]);
    let failed = Event::Failed {
        frame: -3,
        kind: FailureKind::DiskFull,
        text: "full".into(),
    };
    let value = serde_json::to_value(failed).expect("JSON");
    assert_eq!(value["event"], "failed");
    assert_eq!(value["kind"], "disk_full");
}

#[test]
fn frames_before_0_have_names_too() {
    let folder = folder();
    let writer = Writer::open(spec(TWO), folder.path(), |_| {}).expect("a writer");
    writer.write(-3, arrays(2, 2), ABOUT).expect("a frame");
    writer.close();
    assert!(folder.path().join("-00003.depths.exr").exists());
    assert!(writer.write(1, arrays(2, 2), ABOUT).is_err());
}

/// What a job asks for is said in two vocabularies, which must stay the same.
#[test]
fn what_a_job_asks_for_can_be_written() {
    use blendtorch_render::{PASSES, Pass};
    let files: Vec<_> = PASSES
        .into_iter()
        .filter(|pass| *pass != Pass::Composites)
        .map(|pass| {
            let mut file = serde_json::to_value(pass.options()).expect("JSON");
            file["pass"] = serde_json::to_value(pass).expect("JSON");
            file
        })
        .collect();
    let spec = serde_json::json!({
        "layout": "flat", "previews": true, "multilayer": false, "files": files
    });
    Spec::from_json(&spec.to_string()).expect("it can be written");
}
