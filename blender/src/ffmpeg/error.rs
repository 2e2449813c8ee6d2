//! Why no video can be made.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

use super::FFMPEG_VARIABLE;

/// Why ffmpeg cannot be run, or did not do what it was to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FfmpegError {
    /// There is none anywhere.
    #[error(
        "no ffmpeg was found ({FFMPEG_VARIABLE} names none, there is none on PATH); run \
         `blendtorch setup --video` once to install one, or apt-get install ffmpeg"
    )]
    NotFound,
    /// The place that was named holds none.
    #[error(
        "{FFMPEG_VARIABLE} names {}, which is no program; correct or remove it \
         (`blendtorch setup --video` installs an ffmpeg)", .path.display()
    )]
    NotThere {
        /// The place.
        path: PathBuf,
    },
    /// It does not answer as ffmpeg does.
    #[error(
        "{} does not run as an ffmpeg: {said}; name another one with {FFMPEG_VARIABLE}, or run \
         `blendtorch setup --video`", .path.display()
    )]
    NotFfmpeg {
        /// The program.
        path: PathBuf,
        /// What it said instead.
        said: String,
    },
    /// It was built without an encoder.
    #[error(
        "{} has no encoder {encoder}; run `blendtorch setup --video` and name what it installs with \
         {FFMPEG_VARIABLE}, or choose another ending for the video", .path.display()
    )]
    NoEncoder {
        /// The program.
        path: PathBuf,
        /// The encoder's name.
        encoder: String,
    },
    /// It could not be started.
    #[error("{} could not be run: {source}", .path.display())]
    Start {
        /// The program.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It ended with an error.
    #[error("{} ended with {status}: {said}", .path.display())]
    Ended {
        /// The program.
        path: PathBuf,
        /// How.
        status: ExitStatus,
        /// Its last words.
        said: String,
    },
    /// Whoever watched wanted no more.
    #[error("the video was stopped")]
    Stopped,
}
