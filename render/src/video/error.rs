//! Why frames did not become a video.

use std::path::PathBuf;

use blendtorch_blender::ffmpeg::FfmpegError;
use thiserror::Error;

use crate::RenderError;

/// Why there is no video. No half file is left.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum VideoError {
    /// The folder holds no frames that could be shown.
    #[error("{}: {problem}", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// Frames are missing.
    #[error(
        "{}: of {total} frames {} of {kind} {} missing: {frames}; render what is missing (the same \
         `blendtorch render` does), or leave them out with --allow-missing",
        .folder.display(), .count, if *.count == 1 { "is" } else { "are" }
    )]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// Of which kind of file: a pass, or `previews`.
        kind: String,
        /// How many there should be.
        total: usize,
        /// How many are not there.
        count: usize,
        /// Which, as `3, 7-9`.
        frames: String,
    },
    /// A picture has another size than those before it.
    #[error(
        "{} has {} × {} pixels, and {} has {} × {}: all pictures of a video have one size; render those \
         that differ again",
        .path.display(), .size.0, .size.1, .first.display(), .wanted.0, .wanted.1
    )]
    Size {
        /// The file.
        path: PathBuf,
        /// Its width and height.
        size: (usize, usize),
        /// The first file.
        first: PathBuf,
        /// The size of that one.
        wanted: (usize, usize),
    },
    /// A file cannot be shown.
    #[error("{}: {problem}", .path.display())]
    Picture {
        /// The file.
        path: PathBuf,
        /// What is wrong, and the remedy where there is one.
        problem: String,
    },
    /// Nobody says how fast the frames are to be shown.
    #[error(
        "{}: nothing says how many frames a second it has (a ledger of blendtorch does); say it, for \
         example --fps 24", .folder.display()
    )]
    NoRate {
        /// The folder.
        folder: PathBuf,
    },
    /// The video cannot be written there, or so.
    #[error("{}: {problem}", .path.display())]
    Out {
        /// The file that was asked for.
        path: PathBuf,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// ffmpeg has written another number of frames than it was given.
    #[error(
        "{}: ffmpeg was given {given} frames and says that it wrote {written}; nothing is left of it",
        .path.display()
    )]
    Count {
        /// The file that was asked for.
        path: PathBuf,
        /// Frames that it was given.
        given: u64,
        /// Frames that it wrote.
        written: u64,
    },
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] RenderError),
    /// ffmpeg is not there, lacks something, or ended with an error.
    #[error(transparent)]
    Ffmpeg(#[from] FfmpegError),
}

impl VideoError {
    pub(super) fn picture(path: &std::path::Path, problem: impl Into<String>) -> Self {
        Self::Picture {
            path: path.to_owned(),
            problem: problem.into(),
        }
    }
}
