//! A ledger that is made of files has what is whole, and nothing else.

use std::fs;
use std::path::Path;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::jobfile::{JOB, JobFile};
use super::notes::{NOTES, NoteBook};
use super::{Entry, IdTable, LEDGER, Ledger, Shot, Things, stamp};
use crate::job::{Settings, UserIds};
use crate::transforms::CAMERAS;

const FRAMES: [i64; 4] = [1, 2, 3, 4];

fn job(out: &Path) -> JobFile {
    let npy = json!({"format": "npy", "bits": 32, "codec": "ZIP", "color": "RGB"});
    let kinds = IndexMap::from([
        ("depths".to_owned(), npy),
        ("composites".into(), Value::Null),
    ]);
    let values = json!({"layout": "flat", "scene": "a.blend"})
        .as_object()
        .unwrap()
        .clone();
    let job = JobFile::new(&Settings { values }, &kinds, &FRAMES, &UserIds::default());
    job.publish(out).unwrap();
    job
}

fn npy(frame: i64) -> Vec<u8> {
    let header = format!(
        "{:53}\n",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"
    );
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    let value = (frame as f32).to_le_bytes();
    [
        &b"\x93NUMPY\x01\x00"[..],
        &length,
        header.as_bytes(),
        &value,
        &value,
    ]
    .concat()
}

/// All files of the job, of which Blender has chosen one ending.
fn render(out: &Path) {
    for folder in ["depths", "composites"] {
        fs::create_dir_all(out.join(folder)).unwrap();
    }
    for frame in FRAMES {
        fs::write(out.join(format!("depths/{frame:06}.npy")), npy(frame)).unwrap();
        let picture = [0xff, 0xd8, 0xff, 0xda, 0, 2, 7, 0xff, 0xd9];
        fs::write(out.join(format!("composites/{frame:06}.jpg")), picture).unwrap();
    }
}

fn states(ledger: &Ledger, state: &str) -> Vec<(i64, String)> {
    let mut rows = ledger
        .connection
        .prepare("SELECT frame, kind FROM files WHERE state = ?1 ORDER BY frame, kind")
        .unwrap();
    let rows = rows
        .query_map([state], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    rows.collect::<rusqlite::Result<_>>().unwrap()
}

#[test]
fn what_is_whole_is_done_and_what_is_cut_emptied_foreign_or_missing_waits() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    job(out);
    render(out);
    fs::write(out.join("depths/000001.npy"), &npy(1)[..40]).unwrap();
    fs::write(out.join("depths/000002.npy"), "").unwrap();
    fs::write(out.join("composites/000002.jpg"), "a text").unwrap();
    fs::remove_file(out.join("composites/000003.jpg")).unwrap();
    fs::write(out.join("depths/000009.npy"), npy(9)).unwrap(); // Not of the job.
    let mut heard = Vec::new();
    let gathered = Ledger::gather(out, false, &mut |done, of| heard.push((done, of))).unwrap();
    let rebuilt = gathered.rebuilt.unwrap();
    assert_eq!((rebuilt.files, rebuilt.of), (4, 8));
    assert_eq!(
        rebuilt.damaged,
        [
            "depths/000001.npy is cut",
            "composites/000002.jpg is no JPEG",
            "depths/000002.npy is empty",
        ]
    );
    assert_eq!(rebuilt.without_camera, [1, 3, 4]);
    assert_eq!(heard, (1..=8).map(|done| (done, 8)).collect::<Vec<_>>());
    let mut ledger = gathered.ledger;
    let named = |frame: i64, kind: &str| (frame, kind.to_owned());
    let (composites, depths) = ("composites", "depths");
    assert_eq!(
        states(&ledger, "done"),
        [
            named(1, composites),
            named(3, depths),
            named(4, composites),
            named(4, depths)
        ]
    );
    assert_eq!(states(&ledger, "pending").len(), 4);
    // It is what a ledger is to be.
    assert!(ledger.verify(&mut |_, _| ()).unwrap().is_empty());
    let summary = ledger.summary().unwrap();
    assert_eq!((summary.frames, summary.whole), (4, 1));
    assert_eq!(summary.settings[0].values["scene"], "a.blend");
    drop(ledger);
    assert!(
        Ledger::gather(out, false, &mut |_, _| ())
            .unwrap()
            .rebuilt
            .is_none()
    );
}

