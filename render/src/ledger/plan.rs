//! What of a job is left to do.
//!
//! Owns the comparison of a job with what the folder holds: whether they belong together, and which
//! files are there and whole. Files are looked at, and read only where their time has changed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::{Component, Path};

use indexmap::IndexMap;
use rusqlite::{OptionalExtension, params};
use serde_json::Value;

use super::{Ledger, PREVIEWS};
use crate::RenderError;
use crate::job::{Content, Settings};

/// Of so few frames each is looked up.
const FEW: usize = 64;

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
        let new_sheets = self
            .sheets_lack(plan.kinds)
            .map_err(|source| self.wrong(source))?;
        let rows = self.rows(plan).map_err(|source| self.wrong(source))?;
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
                    Some(_) if plan.anew || (new_sheets && kind == PREVIEWS) => {
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

    /// Whether contact sheets that are there do not show all that is wanted now.
    fn sheets_lack(&self, kinds: &IndexMap<String, Value>) -> rusqlite::Result<bool> {
        let Some(wanted) = kinds.get(PREVIEWS) else {
            return Ok(false);
        };
        let before: Option<String> = self
            .connection
            .query_row(
                "SELECT options FROM kinds WHERE name = ?1",
                [PREVIEWS],
                |row| row.get(0),
            )
            .optional()?;
        let read = |value: &Value| -> Vec<String> {
            serde_json::from_value(value.clone()).unwrap_or_default()
        };
        let before = before.and_then(|text| serde_json::from_str(&text).ok());
        let before = before.map_or_else(Vec::new, |before| read(&before));
        Ok(!read(wanted).iter().all(|pass| before.contains(pass)))
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
        let covers = plan.anew && self.covers_all(plan).map_err(|source| self.wrong(source))?;
        // Also where they are known: of a job, say, that was stopped before its first frame.
        if !plan.mixed && !covers {
            let last = self.last_settings().map_err(|source| self.wrong(source))?;
            differences.extend(last.map_or_else(Vec::new, |last| plan.settings.differences(&last)));
        }
        if !covers {
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
        // A sheet that is to show other passes is made anew.
        for (kind, options) in kinds.iter().filter(|(kind, _)| *kind != PREVIEWS) {
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

    /// What is done of the plan's kinds: of its frames where they are few, else of all.
    fn rows(&self, plan: &Plan<'_>) -> rusqlite::Result<HashMap<i64, BTreeMap<String, Done>>> {
        let few = plan.frames.len() <= FEW;
        let of = if few { "AND frame = ?2" } else { "" };
        let mut rows = self.connection.prepare(&format!(
            "SELECT frame, path, bytes, crc32, modified_ns, settings FROM files \
             WHERE state = 'done' AND kind = ?1 {of}",
        ))?;
        let mut all: HashMap<i64, BTreeMap<String, Done>> = HashMap::new();
        let read = |row: &rusqlite::Row<'_>| -> rusqlite::Result<(i64, Done)> {
            let done = Done {
                path: row.get(1)?,
                bytes: row.get(2)?,
                crc: row.get(3)?,
                modified_ns: row.get(4)?,
                settings: row.get(5)?,
            };
            Ok((row.get(0)?, done))
        };
        for kind in plan.kinds.keys() {
            let found: Vec<_> = match few {
                true => {
                    let mut found = Vec::new();
                    for frame in plan.frames {
                        found.extend(rows.query_row(params![kind, frame], read).optional()?);
                    }
                    found
                }
                false => rows
                    .query_map([kind], read)?
                    .collect::<rusqlite::Result<_>>()?,
            };
            for (frame, done) in found {
                all.entry(frame).or_default().insert(kind.clone(), done);
            }
        }
        Ok(all)
    }

    /// Whether all files that are done are of frames of the plan, so that doing them anew leaves none
    /// of another make.
    fn covers_all(&self, plan: &Plan<'_>) -> rusqlite::Result<bool> {
        let mut frames = self
            .connection
            .prepare("SELECT DISTINCT frame FROM files WHERE state = 'done'")?;
        let planned: HashSet<_> = plan.frames.iter().collect();
        let mut frames = frames.query([])?;
        while let Some(row) = frames.next()? {
            if !planned.contains(&row.get::<_, i64>(0)?) {
                return Ok(false);
            }
        }
        Ok(true)
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
            let mut row = connection
                .prepare("INSERT OR REPLACE INTO kinds (name, options) VALUES (?1, ?2)")?;
            for (kind, options) in plan.kinds {
                // Sheets that are there may show more.
                if *kind != PREVIEWS || needs.missing.values().flatten().any(|one| one == PREVIEWS)
                {
                    row.execute(params![kind, options.to_string()])?;
                }
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
    // A ledger may come from anywhere.
    let Ok(metadata) = std::fs::metadata(&path) else {
        return Look::Damaged("is gone");
    };
    if !is_within(&done.path) || !metadata.is_file() {
        return Look::Damaged("is no file of this folder");
    }
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

/// Whether a path leads to something below its folder.
pub(super) fn is_within(path: &str) -> bool {
    let normal = |part: Component<'_>| matches!(part, Component::Normal(_));
    !path.is_empty() && Path::new(path).components().all(normal)
}

/// When a file was last written.
pub(super) fn modified_ns(metadata: &Metadata) -> i64 {
    metadata.mtime() * 1_000_000_000 + metadata.mtime_nsec()
}
