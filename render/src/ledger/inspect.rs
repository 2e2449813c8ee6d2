//! What a folder holds, for people.
//!
//! Owns the counts, and the reading of every file to see whether it is what was written.

use std::path::{Path, PathBuf};

use rusqlite::params;
use serde::Serialize;

use super::plan::{is_within, modified_ns};
use super::{Ledger, State};
use crate::RenderError;
use crate::job::{Content, Settings};

/// What a folder holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Summary {
    /// A row for each kind of file.
    pub kinds: Vec<KindSummary>,
    /// Frames that the folder knows.
    pub frames: usize,
    /// Frames of which every file is done.
    pub whole: usize,
    /// Frames that were set aside, and why.
    pub failed: Vec<(i64, String)>,
    /// The settings of the files, newest last.
    pub settings: Vec<Settings>,
}

/// The files of a kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct KindSummary {
    /// A pass, `previews` or `layers`.
    pub kind: String,
    /// Files that are done.
    pub done: usize,
    /// Files that a worker has.
    pub given: usize,
    /// Files that nobody has.
    pub pending: usize,
    /// Files that could not be made.
    pub failed: usize,
    /// Bytes of those that are done.
    pub bytes: u64,
    /// Seconds of encoding and writing one, their mean.
    pub seconds: Option<f64>,
}

/// What is wrong with a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// It is gone.
    Gone,
    /// It has another size.
    Cut,
    /// It has other bytes.
    Changed,
    /// It cannot be read.
    Unreadable,
}

impl What {
    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Gone => "is gone",
            Self::Cut => "has another size",
            Self::Changed => "has other bytes",
            Self::Unreadable => "cannot be read",
        }
    }
}

/// A file that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Found {
    /// Which frame.
    pub frame: i64,
    /// Which kind.
    pub kind: String,
    /// The file, below the folder.
    pub path: PathBuf,
    /// What is wrong with it.
    pub what: What,
}

struct Row {
    frame: i64,
    kind: String,
    path: String,
    bytes: i64,
    crc: u32,
}

impl Ledger {
    /// What the folder holds.
    ///
    /// # Errors
    /// The ledger cannot be read.
    pub fn summary(&self) -> Result<Summary, RenderError> {
        self.summarize().map_err(|source| self.wrong(source))
    }

    fn summarize(&self) -> rusqlite::Result<Summary> {
        let mut summary = Summary::default();
        let mut rows = self.connection.prepare(
            "SELECT kind, state, count(*), coalesce(sum(bytes), 0), avg(seconds) FROM files \
             GROUP BY kind, state ORDER BY kind",
        )?;
        let mut rows = rows.query([])?;
        while let Some(row) = rows.next()? {
            let (kind, state): (String, String) = (row.get(0)?, row.get(1)?);
            let count: i64 = row.get(2)?;
            let count = usize::try_from(count).unwrap_or_default();
            if summary.kinds.last().is_none_or(|last| last.kind != kind) {
                summary.kinds.push(KindSummary {
                    kind,
                    ..KindSummary::default()
                });
            }
            let Some(last) = summary.kinds.last_mut() else {
                continue;
            };
            match state.as_str() {
                "done" => {
                    last.done = count;
                    last.bytes = row.get::<_, i64>(3)?.cast_unsigned();
                    last.seconds = row.get(4)?;
                }
                "given" => last.given = count,
                "failed" => last.failed = count,
                _ => last.pending = count,
            }
        }
        let count = |sql| {
            self.connection
                .query_row(sql, [], |row| row.get::<_, i64>(0))
                .map(|count| usize::try_from(count).unwrap_or_default())
        };
        summary.frames = count("SELECT count(DISTINCT frame) FROM files")?;
        let partly = count("SELECT count(DISTINCT frame) FROM files WHERE state <> 'done'")?;
        summary.whole = summary.frames.saturating_sub(partly);
        let mut failed = self.connection.prepare(
            "SELECT frame, max(coalesce(why, '')) FROM files WHERE state = 'failed' \
             GROUP BY frame ORDER BY frame",
        )?;
        let failed = failed.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        summary.failed = failed.collect::<rusqlite::Result<_>>()?;
        let mut settings = self
            .connection
            .prepare("SELECT json FROM settings ORDER BY id")?;
        let settings = settings.query_map([], |row| row.get::<_, String>(0))?;
        for text in settings {
            summary
                .settings
                .extend(serde_json::from_str::<Settings>(&text?));
        }
        Ok(summary)
    }

    /// Reads every file that is said to be done, and compares its checksum; `progress` hears how many
    /// of how many were read. Where the ledger may be written, files that are not what was written wait
    /// to be rendered again.
    ///
    /// # Errors
    /// The ledger cannot be read or written.
    pub fn verify(
        &mut self,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Vec<Found>, RenderError> {
        let rows = self.done_rows().map_err(|source| self.wrong(source))?;
        let mut found = Vec::new();
        let total = rows.len();
        for (i, row) in rows.into_iter().enumerate() {
            if let Some(what) = compare(&self.out, &row) {
                found.push(Found {
                    frame: row.frame,
                    kind: row.kind,
                    path: row.path.into(),
                    what,
                });
            }
            progress(i + 1, total);
        }
        if self.is_ours() {
            self.forget(&found)?;
        }
        Ok(found)
    }

    fn done_rows(&self) -> rusqlite::Result<Vec<Row>> {
        let mut rows = self.connection.prepare(
            "SELECT frame, kind, path, bytes, crc32 FROM files WHERE state = 'done' \
             ORDER BY frame, kind",
        )?;
        let rows = rows.query_map([], |row| {
            Ok(Row {
                frame: row.get(0)?,
                kind: row.get(1)?,
                path: row.get(2)?,
                bytes: row.get(3)?,
                crc: row.get(4)?,
            })
        })?;
        rows.collect()
    }

    /// These files are to be made again.
    fn forget(&mut self, found: &[Found]) -> Result<(), RenderError> {
        let connection = self.write()?;
        let pending = State::Pending.word();
        let forget = || -> rusqlite::Result<()> {
            let mut row =
                connection.prepare("UPDATE files SET state = ?3 WHERE frame = ?1 AND kind = ?2")?;
            for one in found {
                row.execute(params![one.frame, one.kind, pending])?;
            }
            Ok(())
        };
        forget().map_err(|source| self.wrong(source))?;
        self.commit()
    }
}

fn compare(out: &Path, row: &Row) -> Option<What> {
    if !is_within(&row.path) {
        return Some(What::Unreadable);
    }
    let path = out.join(&row.path);
    let metadata = match std::fs::metadata(&path) {
        Ok(metadata) if metadata.is_file() => metadata,
        Ok(_) => return Some(What::Unreadable),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Some(What::Gone),
        Err(_) => return Some(What::Unreadable),
    };
    if metadata.len().cast_signed() != row.bytes {
        return Some(What::Cut);
    }
    match Content::of(&path) {
        Ok(content) => (content.crc != row.crc).then_some(What::Changed),
        Err(_) => Some(What::Unreadable),
    }
}

/// A file's size and time, as the ledger keeps them.
pub(crate) fn stamp(path: &Path) -> std::io::Result<(u64, i64)> {
    let metadata = std::fs::metadata(path)?;
    Ok((metadata.len(), modified_ns(&metadata)))
}
