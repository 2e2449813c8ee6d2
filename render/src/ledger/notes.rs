//! What tasks without a head leave of their frames: cameras, checksums, ids.
//!
//! Owns the folder of the notes. Each task has files of its own, which nobody else writes: a line a
//! frame, which is on the disk before the files of the frame get their names. It must never be believed
//! without the files.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::IdTable;
use super::jobfile::beside;
use super::{Entry, Shot, unusable};
use crate::RenderError;
use crate::job::UserIds;

/// Their folder.
pub(crate) const NOTES: &str = ".array";

/// A line.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Note {
    pub(crate) frame: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<String>,
    pub(crate) camera: Value,
    pub(crate) matrix: Value,
    pub(crate) seconds: Value,
    pub(crate) blender: String,
    pub(crate) files: Vec<NotedFile>,
}

/// A file as it was when it was written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NotedFile {
    pub(crate) kind: String,
    pub(crate) bytes: u64,
    pub(crate) crc32: u32,
    pub(crate) modified_ns: i64,
    pub(crate) seconds: Option<f64>,
}

/// The notes of this task.
#[derive(Debug)]
pub(crate) struct NoteBook {
    out: PathBuf,
    task: String,
    file: File,
}

impl NoteBook {
    /// New ones; `task` is a name that no other life of any task has.
    pub(crate) fn begin(out: &Path, task: &str) -> Result<Self, RenderError> {
        let begin = || -> io::Result<File> {
            fs::create_dir_all(out.join(NOTES))?;
            let path = out.join(NOTES).join(format!("frames-{task}.jsonl"));
            File::options().append(true).create(true).open(path)
        };
        let file = begin().map_err(|error| unusable(out, &error))?;
        Ok(Self {
            out: out.to_owned(),
            task: task.to_owned(),
            file,
        })
    }

    /// A frame whose files get their names next.
    pub(crate) fn done(
        &mut self,
        frame: i64,
        entries: &[Entry],
        shot: &Shot,
        blender: &str,
    ) -> io::Result<()> {
        let noted = |entry: &Entry| NotedFile {
            kind: entry.kind.clone(),
            bytes: entry.bytes,
            crc32: entry.crc,
            modified_ns: entry.modified_ns,
            seconds: entry.seconds,
        };
        self.line(&Note {
            frame,
            failed: None,
            camera: shot.camera.clone(),
            matrix: shot.matrix.clone(),
            seconds: shot.seconds.clone(),
            blender: blender.to_owned(),
            files: entries.iter().map(noted).collect(),
        })
    }

    /// A frame that is set aside.
    pub(crate) fn failed(&mut self, frame: i64, why: &str) -> io::Result<()> {
        let failed = Some(why.to_owned());
        self.line(&Note {
            frame,
            failed,
            ..Note::default()
        })
    }

    fn line(&mut self, note: &Note) -> io::Result<()> {
        let text = serde_json::to_string(note)?;
        self.file.write_all(format!("{text}\n").as_bytes())?;
        self.file.sync_data()
    }

    /// The ids that this task has given; an error where another one has given others.
    pub(crate) fn ids(&self, table: &IdTable, user: &UserIds) -> Result<(), RenderError> {
        let path = self.out.join(NOTES).join(format!("ids-{}.json", self.task));
        let put = || -> io::Result<()> {
            let new = beside(&path);
            let mut file = File::create(&new)?;
            file.write_all(format!("{:#}\n", table.for_people()).as_bytes())?;
            file.sync_data()?;
            fs::rename(new, &path)
        };
        put().map_err(|error| unusable(&self.out, &error))?;
        // Ours are there for the others first: of two that differ one sees it.
        Notes::ids_of(&self.out, user).map(drop)
    }
}

/// The notes of all tasks.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    /// By frame, all that were ever written of it.
    pub(crate) frames: HashMap<i64, Vec<Note>>,
    pub(crate) failed: BTreeMap<i64, String>,
    pub(crate) ids: IdTable,
}

impl Notes {
    /// Those of a folder; none where there are none.
    pub(crate) fn read(out: &Path, user: &UserIds) -> Result<Self, RenderError> {
        let mut notes = Self {
            ids: Self::ids_of(out, user)?,
            ..Self::default()
        };
        for path in named(out, "frames-")? {
            let text = fs::read(&path).map_err(|error| unusable(out, &error))?;
            // The last line of one that was killed may be cut.
            let lines = text.split(|byte| *byte == b'\n');
            for note in lines.filter_map(|line| serde_json::from_slice::<Note>(line).ok()) {
                match note.failed {
                    Some(why) => drop(notes.failed.insert(note.frame, why)),
                    None => notes.frames.entry(note.frame).or_default().push(note),
                }
            }
        }
        Ok(notes)
    }

    /// The ids of all tasks, and those that the folder had before.
    fn ids_of(out: &Path, user: &UserIds) -> Result<IdTable, RenderError> {
        let mut all = IdTable::default();
        let before = out.join("ids.json");
        let before = before.is_file().then_some(before);
        let mut differences = Vec::new();
        for path in before.into_iter().chain(named(out, "ids-")?) {
            let text = match fs::read_to_string(&path) {
                Ok(text) => text,
                // Its task has just written another one.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                Err(error) => return Err(unusable(out, &error)),
            };
            let table = IdTable::from_people(&serde_json::from_str(&text).unwrap_or_default());
            differences.extend(all.join(&table, user));
        }
        if differences.is_empty() {
            return Ok(all);
        }
        differences.sort();
        differences.dedup();
        Err(RenderError::Out {
            folder: out.to_owned(),
            problem: format!(
                "tasks have given ids that contradict each other ({}): names that come while frames \
                 are rendered are numbered by each task for itself; choose their ids (--ids), or \
                 render with a head, into another folder",
                differences.join("; ")
            ),
        })
    }

    /// The newest note of a frame by which this file is as it was written.
    pub(crate) fn of(&self, frame: i64, kind: &str, stamp: (u64, i64)) -> Option<&NotedFile> {
        let notes = self.frames.get(&frame)?;
        let files = notes.iter().rev().flat_map(|note| &note.files);
        files
            .filter(|file| file.kind == kind)
            .find(|file| (file.bytes, file.modified_ns) == stamp)
    }

    /// Where a frame was seen from, and who rendered it.
    pub(crate) fn last(&self, frame: i64) -> Option<&Note> {
        self.frames.get(&frame)?.last()
    }
}

/// Files of the notes, in the order of their names.
fn named(out: &Path, begin: &str) -> Result<Vec<PathBuf>, RenderError> {
    let entries = match fs::read_dir(out.join(NOTES)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unusable(out, &error)),
    };
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unusable(out, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(begin) && !name.ends_with(".new") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
