//! Whatever happens to the files of a folder, what is planned is what was damaged, and nothing else; a folder has one head.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use indexmap::IndexMap;
use proptest::prelude::*;
use serde_json::{Map, Value};

use super::{Entry, LEDGER, Ledger, Needs, Plan, Shot, stamp};
use crate::job::{Content, Settings};

const KINDS: [&str; 3] = ["frames", "depths", "flows"];

/// A folder with a ledger.
struct Folder {
    folder: tempfile::TempDir,
    kinds: IndexMap<String, Value>,
    settings: Settings,
}

impl Folder {
    fn new(kinds: &[&str]) -> Self {
        let kinds = kinds.iter().map(|kind| ((*kind).to_owned(), Value::Null));
        Self {
            folder: tempfile::tempdir().unwrap(),
            kinds: kinds.collect(),
            settings: Settings { values: Map::new() },
        }
    }

    fn ledger(&self) -> Ledger {
        Ledger::open(self.folder.path()).unwrap()
    }

    fn path(&self, frame: i64, kind: &str) -> PathBuf {
        self.folder.path().join(name(frame, kind))
    }

    fn plan(&self, ledger: &mut Ledger, frames: &[i64]) -> Needs {
        let plan = Plan {
            settings: &self.settings,
            kinds: &self.kinds,
            frames,
            mixed: false,
            anew: false,
        };
        ledger.plan(&plan).unwrap()
    }

    /// Writes files of a frame, and enters them.
    fn render(&self, ledger: &mut Ledger, settings: i64, frame: i64, kinds: &[String]) {
        let entry = |kind: &String| {
            let path = self.path(frame, kind);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, content(frame, kind)).unwrap();
            let (bytes, modified_ns) = stamp(&path).unwrap();
            Entry {
                kind: kind.clone(),
                path: name(frame, kind),
                bytes,
                crc: Content::of(&path).unwrap().crc,
                modified_ns,
                seconds: None,
            }
        };
        let entries: Vec<_> = kinds.iter().map(entry).collect();
        let shot = Shot::default();
        ledger
            .done(frame, &entries, &shot, settings, "0.1")
            .unwrap();
    }

    /// Renders all that is missing.
    fn finish(&self, ledger: &mut Ledger, frames: &[i64]) {
        let needs = self.plan(ledger, frames);
        for (frame, kinds) in &needs.missing {
            self.render(ledger, needs.settings, *frame, kinds);
        }
        ledger.commit().unwrap();
    }
}

fn name(frame: i64, kind: &str) -> PathBuf {
    format!("{kind}/{frame:06}.bin").into()
}

fn content(frame: i64, kind: &str) -> Vec<u8> {
    format!("{kind} of {frame}").into_bytes()
}

/// What can happen to a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    Deleted,
    Emptied,
    Cut,
    Grown,
    Changed,
    /// Its time alone.
    Touched,
    /// As it was written.
    PutBack,
    /// A folder has its name.
    Folder,
}

fn damages() -> impl Strategy<Value = Damage> {
    use Damage::{Changed, Cut, Deleted, Emptied, Folder, Grown, PutBack, Touched};
    proptest::sample::select(vec![
        Deleted, Emptied, Cut, Grown, Changed, Touched, PutBack, Folder,
    ])
}

/// Does it; `turn` gives each a time of its own.
fn damage(path: &PathBuf, whole: &[u8], what: Damage, turn: u64) {
    let _ = fs::remove_dir(path);
    let before = fs::read(path).unwrap_or_default();
    let now = match what {
        Damage::Deleted => return drop(fs::remove_file(path)),
        Damage::Folder => {
            let _ = fs::remove_file(path);
            return fs::create_dir(path).unwrap();
        }
        Damage::Emptied => Vec::new(),
        Damage::Cut => before[..before.len() / 2].to_vec(),
        Damage::Grown => [&before[..], b"!"].concat(),
        Damage::Changed => before.iter().map(|byte| byte ^ 1).collect(),
        Damage::Touched => before,
        Damage::PutBack => whole.to_vec(),
    };
    fs::write(path, now).unwrap();
    let time = SystemTime::now() + Duration::from_secs(turn + 1);
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(time)
        .unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The truth is the disk's: what was damaged is missing, what is as it was written is not.
    #[test]
    fn what_was_damaged_is_missing_and_nothing_else(
        frames in 1_i64..6,
        damaged in proptest::collection::vec((0_i64..6, 0..KINDS.len(), damages()), 0..20),
        more in 0_i64..3,
    ) {
        let folder = Folder::new(&KINDS);
        let all: Vec<_> = (0..frames).collect();
        folder.finish(&mut folder.ledger(), &all);
        for (turn, (frame, kind, what)) in damaged.iter().enumerate() {
            let (frame, kind) = (frame % frames, KINDS[*kind]);
            damage(&folder.path(frame, kind), &content(frame, kind), *what, turn as u64);
        }
        let mut expected: BTreeSet<(i64, String)> = BTreeSet::new();
        for frame in 0..frames + more {
            for kind in KINDS {
                if fs::read(folder.path(frame, kind)).ok() != Some(content(frame, kind)) {
                    expected.insert((frame, kind.to_owned()));
                }
            }
        }
        let all: Vec<_> = (0..frames + more).collect();
        let mut ledger = folder.ledger();
        // Twice: what was found once stays found.
        for _ in 0..2 {
            let needs = folder.plan(&mut ledger, &all);
            let missing: BTreeSet<_> = needs
                .missing
                .iter()
                .flat_map(|(frame, kinds)| kinds.iter().map(|kind| (*frame, kind.clone())))
                .collect();
            prop_assert_eq!(&missing, &expected);
            prop_assert_eq!(needs.whole + needs.missing.len(), all.len());
        }
        for path in expected.iter().map(|(frame, kind)| folder.path(*frame, kind)) {
            let _ = fs::remove_dir(path);
        }
        folder.finish(&mut ledger, &all);
        prop_assert!(folder.plan(&mut ledger, &all).missing.is_empty());
        prop_assert!(ledger.verify(&mut |_, _| ()).unwrap().is_empty());
    }
}

