//! A ledger of the files that are there, where there is none or where tasks without a head have
//! rendered.
//!
//! Owns what is believed then: a file whose size and time are those that the ledger, or the task that
//! wrote it, has noted; any other one only if its own bytes say that it is whole. It must never change
//! a file that was rendered.

use std::collections::HashMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use indexmap::IndexMap;
use rusqlite::params;
use serde::Serialize;
use serde_json::Value;

use super::jobfile::JobFile;
use super::notes::Notes;
use super::{Entry, Ledger, Shot, State, stamp, whole};
use crate::RenderError;
use crate::transforms;
use crate::write::{Format, Layout};

/// Who wrote a file of which that is not known.
const SOMEBODY: &str = "disk";

/// What was found in a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Rebuilt {
    /// Files that are whole.
    pub files: usize,
    /// Files that are to be there.
    pub of: usize,
    /// Files that are there and not whole, and why.
    pub damaged: Vec<String>,
    /// Frames of which files are whole, and whose camera nobody knows.
    pub without_camera: Vec<i64>,
}

/// What a file is.
enum Seen {
    /// As the ledger has it.
    Kept,
    Missing,
    Damaged(String),
    Whole(Entry),
}

/// A file that is done by the ledger: size and time.
type Rows = HashMap<(i64, String), (u64, i64)>;

