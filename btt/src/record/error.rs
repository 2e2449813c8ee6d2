//! What can go wrong with a recording.

use blendtorch_wire::EncodeError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// Where a recording is damaged, and what is readable before that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// The first byte that cannot be used, from the start of the file.
    pub offset: u64,
    /// What is wrong there.
    pub reason: String,
    /// Items before the damage.
    pub items: usize,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            offset,
            reason,
            items,
        } = self;
        let items_are = if *items == 1 { "item is" } else { "items are" };
        write!(
            f,
            "byte {offset}: {reason}; {items} {items_are} readable before that"
        )
    }
}

/// An error of a [`Recorder`](crate::Recorder) or a [`Recording`](crate::Recording).
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The system refused.
    #[error("cannot {action} the recording {}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// The system's words.
        source: io::Error,
    },
    /// Nothing of the file can be read as a recording.
    #[error(
        "{} is no recording of blendtorch: {reason}; give a file that a FileRecorder or \
         record_path_prefix has written", path.display()
    )]
    NotARecording {
        /// The file.
        path: PathBuf,
        /// What is wrong, and at which byte.
        reason: String,
    },
    /// The item asked for, or one before it, cannot be trusted.
    #[error("{} is damaged at {damage}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where.
        damage: Damage,
    },
    /// There are fewer items.
    #[error("item {index} of {} was asked for, which has {len}", path.display())]
    OutOfRange {
        /// The file.
        path: PathBuf,
        /// The item asked for.
        index: usize,
        /// How many there are.
        len: usize,
    },
    /// No file goes with a prefix.
    #[error(
        "no recordings go with the prefix '{}': nothing matches {pattern}; record with \
         record_path_prefix='{}' first, or correct the prefix", prefix.display(), prefix.display()
    )]
    NoFiles {
        /// What was given.
        prefix: PathBuf,
        /// What was looked for.
        pattern: String,
    },
    /// The message cannot travel, and so cannot be recorded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A frame does not fit into the file format.
    #[error("a frame of {bytes} bytes cannot be recorded: 4294967295 is the most")]
    FrameTooLarge {
        /// Its bytes.
        bytes: usize,
    },
    /// The recorder has finished, or has failed before.
    #[error("the recording {} is closed: nothing more can be appended", path.display())]
    Closed {
        /// The file.
        path: PathBuf,
    },
}

impl RecordError {
    pub(super) fn io(path: &Path, action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            path: path.to_owned(),
            action,
            source,
        }
    }

    pub(super) fn not_a_recording(path: &Path, reason: impl Into<String>) -> Self {
        Self::NotARecording {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }
}
