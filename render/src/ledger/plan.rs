//! What of a job is left to do.
//!
//! Owns the comparison of a job with what the folder holds: whether they belong together, and which
//! files are there and whole. Files are looked at, and read only where their time has changed.

use std::collections::{BTreeMap, HashMap};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use indexmap::IndexMap;
use rusqlite::{OptionalExtension, params};
use serde_json::Value;

use super::Ledger;
use crate::RenderError;
use crate::job::{Content, Settings};

/// What a job wants of the ledger.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) settings: &'a Settings,
    /// Kinds of files that each frame is to have, with how they are written.
    pub(crate) kinds: &'a IndexMap<String, Value>,
    pub(crate) frames: &'a [i64],
    /// Other frames may have other settings.
    pub(crate) mixed: bool,
    /// What is done is done again.
    pub(crate) anew: bool,
}

/// What is left.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Needs {
    /// The number of the settings.
    pub(crate) settings: i64,
    /// Frames of which files are missing, and the kinds that are, in the order that was asked for.
    pub(crate) missing: IndexMap<i64, Vec<String>>,
    /// Frames of which none is.
    pub(crate) whole: usize,
    /// Files that were done and are not what they were.
    pub(crate) damaged: Vec<String>,
}

/// A row that says done.
struct Done {
    path: String,
    bytes: i64,
    crc: u32,
    modified_ns: i64,
    settings: i64,
}

impl Ledger {
    /// What of the plan is left to do; all of it is in the ledger from then on.
    ///
    /// # Errors
    /// The folder holds another job.
    pub(crate) fn plan(&mut self, plan: &Plan<'_>) -> Result<Needs, RenderError> {
        let settings = self.admit(plan)?;
        let rows = self.rows(plan.kinds).map_err(|source| self.wrong(source))?;
        let mut needs = Needs {
            settings,
            ..Needs::default()
        };
        let mut renewed = Vec::new();
        let mut touched = Vec::new();
        for &frame in plan.frames {
            let mut missing = Vec::new();
            for kind in plan.kinds.keys() {
                let done = rows.get(&frame).and_then(|kinds| kinds.get(kind));
                let whole = match done {
                    None => false,
                    Some(_) if plan.anew => {
                        renewed.push((frame, kind.clone()));
                        false
                    }
                    Some(done) if done.settings != settings => {
                        return Err(self.other_settings(plan, frame, done.settings));
                    }
                    Some(done) => match look(&self.out, done) {
                        Look::Whole => true,
                        Look::Touched(modified_ns) => {
                            touched.push((frame, kind.clone(), modified_ns));
                            true
                        }
                        Look::Damaged(how) => {
                            needs.damaged.push(format!("{} {how}", done.path));
                            renewed.push((frame, kind.clone()));
                            false
                        }
                    },
                };
                if !whole {
                    missing.push(kind.clone());
                }
            }
            match missing.is_empty() {
                true => needs.whole += 1,
                false => drop(needs.missing.insert(frame, missing)),
            }
        }
        self.enter(plan, &needs, &renewed, &touched)?;
        self.commit()?;
        Ok(needs)
    }

    /// The number of the settings, where they belong here.
    fn admit(&mut self, plan: &Plan<'_>) -> Result<i64, RenderError> {
        let text = plan.settings.text();
        let known = self
            .connection
            .query_row("SELECT id FROM settings WHERE json = ?1", [&text], |row| {
                row.get(0)
            })
            .optional()
            .map_err(|source| self.wrong(source))?;
        let mut differences = Vec::new();
        // Also where they are known: of a job, say, that was stopped before its first frame.
        if !plan.mixed {
            let last = self.last_settings().map_err(|source| self.wrong(source))?;
            differences.extend(last.map_or_else(Vec::new, |last| plan.settings.differences(&last)));
        }
        if !plan.anew {
            differences.extend(
                self.other_kinds(plan.kinds)
                    .map_err(|source| self.wrong(source))?,
            );
        }
        if !differences.is_empty() {
            return Err(RenderError::OtherJob {
                folder: self.out.clone(),
                differences,
            });
        }
        if let Some(known) = known {
            return Ok(known);
        }
        let connection = self.write()?;
        let insert = connection.execute("INSERT INTO settings (json) VALUES (?1)", [&text]);
        let number = connection.last_insert_rowid();
        insert.map_err(|source| self.wrong(source))?;
        Ok(number)
    }