impl Ledger {
    /// Enters what is whole of these frames of a job; the rest waits. `progress` hears how many files
    /// of how many were looked at.
    pub(crate) fn rebuild(
        &mut self,
        job: &JobFile,
        frames: &[i64],
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Rebuilt, RenderError> {
        let notes = Notes::read(&self.out, &job.ids)?;
        let rows = self.done_stamps().map_err(|source| self.wrong(source))?;
        let settings = self.settings_of(job).map_err(|source| self.wrong(source))?;
        let kinds: Vec<_> = job.kinds.keys().collect();
        let each = |frame: &i64| kinds.iter().map(|kind| (*frame, kind.as_str())).collect();
        let items: Vec<(i64, &str)> = frames.iter().flat_map::<Vec<_>, _>(each).collect();
        let look = Look {
            out: &self.out,
            layout: job.layout(),
            endings: endings(&self.out, job),
            notes: &notes,
            rows: &rows,
        };
        let seen = look.all(&items, progress);
        let cameras = transforms::read(&self.out, job.layout());
        let mut rebuilt = Rebuilt {
            of: items.len(),
            ..Rebuilt::default()
        };
        let mut seen = seen.into_iter();
        for &frame in frames {
            let mut whole = Vec::new();
            let mut kept = 0;
            for kind in &kinds {
                match seen.next().unwrap_or(Seen::Missing) {
                    Seen::Kept => kept += 1,
                    Seen::Missing => self.waits(frame, kind, &notes)?,
                    Seen::Damaged(how) => {
                        rebuilt.damaged.push(how);
                        self.waits(frame, kind, &notes)?;
                    }
                    Seen::Whole(entry) => whole.push(entry),
                }
            }
            rebuilt.files += kept + whole.len();
            let note = notes.last(frame);
            let shot = match (note, cameras.get(&frame)) {
                (Some(note), _) => Shot {
                    camera: note.camera.clone(),
                    matrix: note.matrix.clone(),
                    seconds: note.seconds.clone(),
                },
                (None, Some((camera, matrix))) => Shot {
                    camera: camera.clone(),
                    matrix: matrix.clone(),
                    seconds: Value::Null,
                },
                (None, None) => Shot::default(),
            };
            if !whole.is_empty() && shot.matrix.is_null() {
                rebuilt.without_camera.push(frame);
            }
            if !whole.is_empty() {
                let blender = note.map_or(SOMEBODY, |note| &note.blender);
                self.done(frame, &whole, &shot, settings, blender)?;
            }
        }
        self.keep_ids(&notes.ids)?;
        self.commit()?;
        Ok(rebuilt)
    }

    fn done_stamps(&self) -> rusqlite::Result<Rows> {
        let mut rows = self
            .connection
            .prepare("SELECT frame, kind, bytes, modified_ns FROM files WHERE state = 'done'")?;
        let rows = rows.query_map([], |row| {
            let bytes: i64 = row.get(2)?;
            Ok((
                (row.get(0)?, row.get(1)?),
                (bytes.cast_unsigned(), row.get(3)?),
            ))
        })?;
        rows.collect()
    }

    /// The number of the job's settings, which are entered with its kinds.
    fn settings_of(&mut self, job: &JobFile) -> rusqlite::Result<i64> {
        let text = job.settings.text();
        let connection = &self.connection;
        if !self.open {
            connection.execute_batch("BEGIN IMMEDIATE")?;
            self.open = true;
        }
        connection.execute("INSERT OR IGNORE INTO settings (json) VALUES (?1)", [&text])?;
        for (kind, options) in &job.kinds {
            connection.execute(
                "INSERT OR REPLACE INTO kinds (name, options) VALUES (?1, ?2)",
                params![kind, options.to_string()],
            )?;
        }
        connection.query_row("SELECT id FROM settings WHERE json = ?1", [&text], |row| {
            row.get(0)
        })
    }

    /// A file is to be rendered; or it has failed, and nobody has tried again.
    fn waits(&mut self, frame: i64, kind: &str, notes: &Notes) -> Result<(), RenderError> {
        let why = notes.failed.get(&frame);
        let state = why.map_or(State::Pending, |_| State::Failed);
        self.write()?
            .prepare_cached(
                "INSERT INTO files (frame, kind, state, why) VALUES (?1, ?2, ?3, ?4) \
                 ON CONFLICT (frame, kind) DO UPDATE SET state = ?3, why = ?4, blender = NULL",
            )
            .and_then(|mut row| row.execute(params![frame, kind, state.word(), why]))
            .map(drop)
            .map_err(|source| self.wrong(source))
    }
}

/// The ending of each kind of file; by frame where Blender itself chooses it.
enum Ending {
    Known(&'static str),
    ByFrame(HashMap<i64, String>),
}

impl Ending {
    fn of(&self, frame: i64) -> Option<&str> {
        match self {
            Self::Known(ending) => Some(ending),
            Self::ByFrame(found) => found.get(&frame).map(String::as_str),
        }
    }
}

fn endings(out: &Path, job: &JobFile) -> IndexMap<String, Ending> {
    let ending = |kind: &str, options: &Value| match kind {
        "layers" => Ending::Known("exr"),
        "composites" => Ending::ByFrame(found(out, job.layout(), kind)),
        _ => {
            let format: Option<Format> = serde_json::from_value(options["format"].clone()).ok();
            // Previews are pictures.
            Ending::Known(format.map_or("png", Format::extension))
        }
    };
    let kinds = job.kinds.iter();
    kinds
        .map(|(kind, options)| (kind.clone(), ending(kind, options)))
        .collect()
}

/// The endings of the files that are there.
fn found(out: &Path, layout: Layout, kind: &str) -> HashMap<i64, String> {
    let folder = out.join(layout.file(kind, 0, "x"));
    let names = folder.parent().and_then(|folder| fs::read_dir(folder).ok());
    let one = |entry: io::Result<fs::DirEntry>| {
        let path = PathBuf::from(entry.ok()?.file_name());
        let ending = path.extension()?.to_str()?.to_owned();
        let frame = transforms::frame_of(&path)?;
        let is = layout.file(kind, frame, &ending);
        (is.file_name() == Some(path.as_os_str())).then_some((frame, ending))
    };
    names.into_iter().flatten().filter_map(one).collect()
}

impl JobFile {
    /// Whether all its files are there, whole or not.
    pub(crate) fn is_there(&self, out: &Path) -> bool {
        let endings = endings(out, self);
        self.frames().iter().all(|frame| {
            endings.iter().all(|(kind, ending)| {
                let path = ending
                    .of(*frame)
                    .map(|ending| self.layout().file(kind, *frame, ending));
                path.is_some_and(|path| out.join(path).is_file())
            })
        })
    }
}

/// Looks at files.
struct Look<'a> {
    out: &'a Path,
    layout: Layout,
    endings: IndexMap<String, Ending>,
    notes: &'a Notes,
    rows: &'a Rows,
}

impl Look<'_> {
    /// All of them, on all cores.
    fn all(&self, items: &[(i64, &str)], progress: &mut dyn FnMut(usize, usize)) -> Vec<Seen> {
        let mut all: Vec<_> = items.iter().map(|_| Seen::Missing).collect();
        let next = AtomicUsize::new(0);
        let threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let (tell, told) = channel();
            for _ in 0..threads.min(items.len()) {
                let (tell, next) = (tell.clone(), &next);
                scope.spawn(move || {
                    loop {
                        let at = next.fetch_add(1, Ordering::Relaxed);
                        let Some((frame, kind)) = items.get(at) else {
                            return;
                        };
                        if tell.send((at, self.one(*frame, kind))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(tell);
            for (count, (at, seen)) in told.into_iter().enumerate() {
                all[at] = seen;
                progress(count + 1, items.len());
            }
        });
        all
    }

    fn one(&self, frame: i64, kind: &str) -> Seen {
        let Some(ending) = self.endings.get(kind).and_then(|ending| ending.of(frame)) else {
            return Seen::Missing;
        };
        let path = self.layout.file(kind, frame, ending);
        match self.whole(frame, kind, ending, &path) {
            Ok(Some(entry)) => Seen::Whole(entry),
            Ok(None) => Seen::Kept,
            Err(None) => Seen::Missing,
            Err(Some(how)) => Seen::Damaged(format!("{} {how}", path.display())),
        }
    }

    /// The entry of a file; none where the ledger has it. Why it is not whole, or that it is not there.
    fn whole(
        &self,
        frame: i64,
        kind: &str,
        ending: &str,
        path: &Path,
    ) -> Result<Option<Entry>, Option<String>> {
        let at = self.out.join(path);
        let unreadable = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => None,
            _ => Some(format!("cannot be read: {error}")),
        };
        let metadata = fs::metadata(&at).map_err(unreadable)?;
        if !metadata.is_file() {
            return Err(Some("is no file".to_owned()));
        }
        let before = stamp(&at).map_err(unreadable)?;
        if self.rows.get(&(frame, kind.to_owned())) == Some(&before) {
            return Ok(None);
        }
        let (bytes, modified_ns) = before;
        let entry = |crc, seconds| Entry {
            kind: kind.to_owned(),
            path: path.to_owned(),
            bytes,
            crc,
            modified_ns,
            seconds,
        };
        if let Some(noted) = self.notes.of(frame, kind, before) {
            return Ok(Some(entry(noted.crc32, noted.seconds)));
        }
        let content = fs::read(&at).map_err(unreadable)?;
        whole::check(ending, &content).map_err(|how| Some(how.to_owned()))?;
        match content.len() as u64 == bytes && stamp(&at).ok() == Some(before) {
            true => Ok(Some(entry(crc32fast::hash(&content), None))),
            false => Err(Some("is being written".to_owned())),
        }
    }
}