#[test]
fn a_folder_has_one_head_and_any_readers() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("a/b");
    assert!(Ledger::read(&out).is_err());
    let first = Ledger::open(&out).unwrap();
    let error = Ledger::open(&out).unwrap_err().to_string();
    assert!(error.contains("renders into it"), "{error}");
    assert!(!Ledger::read(&out).unwrap().is_ours());
    drop(first);
    assert!(Ledger::open(&out).unwrap().is_ours());
}

#[test]
fn a_folder_that_cannot_be_used_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Ledger::open(&file).unwrap_err().to_string();
    assert!(error.contains("cannot be used"), "{error}");
}

#[test]
fn a_ledger_that_is_none_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(LEDGER), vec![7; 5000]).unwrap();
    let error = Ledger::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains(LEDGER), "{error}");
}

#[test]
fn settings_that_were_known_before_any_frame_are_no_others() {
    let mut folder = Folder::new(&KINDS);
    let mut ledger = folder.ledger();
    // Stopped before its first frame; then another job.
    folder.plan(&mut ledger, &[1]);
    folder.settings.values.insert("samples".into(), 3.into());
    folder.finish(&mut ledger, &[1]);
    folder.settings.values.clear();
    let plan = Plan {
        settings: &folder.settings,
        kinds: &folder.kinds,
        frames: &[2],
        mixed: false,
        anew: false,
    };
    let error = ledger.plan(&plan).unwrap_err().to_string();
    assert!(error.contains("samples: 3 before, not set now"), "{error}");
}

#[test]
fn files_that_are_written_otherwise_are_written_again() {
    let mut folder = Folder::new(&KINDS);
    let mut ledger = folder.ledger();
    folder.finish(&mut ledger, &[1, 2]);
    folder.kinds.insert("depths".into(), "npy".into());
    let mut plan = Plan {
        settings: &folder.settings,
        kinds: &folder.kinds,
        frames: &[1],
        mixed: false,
        anew: false,
    };
    assert!(ledger.plan(&plan).is_err());
    plan.anew = true;
    assert_eq!(ledger.plan(&plan).unwrap().missing[&1], KINDS);
    (plan.anew, plan.frames) = (false, &[2]);
    assert_eq!(ledger.plan(&plan).unwrap().missing[&2], ["depths"]);
}

#[test]
fn changed_bytes_with_the_old_time_are_found_by_reading_all() {
    let folder = Folder::new(&KINDS);
    let mut ledger = folder.ledger();
    folder.finish(&mut ledger, &[1, 2]);
    let path = folder.path(2, "depths");
    let time = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, content(3, "depths")).unwrap();
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(time).unwrap();
    assert!(folder.plan(&mut ledger, &[1, 2]).missing.is_empty());
    let found = ledger.verify(&mut |_, _| ()).unwrap();
    assert_eq!(found.len(), 1);
    let needs = folder.plan(&mut ledger, &[1, 2]);
    assert_eq!(needs.missing[&2], ["depths"]);
}

#[test]
fn how_fast_the_scene_is_shown_is_kept_and_may_lack() {
    let folder = Folder::new(&KINDS);
    let mut ledger = folder.ledger();
    assert_eq!(ledger.fps().unwrap(), None);
    ledger.keep_fps(30.0 / 1.001).unwrap();
    drop(ledger);
    let read = Ledger::read(folder.folder.path()).unwrap();
    assert_eq!(read.fps().unwrap(), Some(30.0 / 1.001));
    // As ledgers were before.
    let connection = rusqlite::Connection::open(folder.folder.path().join(LEDGER)).unwrap();
    connection.execute_batch("DROP TABLE facts").unwrap();
    assert_eq!(
        Ledger::read(folder.folder.path()).unwrap().fps().unwrap(),
        None
    );
}