    /// Those of the files that are done; none where there are none.
    fn last_settings(&self) -> rusqlite::Result<Option<Settings>> {
        let text: Option<String> = self
            .connection
            .query_row(
                "SELECT json FROM settings WHERE id = \
                 (SELECT max(settings) FROM files WHERE state = 'done')",
                [],
                |row| row.get(0),
            )
            .optional()?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// What differs in how files are written of which there are some.
    fn other_kinds(&self, kinds: &IndexMap<String, Value>) -> rusqlite::Result<Vec<String>> {
        let mut row = self.connection.prepare(
            "SELECT options FROM kinds WHERE name = ?1 AND EXISTS \
             (SELECT 1 FROM files WHERE kind = ?1 AND state = 'done')",
        )?;
        let mut lines = Vec::new();
        for (kind, options) in kinds {
            let before: Option<String> = row.query_row([kind], |row| row.get(0)).optional()?;
            let before: Option<Value> = before.and_then(|text| serde_json::from_str(&text).ok());
            if let Some(before) = before.filter(|before| before != options) {
                lines.push(format!("{kind}: {before} before, {options} now"));
            }
        }
        Ok(lines)
    }

    fn other_settings(&self, plan: &Plan<'_>, frame: i64, settings: i64) -> RenderError {
        let text = self.connection.query_row(
            "SELECT json FROM settings WHERE id = ?1",
            [settings],
            |row| row.get::<_, String>(0),
        );
        let before = text.ok().and_then(|text| serde_json::from_str(&text).ok());
        let differs = before.map_or_else(Vec::new, |before: Settings| {
            plan.settings.differences(&before)
        });
        RenderError::OtherJob {
            folder: self.out.clone(),
            differences: vec![format!(
                "frame {frame} was rendered otherwise ({})",
                differs.join("; ")
            )],
        }
    }

    fn rows(
        &self,
        kinds: &IndexMap<String, Value>,
    ) -> rusqlite::Result<HashMap<i64, BTreeMap<String, Done>>> {
        let mut rows = self.connection.prepare(
            "SELECT frame, path, bytes, crc32, modified_ns, settings FROM files \
             WHERE state = 'done' AND kind = ?1",
        )?;
        let mut all: HashMap<i64, BTreeMap<String, Done>> = HashMap::new();
        for kind in kinds.keys() {
            let each = rows.query_map([kind], |row| {
                let done = Done {
                    path: row.get(1)?,
                    bytes: row.get(2)?,
                    crc: row.get(3)?,
                    modified_ns: row.get(4)?,
                    settings: row.get(5)?,
                };
                Ok((row.get(0)?, done))
            })?;
            for row in each {
                let (frame, done) = row?;
                all.entry(frame).or_default().insert(kind.clone(), done);
            }
        }
        Ok(all)
    }

    fn enter(
        &mut self,
        plan: &Plan<'_>,
        needs: &Needs,
        renewed: &[(i64, String)],
        touched: &[(i64, String, i64)],
    ) -> Result<(), RenderError> {
        let connection = self.write()?;
        let enter = || -> rusqlite::Result<()> {
            // Files that are written otherwise, of other frames, are not what is wanted now.
            let mut otherwise = connection.prepare(
                "UPDATE files SET state = 'pending', blender = NULL WHERE kind = ?1 AND EXISTS \
                 (SELECT 1 FROM kinds WHERE name = ?1 AND options <> ?2)",
            )?;
            let mut row = connection
                .prepare("INSERT OR REPLACE INTO kinds (name, options) VALUES (?1, ?2)")?;
            for (kind, options) in plan.kinds {
                let options = options.to_string();
                otherwise.execute(params![kind, options])?;
                row.execute(params![kind, options])?;
            }
            // Who had them has ended, and what had failed is tried again.
            connection.execute(
                "UPDATE files SET state = 'pending', blender = NULL, why = NULL \
                 WHERE state IN ('given', 'failed')",
                [],
            )?;
            let mut row = connection.prepare(
                "UPDATE files SET state = 'pending', blender = NULL WHERE frame = ?1 AND kind = ?2",
            )?;
            for (frame, kind) in renewed {
                row.execute(params![frame, kind])?;
            }
            let mut row = connection
                .prepare("UPDATE files SET modified_ns = ?3 WHERE frame = ?1 AND kind = ?2")?;
            for (frame, kind, modified_ns) in touched {
                row.execute(params![frame, kind, modified_ns])?;
            }
            let mut row = connection.prepare(
                "INSERT OR IGNORE INTO files (frame, kind, state) VALUES (?1, ?2, 'pending')",
            )?;
            for (frame, kinds) in &needs.missing {
                for kind in kinds {
                    row.execute(params![frame, kind])?;
                }
            }
            Ok(())
        };
        enter().map_err(|source| self.wrong(source))
    }
}

/// What a file is, beside what it was.
enum Look {
    Whole,
    /// It has another time, and the same content.
    Touched(i64),
    Damaged(&'static str),
}

fn look(out: &Path, done: &Done) -> Look {
    let path = out.join(&done.path);
    let Ok(metadata) = std::fs::metadata(&path) else {
        return Look::Damaged("is gone");
    };
    if metadata.len().cast_signed() != done.bytes {
        return Look::Damaged("has another size");
    }
    let modified = modified_ns(&metadata);
    if modified == done.modified_ns {
        return Look::Whole;
    }
    match Content::of(&path) {
        Ok(content) if content.crc == done.crc => Look::Touched(modified),
        _ => Look::Damaged("has changed"),
    }
}

/// When a file was last written.
pub(super) fn modified_ns(metadata: &Metadata) -> i64 {
    metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec()
}
