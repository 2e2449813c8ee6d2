//! What can go wrong when something is asked, and what an answer can refuse.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// Why something that was asked of an instance was not done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// Of which kind it is.
    pub kind: RefusalKind,
    /// For people: what is wrong, and the remedy.
    pub message: String,
}

/// Kinds of refusals.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefusalKind {
    /// Nobody has registered a parameter, a service or an instance of that name.
    Unknown,
    /// The value is of another type, or beyond the parameter's bounds.
    Value,
    /// What was called raised an error.
    Failed,
    /// The instance does not run, or has ended before it answered.
    Gone,
    /// It did not answer in time.
    Late,
    /// The words are none that are known here.
    Words,
    /// A kind that a later version knows.
    #[serde(other)]
    Other,
}

impl Refusal {
    /// Of that kind.
    #[must_use]
    pub fn new(kind: RefusalKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            message: message.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Why a fleet could not be asked, or what it refused.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ControlError {
    /// No fleet of this user runs here that is meant.
    #[error("{0}")]
    NoFleet(String),
    /// The launcher does not answer.
    #[error("the launcher at {} does not answer: {source}", .socket.display())]
    Socket {
        /// Its socket.
        socket: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The launcher said something that is none of its words; its version may be another one.
    #[error("the launcher at {} said what is not understood here: {reason}", .socket.display())]
    Words {
        /// Its socket.
        socket: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// What was asked was refused.
    #[error("{0}")]
    Refused(Refusal),
    /// The folder of this user's fleets cannot be used.
    #[error("{}: {reason}", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it, and the remedy.
        reason: String,
    },
}

/// Why a page of memory is not used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PageError {
    /// It cannot be made, opened or mapped.
    #[error("the page of memory at {place} cannot be had: {source}")]
    Io {
        /// Where it is.
        place: String,
        /// What the system said.
        source: io::Error,
    },
    /// It is none, or could become shorter while it is read.
    #[error("what is at {place} is no page of blendtorch's")]
    NotOurs {
        /// Where it is.
        place: String,
    },
    /// It is of another version.
    #[error(
        "the page of memory at {place} is of version {found}, this blendtorch has {ours}: install the \
         same version in Blender (blendtorch setup --wheel FILE) as the launcher's"
    )]
    Version {
        /// Where it is.
        place: String,
        /// Its version.
        found: u64,
        /// Ours.
        ours: u64,
    },
}