#[test]
fn a_ledger_that_is_damaged_is_made_anew_and_keeps_what_files_say_of_cameras_and_ids() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    job(out);
    render(out);
    let frames: Vec<_> = FRAMES
        .iter()
        .map(|frame| json!({"transform_matrix": [[frame]], "frame": frame}))
        .collect();
    let cameras = json!({"w": 3, "type": "PERSP", "frames": frames});
    fs::write(out.join(CAMERAS), cameras.to_string()).unwrap();
    let ids = json!({"instances": [{"id": 4, "name": "a", "category_id": 2}]});
    fs::write(out.join("ids.json"), ids.to_string()).unwrap();
    fs::write(out.join(LEDGER), vec![7; 5000]).unwrap();
    let error = Ledger::gather(out, false, &mut |_, _| ())
        .unwrap_err()
        .to_string();
    assert!(error.contains("--rebuild"), "{error}");
    let gathered = Ledger::gather(out, true, &mut |_, _| ()).unwrap();
    let rebuilt = gathered.rebuilt.unwrap();
    assert_eq!((rebuilt.files, rebuilt.of), (8, 8));
    assert!(rebuilt.without_camera.is_empty());
    let shots = gathered.ledger.shots().unwrap();
    assert_eq!(
        shots[2],
        (3, json!({"w": 3, "type": "PERSP"}), json!([[3]]))
    );
    assert_eq!(gathered.ledger.ids().unwrap().instances["a"], (4, 2));
}

#[test]
fn without_a_word_of_what_the_files_are_none_can_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let error = Ledger::gather(folder.path(), false, &mut |_, _| ())
        .unwrap_err()
        .to_string();
    assert!(error.contains("nothing was rendered here"), "{error}");
    let error = Ledger::gather(folder.path(), true, &mut |_, _| ())
        .unwrap_err()
        .to_string();
    assert!(error.contains(JOB), "{error}");
}

fn shot(frame: i64) -> Shot {
    Shot {
        camera: json!({"w": 3}),
        matrix: json!([[frame]]),
        seconds: json!({"render": 0.5}),
    }
}

fn entries(out: &Path, frame: i64) -> Vec<Entry> {
    let entry = |kind: &str, path: String| {
        let (bytes, modified_ns) = stamp(&out.join(&path)).unwrap();
        Entry {
            kind: kind.into(),
            path: path.into(),
            bytes,
            crc: 5,
            modified_ns,
            seconds: Some(0.25),
        }
    };
    vec![
        entry("depths", format!("depths/{frame:06}.npy")),
        entry("composites", format!("composites/{frame:06}.jpg")),
    ]
}

#[test]
fn what_tasks_have_noted_is_believed_while_a_file_is_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    job(out);
    render(out);
    for task in [0_i64, 1] {
        let mut book = NoteBook::begin(out, &format!("t{task}")).unwrap();
        for frame in [1 + task, 3 + task] {
            book.done(
                frame,
                &entries(out, frame),
                &shot(frame),
                &format!("t{task}"),
            )
            .unwrap();
        }
    }
    fs::write(out.join("depths/000002.npy"), "").unwrap();
    // One task is still there: the ledger is in memory.
    let task = Ledger::private(out).unwrap();
    let gathered = Ledger::gather(out, false, &mut |_, _| ()).unwrap();
    assert_eq!(gathered.rebuilt.unwrap().files, 7);
    assert!(!gathered.ledger.is_ours() && !out.join(LEDGER).exists() && out.join(NOTES).exists());
    drop((task, gathered.ledger));
    let gathered = Ledger::gather(out, false, &mut |_, _| ()).unwrap();
    assert!(out.join(LEDGER).exists() && !out.join(NOTES).exists());
    let rebuilt = gathered.rebuilt.unwrap();
    assert_eq!((rebuilt.files, rebuilt.damaged.len()), (7, 1));
    let cameras: Value =
        serde_json::from_str(&fs::read_to_string(out.join(CAMERAS)).unwrap()).unwrap();
    assert_eq!(cameras["frames"].as_array().unwrap().len(), 4);
    assert_eq!(cameras["frames"][1]["transform_matrix"], json!([[2]]));
    let summary = gathered.ledger.summary().unwrap();
    assert_eq!(summary.kinds[1].seconds, Some(0.25));
}

#[test]
fn a_frame_that_a_task_has_set_aside_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    job(out);
    NoteBook::begin(out, "a")
        .unwrap()
        .failed(2, "it ended")
        .unwrap();
    let gathered = Ledger::gather(out, false, &mut |_, _| ()).unwrap();
    let failed = gathered.ledger.summary().unwrap().failed;
    assert_eq!(failed, [(2, "it ended".to_owned())]);
}

#[test]
fn tasks_that_contradict_each_other_are_told_by_the_names() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let job = job(out);
    let table = |name: &str| {
        let things: Things =
            serde_json::from_value(json!({"objects": [{"name": name}], "materials": []})).unwrap();
        let mut table = IdTable::default();
        table.number(&things, &job.ids).unwrap();
        table
    };
    let (first, second) = (
        NoteBook::begin(out, "a").unwrap(),
        NoteBook::begin(out, "b").unwrap(),
    );
    first.ids(&table("ball"), &job.ids).unwrap();
    first.ids(&table("ball"), &job.ids).unwrap();
    let error = second
        .ids(&table("cube"), &job.ids)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(r#"instance 1: of "ball" and of "cube""#),
        "{error}"
    );
    let error = Ledger::gather(out, false, &mut |_, _| ())
        .unwrap_err()
        .to_string();
    assert!(error.contains("contradict each other"), "{error}");
}
