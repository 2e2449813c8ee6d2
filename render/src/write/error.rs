//! What a caller is told at once: what it asks for cannot be written.

use super::passes::Pass;
use super::spec::{Codec, Format};

/// Something that cannot be written, said before anything is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The specification is no JSON of one.
    #[error("the specification of what to write cannot be read: {0}")]
    Json(serde_json::Error),
    /// What a frame says about itself is no JSON.
    #[error("what is said about frame {frame} cannot be read: {source}")]
    About {
        /// The frame.
        frame: i64,
        /// What the reader says.
        source: serde_json::Error,
    },
    /// Ids and hashes must come back as they were.
    #[error(
        "{pass} cannot be written with the lossy codec {codec}, which would change ids; use ZIP or \
         another lossless one"
    )]
    LossyCodec {
        /// The pass.
        pass: Pass,
        /// The codec.
        codec: Codec,
    },
    /// A number of bits that a pass or a format cannot have.
    #[error("{pass} cannot be written as {format} with {bits} bits: {remedy}")]
    Bits {
        /// The pass.
        pass: Pass,
        /// The format.
        format: Format,
        /// The bits asked for.
        bits: u8,
        /// What to do instead.
        remedy: &'static str,
    },
    /// A format that a pass cannot have.
    #[error("{pass} cannot be written as {format}; use {others}")]
    Format {
        /// The pass.
        pass: Pass,
        /// The format.
        format: Format,
        /// Those that it can have.
        others: &'static str,
    },
    /// Two files of one name.
    #[error("{pass} is to be written twice as {format}")]
    Twice {
        /// The pass.
        pass: Pass,
        /// The format.
        format: Format,
    },
    /// What does not go together.
    #[error("{0}")]
    Together(String),
    /// An array that is needed is not there.
    #[error("frame {frame} lacks the array '{name}', which {pass} is made of")]
    Missing {
        /// The frame.
        frame: i64,
        /// The array.
        name: String,
        /// The pass.
        pass: Pass,
    },
    /// An array that is not as it must be.
    #[error("the array '{name}' of frame {frame} {wrong}")]
    Array {
        /// The frame.
        frame: i64,
        /// The array.
        name: String,
        /// What is wrong with it.
        wrong: String,
    },
    /// The folder cannot be made.
    #[error("the folder {folder} for files on their way cannot be made: {source}", folder = .folder.display())]
    Folder {
        /// The folder.
        folder: std::path::PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The thread cannot be started.
    #[error("the thread that writes frames cannot be started: {0}")]
    Thread(std::io::Error),
    /// It was closed.
    #[error("this writer of frames is closed")]
    Closed,
}
