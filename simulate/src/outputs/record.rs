//! Which files in a folder are ours.
//!
//! Owns the record's name, its form, and its lock.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Component, Path, PathBuf};

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
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
            return Err(
                "another simulation writes into it; wait for it, or name another folder \
                        in output.output_dir"
                    .to_owned(),
            );
        }
        let mut text = String::new();
        // One that cannot be read names no file of ours, and so none is removed.
        let _ = (&mut file).take(LONGEST).read_to_string(&mut text);
        let written: Written = serde_json::from_str(&text).unwrap_or_default();
        let inside = |file: &PathBuf| {
            let mut parts = file.components();
            parts.all(|part| matches!(part, Component::Normal(_)))
        };
        let files = written.files.into_iter().filter(inside).collect();
        Ok(Self { file, files })
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
