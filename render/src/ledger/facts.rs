//! What the scene says of itself that changes no picture: how fast it is shown.
//!
//! Owns the table of it, which may lack: nothing that is rendered depends on it.

use rusqlite::OptionalExtension;

use super::Ledger;
use crate::RenderError;

pub(super) const TABLE: &str = "
    CREATE TABLE IF NOT EXISTS facts (
        name TEXT PRIMARY KEY,           -- fps
        value TEXT NOT NULL
    ) WITHOUT ROWID;
";

impl Ledger {
    /// The scene has so many frames a second.
    pub(crate) fn keep_fps(&mut self, fps: f64) -> Result<(), RenderError> {
        let text = fps.to_string();
        let keep = "INSERT OR REPLACE INTO facts VALUES ('fps', ?1)";
        let kept = self.write()?.execute(keep, [text]);
        kept.map(drop).map_err(|source| self.wrong(source))
    }

    /// Frames a second of the scene; none where nobody has said it.
    pub(crate) fn fps(&self) -> Result<Option<f64>, RenderError> {
        let find = || -> rusqlite::Result<Option<String>> {
            let count = "SELECT count(*) FROM sqlite_master WHERE name = 'facts'";
            let tables: i64 = self.connection.query_row(count, [], |row| row.get(0))?;
            if tables == 0 {
                return Ok(None);
            }
            let fact = "SELECT value FROM facts WHERE name = 'fps'";
            self.connection
                .query_row(fact, [], |row| row.get(0))
                .optional()
        };
        let text = find().map_err(|source| self.wrong(source))?;
        Ok(text.and_then(|text| text.parse().ok()))
    }
}
