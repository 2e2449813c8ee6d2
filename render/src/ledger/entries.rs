//! What happens to the files of a frame: given out, done, failed.
//!
//! Owns the rows. It must never look at a file: that one is whole is its caller's word.

use std::path::PathBuf;

use rusqlite::params;
use serde_json::Value;

use super::plan::is_within;
use super::{Ledger, State};
use crate::RenderError;

/// A file that is done.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Entry {
    pub(crate) kind: String,
    /// Below the folder.
    pub(crate) path: PathBuf,
    pub(crate) bytes: u64,
    pub(crate) crc: u32,
    pub(crate) modified_ns: i64,
    /// Where it is known.
    pub(crate) seconds: Option<f64>,
}

/// Where a frame was seen from, and how long it took.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Shot {
    /// The intrinsics.
    pub(crate) camera: Value,
    /// Camera to world.
    pub(crate) matrix: Value,
    pub(crate) seconds: Value,
}

impl Ledger {
    /// These frames are given to a worker.
    pub(crate) fn given(&mut self, frames: &[i64], blender: &str) -> Result<(), RenderError> {
        let connection = self.write()?;
        let give = || -> rusqlite::Result<()> {
            let mut row = connection.prepare_cached(
                "UPDATE files SET state = 'given', blender = ?2, attempt = attempt + 1, why = NULL \
                 WHERE frame = ?1 AND state <> 'done'",
            )?;
            for frame in frames {
                row.execute(params![frame, blender])?;
            }
            Ok(())
        };
        give().map_err(|source| self.wrong(source))
    }

    /// These wait again.
    pub(crate) fn returned(&mut self, frames: &[i64]) -> Result<(), RenderError> {
        let connection = self.write()?;
        let give = || -> rusqlite::Result<()> {
            let mut row = connection.prepare_cached(
                "UPDATE files SET state = 'pending', blender = NULL \
                 WHERE frame = ?1 AND state = 'given'",
            )?;
            for frame in frames {
                row.execute(params![frame])?;
            }
            Ok(())
        };
        give().map_err(|source| self.wrong(source))
    }

    /// Files of a frame are done.
    pub(crate) fn done(
        &mut self,
        frame: i64,
        entries: &[Entry],
        shot: &Shot,
        settings: i64,
        blender: &str,
    ) -> Result<(), RenderError> {
        let connection = self.write()?;
        let enter = || -> rusqlite::Result<()> {
            let mut row = connection.prepare_cached(
                "INSERT INTO files (frame, kind, state, settings, path, bytes, crc32, modified_ns, \
                    seconds, blender, attempt) \
                 VALUES (?1, ?2, 'done', ?3, ?4, ?5, ?6, ?7, ?8, ?9, 1) \
                 ON CONFLICT (frame, kind) DO UPDATE SET state = 'done', settings = ?3, path = ?4, \
                    bytes = ?5, crc32 = ?6, modified_ns = ?7, seconds = ?8, blender = ?9, why = NULL",
            )?;
            for entry in entries {
                row.execute(params![
                    frame,
                    entry.kind,
                    settings,
                    entry.path.to_string_lossy(),
                    entry.bytes.cast_signed(),
                    entry.crc,
                    entry.modified_ns,
                    entry.seconds,
                    blender,
                ])?;
            }
            if shot.matrix.is_null() {
                return Ok(());
            }
            let camera = shot.camera.to_string();
            connection
                .prepare_cached("INSERT OR IGNORE INTO cameras (json) VALUES (?1)")?
                .execute([&camera])?;
            connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO transforms (frame, camera, matrix, seconds) \
                     SELECT ?1, id, ?3, ?4 FROM cameras WHERE json = ?2",
                )?
                .execute(params![
                    frame,
                    camera,
                    shot.matrix.to_string(),
                    shot.seconds.to_string()
                ])?;
            Ok(())
        };
        enter().map_err(|source| self.wrong(source))
    }

    /// A frame is set aside.
    pub(crate) fn failed(&mut self, frame: i64, why: &str) -> Result<(), RenderError> {
        let failed = State::Failed.word();
        self.write()?
            .prepare_cached(
                "UPDATE files SET state = ?2, why = ?3 WHERE frame = ?1 AND state <> 'done'",
            )
            .and_then(|mut row| row.execute(params![frame, failed, why]))
            .map(drop)
            .map_err(|source| self.wrong(source))
    }

    /// The cameras of all frames that are known: frame, intrinsics, matrix.
    pub(crate) fn shots(&self) -> Result<Vec<(i64, Value, Value)>, RenderError> {
        let all = || -> rusqlite::Result<Vec<(i64, String, String)>> {
            let mut rows = self.connection.prepare(
                "SELECT frame, json, matrix FROM transforms JOIN cameras ON cameras.id = camera \
                 ORDER BY frame",
            )?;
            let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect()
        };
        let read = |text: String| serde_json::from_str(&text).unwrap_or_default();
        let all = all().map_err(|source| self.wrong(source))?;
        let all = all.into_iter();
        Ok(all
            .map(|(frame, camera, matrix)| (frame, read(camera), read(matrix)))
            .collect())
    }

    /// The frames that are to have a file of this kind, with its path where it is done.
    pub(crate) fn files_of(&self, kind: &str) -> Result<Vec<(i64, Option<String>)>, RenderError> {
        let all = || -> rusqlite::Result<Vec<_>> {
            let mut rows = self.connection.prepare(
                "SELECT frame, CASE state WHEN 'done' THEN path END FROM files WHERE kind = ?1 \
                 ORDER BY frame",
            )?;
            let rows = rows.query_map([kind], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        };
        let mut all: Vec<(i64, Option<String>)> = all().map_err(|source| self.wrong(source))?;
        for (_, path) in &mut all {
            *path = path.take().filter(|path| is_within(path));
        }
        Ok(all)
    }

    /// The files that are done: frame, kind, path.
    pub(crate) fn files(&self) -> Result<Vec<(i64, String, String)>, RenderError> {
        let all = || -> rusqlite::Result<Vec<_>> {
            let mut rows = self.connection.prepare(
                "SELECT frame, kind, path FROM files WHERE state = 'done' ORDER BY frame, kind",
            )?;
            let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            rows.collect()
        };
        let mut all: Vec<(i64, String, String)> = all().map_err(|source| self.wrong(source))?;
        all.retain(|(_, _, path)| is_within(path));
        Ok(all)
    }
}
