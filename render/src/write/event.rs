//! What is told of each frame.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What became of a frame.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Event {
    /// All its files are on the disk, under the names of files on their way.
    Written {
        /// The frame.
        frame: i64,
        /// The files.
        files: Vec<WrittenFile>,
        /// What the frame said about itself.
        about: Value,
    },
    /// None of its files is there.
    Failed {
        /// The frame.
        frame: i64,
        /// Why, in a word.
        kind: FailureKind,
        /// Why.
        text: String,
    },
}

/// A file that is on the disk.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WrittenFile {
    /// The pass, `layers`, `previews`, or one of a2's debug pictures.
    pub pass: String,
    /// Its name in the folder given.
    pub file: String,
    /// Its size.
    pub bytes: u64,
    /// The CRC-32 of its bytes.
    pub crc: u32,
    /// How long it took.
    #[serde(default)]
    pub seconds: f64,
}

/// Why a frame has not been written.
#[derive(Clone, Copy, Debug, Serialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// No room is left on the disk, or none for this user.
    DiskFull,
    /// Another error of the disk.
    Io,
    /// The values cannot be written in the format asked for.
    Encode,
}
