//! The ledger: which file of which frame is done, in a database beside the files.
//!
//! Owns the database, which one program at a time writes: the one that has the lease. What lies on the
//! disk is the truth, and the ledger its index: a row that says "done" is believed only where the file
//! has the size and the time that it had then. It must never touch a process.

mod entries;
mod facts;
mod gather;
mod ids;
mod inspect;
mod jobfile;
mod lease;
mod notes;
mod plan;
mod rebuild;
#[cfg(test)]
mod rebuild_tests;
#[cfg(test)]
mod tests;
mod together;
mod whole;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::RenderError;
pub(crate) use entries::{Entry, Shot};
pub use gather::Gathered;
pub(crate) use ids::{IdTable, Things};
pub(crate) use inspect::stamp;
pub use inspect::{Found, KindSummary, Summary, What};
pub(crate) use jobfile::{JOB, JobFile, beside};
pub(crate) use lease::Holder;
use lease::Lease;
pub(crate) use notes::NoteBook;
pub(crate) use plan::{Needs, Plan};
pub use rebuild::Rebuilt;

/// The file of the database, in the folder of a job.
pub const LEDGER: &str = "ledger.sqlite";
const LEASE: &str = "ledger.lease";
/// The kind of contact sheets.
pub(crate) const PREVIEWS: &str = "previews";
/// Where files lie until they are whole.
pub(crate) const UNFINISHED: &str = ".unfinished";

/// What the tables look like; another number is another program's.
const VERSION: i32 = 1;

const TABLES: &str = "
    CREATE TABLE settings (
        id INTEGER PRIMARY KEY,
        json TEXT NOT NULL UNIQUE        -- what must be the same for files to belong together
    );
    CREATE TABLE kinds (
        name TEXT PRIMARY KEY,           -- a pass, previews or layers
        options TEXT NOT NULL            -- how its files are written
    );
    CREATE TABLE files (
        frame INTEGER NOT NULL,
        kind TEXT NOT NULL,
        state TEXT NOT NULL,             -- pending, given, done, failed
        settings INTEGER REFERENCES settings,
        path TEXT,                       -- below the folder
        bytes INTEGER,
        crc32 INTEGER,
        modified_ns INTEGER,             -- when the file was last written, by its file system
        seconds REAL,                    -- of encoding and writing it
        blender TEXT,                    -- instance and life that have it, or wrote it
        attempt INTEGER NOT NULL DEFAULT 0,
        why TEXT,
        PRIMARY KEY (frame, kind)
    ) WITHOUT ROWID;
    CREATE TABLE cameras (
        id INTEGER PRIMARY KEY,
        json TEXT NOT NULL UNIQUE        -- intrinsics
    );
    CREATE TABLE transforms (
        frame INTEGER PRIMARY KEY,
        camera INTEGER NOT NULL REFERENCES cameras,
        matrix TEXT NOT NULL,            -- camera to world, 4 rows
        seconds TEXT                     -- of evaluating, rendering and reading the frame
    );
    CREATE TABLE ids (
        kind TEXT NOT NULL,              -- instance, category, material
        name TEXT NOT NULL,
        id INTEGER NOT NULL,
        category INTEGER,
        PRIMARY KEY (kind, name)
    ) WITHOUT ROWID;
";

/// Where a file of a frame is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has it.
    Pending,
    /// A worker has it.
    Given,
    /// It is written, synced and has its name.
    Done,
    /// It could not be made.
    Failed,
}

impl State {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Given => "given",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// The ledger of a folder.
#[derive(Debug)]
pub struct Ledger {
    out: PathBuf,
    connection: Connection,
    /// Something was written that is not yet committed.
    open: bool,
    /// None where it is only read, or in memory.
    lease: Option<Lease>,
    /// That of a task without a head: other tasks have the folder too.
    _shared: Option<Lease>,
}

impl Ledger {
    /// That of the folder, to write: both are made where they are not there.
    ///
    /// # Errors
    /// The folder cannot be made or written, another fleet has it, its ledger is damaged or of another
    /// version.
    pub fn open(out: &Path) -> Result<Self, RenderError> {
        let lease = Self::hold(out)?;
        Self::with(out, lease)
    }

    /// Takes the folder, which is made where it is not there.
    fn hold(out: &Path) -> Result<Lease, RenderError> {
        let out = gather::made(out)?;
        match Lease::take(&out.join(LEASE)) {
            Ok(Ok(lease)) => Ok(lease),
            Ok(Err(holder)) => Err(held(out, holder)),
            Err(error) => Err(unusable(&out, &error)),
        }
    }

    /// That of a folder that is ours.
    fn with(out: &Path, lease: Lease) -> Result<Self, RenderError> {
        let out = gather::made(out)?;
        let path = out.join(LEDGER);
        let wrong = |source: rusqlite::Error| match is_full(&source) {
            true => unusable(&out, &std::io::ErrorKind::StorageFull.into()),
            false => RenderError::Ledger {
                path: path.clone(),
                source,
            },
        };
        let connection = Connection::open(&path).map_err(wrong)?;
        let mut ledger = Self {
            out: out.clone(),
            connection,
            open: false,
            lease: Some(lease),
            _shared: None,
        };
        ledger.prepare().map_err(wrong)?;
        // Nobody else writes here: what lies there is of one that was killed.
        let _ = std::fs::remove_dir_all(out.join(UNFINISHED));
        Ok(ledger)
    }

