//! Why a frame is not written, within this room.
//!
//! Owns which of the system's errors are a full disk.

use super::event::FailureKind;
use super::passes::Pass;
use std::io::{self, ErrorKind};
use std::path::Path;

/// Why a frame is not written.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) kind: FailureKind,
    pub(super) text: String,
}

impl Failure {
    /// Values that have no place in a format.
    pub(super) fn encode(text: String) -> Self {
        let kind = FailureKind::Encode;
        Self { kind, text }
    }

    /// A file that cannot be written.
    pub(super) fn io(path: &Path, error: &io::Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => FailureKind::DiskFull,
            _ => FailureKind::Io,
        };
        let text = format!("{} cannot be written: {error}", path.display());
        Self { kind, text }
    }

    pub(super) fn lacking(pass: Pass) -> Self {
        Self::encode(format!("an array of {pass} is missing"))
    }
}
