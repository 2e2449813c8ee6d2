//! Which files in a folder are ours.
//!
//! Owns the record's name, its form, and its lock.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{FlockOperation, flock};
use serde::{Deserialize, Serialize};

/// The name of the record in the folder of an output.
pub const RECORD: &str = ".blendtorch-outputs.json";
/// No record is longer.
const LONGEST: u64 = 1 << 20;

/// The record of a folder, which nobody else has while it is open.
#[derive(Debug)]
pub(super) struct Record {
    file: File,
    files: BTreeSet<PathBuf>,
    id: Option<(u64, u64)>,
}

/// The records that this program has, by device and inode: one that it has itself is told of in other
/// words.
static MINE: Mutex<BTreeSet<(u64, u64)>> = Mutex::new(BTreeSet::new());

impl Drop for Record {
    fn drop(&mut self) {
        if let Some(id) = &self.id {
            MINE.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .remove(id);
        }
    }
}

/// What an open record names. One that cannot be read names no file of ours, and so none is removed.
fn named(file: &mut File) -> BTreeSet<PathBuf> {
    let mut text = String::new();
    let _ = file.take(LONGEST).read_to_string(&mut text);
    let written: Written = serde_json::from_str(&text).unwrap_or_default();
    let inside = |file: &PathBuf| {
        let mut parts = file.components();
        parts.all(|part| matches!(part, Component::Normal(_)))
    };
    written.files.into_iter().filter(inside).collect()
}

/// What is in it.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Written {
    /// Files that a run wrote, from the folder.
    files: BTreeSet<PathBuf>,
}

impl Record {
    pub(super) fn take(folder: &Path) -> Result<Self, String> {
        let path = folder.join(RECORD);
        let open = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let mut file = open.map_err(|error| format!("{}: {error}", path.display()))?;
        let id = file.metadata().map(|there| (there.dev(), there.ino())).ok();
        let mut mine = MINE.lock().unwrap_or_else(PoisonError::into_inner);
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(match id.is_some_and(|id| mine.contains(&id)) {
                true => {
                    "a simulation of this program that is not finished writes into it: finish it \
                         first (in Python: sim.finish(), or del sim), or name another folder in \
                         output.output_dir"
                }
                false => {
                    "another simulation writes into it; wait for it, or name another folder in \
                          output.output_dir"
                }
            }
            .to_owned());
        }
        mine.extend(id);
        let files = named(&mut file);
        Ok(Self { file, files, id })
    }

    /// The files that the record of a folder names; none where it has none.
    pub(super) fn names(folder: &Path) -> BTreeSet<PathBuf> {
        let file = File::open(folder.join(RECORD));
        file.map(|mut file| named(&mut file)).unwrap_or_default()
    }

    pub(super) fn files(&self) -> &BTreeSet<PathBuf> {
        &self.files
    }

    pub(super) fn write(&mut self, files: BTreeSet<PathBuf>) -> std::io::Result<()> {
        let text = serde_json::to_vec_pretty(&Written { files })?;
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(&text)
    }
}