    /// That of the folder, to read.
    ///
    /// # Errors
    /// There is none, or it cannot be read.
    pub fn read(out: &Path) -> Result<Self, RenderError> {
        let path = out.join(LEDGER);
        if !path.is_file() {
            return Err(RenderError::Out {
                folder: out.to_owned(),
                problem: format!("it has no {LEDGER}: nothing was rendered here by blendtorch"),
            });
        }
        let wrong = |source| RenderError::Ledger {
            path: path.clone(),
            source,
        };
        let connection =
            Connection::open_with_flags(&path, OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(wrong)?;
        let ledger = Self {
            out: out.to_owned(),
            connection,
            open: false,
            lease: None,
            _shared: None,
        };
        match ledger.check_version() {
            // Who wrote it was killed in the middle: what it had not finished is taken back, which is
            // writing.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::ReadOnly) => Self::open(out),
            other => other.map_err(wrong).map(|()| ledger),
        }
    }

    fn prepare(&mut self) -> rusqlite::Result<()> {
        // A rollback journal works on a network file system too, where a shared log would not.
        self.connection.busy_timeout(Duration::from_secs(10))?;
        self.connection
            .pragma_update(None, "journal_mode", "DELETE")?;
        self.connection
            .pragma_update(None, "synchronous", "NORMAL")?;
        let tables: i64 = self.connection.query_row(
            "SELECT count(*) FROM sqlite_master WHERE type = 'table'",
            [],
            |row| row.get(0),
        )?;
        if tables == 0 {
            let transaction = self.connection.transaction()?;
            transaction.execute_batch(TABLES)?;
            transaction.pragma_update(None, "user_version", VERSION)?;
            transaction.commit()?;
        }
        self.check_version()?;
        self.connection.execute_batch(facts::TABLE)
    }

    fn check_version(&self) -> rusqlite::Result<()> {
        let version: i32 = self
            .connection
            .query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match version == VERSION {
            true => Ok(()),
            false => Err(rusqlite::Error::InvalidParameterName(format!(
                "its tables have version {version}, this blendtorch knows {VERSION}"
            ))),
        }
    }

    /// The folder.
    #[must_use]
    pub fn out(&self) -> &Path {
        &self.out
    }

    /// Begins to write, unless that is so already.
    fn write(&mut self) -> Result<&Connection, RenderError> {
        if !self.open {
            self.connection
                .execute_batch("BEGIN IMMEDIATE")
                .map_err(|source| self.wrong(source))?;
            self.open = true;
        }
        Ok(&self.connection)
    }

    /// Makes what was written last.
    ///
    /// # Errors
    /// SQLite's.
    pub(crate) fn commit(&mut self) -> Result<(), RenderError> {
        if !self.open {
            return Ok(());
        }
        match self.connection.execute_batch("COMMIT") {
            // Somebody reads it for long: it is tried again.
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
            other => {
                self.open = false;
                other.map_err(|source| self.wrong(source))
            }
        }
    }

    fn wrong(&self, source: rusqlite::Error) -> RenderError {
        RenderError::Ledger {
            path: self.out.join(LEDGER),
            source,
        }
    }

    /// Whether it may be written.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        self.lease.is_some()
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        let _ = self.commit();
    }
}

/// Whether a database has found no room.
pub(crate) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::DiskFull)
}

/// Removes what workers of a render have left unfinished: their folders begin with its tag.
pub(crate) fn sweep(out: &Path, tag: &str) {
    let unfinished = out.join(UNFINISHED);
    let own = format!("{tag}-");
    for folder in std::fs::read_dir(&unfinished)
        .into_iter()
        .flatten()
        .flatten()
    {
        if folder.file_name().to_string_lossy().starts_with(&own) {
            let _ = std::fs::remove_dir_all(folder.path());
        }
    }
    // Where another render has something in it, it stays.
    let _ = std::fs::remove_dir(unfinished);
}

/// Somebody else has a folder.
fn held(out: PathBuf, holder: Option<Holder>) -> RenderError {
    let who = holder.map_or_else(
        || "another fleet, or tasks without a head,".to_owned(),
        |holder| format!("the fleet of process {} on {}", holder.pid, holder.host),
    );
    RenderError::Out {
        folder: out,
        problem: format!("{who} renders into it; wait until it has ended, or use another folder"),
    }
}

fn unusable(out: &Path, error: &std::io::Error) -> RenderError {
    let remedy = match error.kind() {
        std::io::ErrorKind::PermissionDenied | std::io::ErrorKind::ReadOnlyFilesystem => {
            "; name a folder that may be written"
        }
        std::io::ErrorKind::StorageFull => "; free some space",
        _ => "",
    };
    RenderError::Out {
        folder: out.to_owned(),
        problem: format!("it cannot be used: {error}{remedy}"),
    }
}
