//! What can go wrong with a render.

use std::path::PathBuf;

use blendtorch_channels::control::ControlError;
use blendtorch_launcher::LaunchError;
use thiserror::Error;

/// Why a job could not be rendered, or not to its end.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RenderError {
    /// A job that cannot be: which file and key, and what to write instead.
    #[error("{}{problem}", place(.file.as_ref(), .key.as_deref()))]
    Job {
        /// The `render.json` that was read.
        file: Option<PathBuf>,
        /// The key, or the option.
        key: Option<String>,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// The fleet could not be started.
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// An instance could not be asked.
    #[error(transparent)]
    Control(#[from] ControlError),
    /// A worker refuses: the words are its own.
    #[error("{text}")]
    Worker {
        /// The name of the Python error.
        kind: String,
        /// For people.
        text: String,
        /// The engine lacks what is asked for.
        lacks: bool,
    },
    /// No worker is left.
    #[error("{0}")]
    NoWorkers(String),
    /// Workers cannot be asked in time.
    #[error("{0}")]
    Late(String),
    /// The folder of the job cannot be used.
    #[error("{}: {problem}", .folder.display())]
    Out {
        /// The folder.
        folder: PathBuf,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// The folder holds another job.
    #[error(
        "{} holds another job: {}; render into another folder, or empty this one",
        .folder.display(), .differences.join("; ")
    )]
    OtherJob {
        /// The folder.
        folder: PathBuf,
        /// What differs, a line each.
        differences: Vec<String>,
    },
    /// The disk of the job is full.
    #[error(
        "the disk of {} is full: {done} of {total} frames are done and stay; free some space and run \
         the same again, which renders what is missing",
        .folder.display()
    )]
    DiskFull {
        /// The folder.
        folder: PathBuf,
        /// Frames that are done.
        done: usize,
        /// Frames that were asked for.
        total: usize,
    },
    /// The ledger cannot be read or written.
    #[error("the ledger {}: {source}{}", .path.display(), remedy(.source))]
    Ledger {
        /// Its file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// Whoever listened wants no more.
    #[error("the render was stopped; what is done stays, and the same again renders the rest")]
    Stopped,
}

fn remedy(error: &rusqlite::Error) -> &'static str {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    match error.sqlite_error_code() {
        Some(DatabaseCorrupt | NotADatabase) => {
            "; `blendtorch inspect FOLDER --rebuild` makes it anew of the files that are there"
        }
        _ => "",
    }
}

fn place(file: Option<&PathBuf>, key: Option<&str>) -> String {
    let file = file.map(|file| format!("{}: ", file.display()));
    let key = key.map(|key| format!("{key}: "));
    file.unwrap_or_default() + &key.unwrap_or_default()
}

impl RenderError {
    /// A job that cannot be, because of a key.
    pub(crate) fn job(key: &str, problem: impl Into<String>) -> Self {
        Self::Job {
            file: None,
            key: Some(key.to_owned()),
            problem: problem.into(),
        }
    }

    /// The same, of that file.
    #[must_use]
    pub(crate) fn in_file(self, path: &std::path::Path) -> Self {
        match self {
            Self::Job { key, problem, .. } => Self::Job {
                file: Some(path.to_owned()),
                key,
                problem,
            },
            other => other,
        }
    }
}
