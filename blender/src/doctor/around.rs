//! What is around a Blender: the folder of what is kept, a display, and ffmpeg.
//!
//! Owns the looks at them. It must never start a Blender.

use super::check::Check;
use crate::ffmpeg::{FFMPEG_VARIABLE, Ffmpeg, FfmpegError};
use crate::{cache, display};

/// Said only where there is none: what is in it is said by other checks.
pub(super) fn cache_folder() -> Option<Check> {
    let lacking = cache::cache_folder().is_none();
    lacking.then(|| {
        Check::note(
            "cache folder",
            "none: HOME, XDG_CACHE_HOME and BLENDTORCH_CACHE name no full path, so that nothing which \
             `blendtorch setup` makes is found",
            "export BLENDTORCH_CACHE=FOLDER, where blendtorch setup was run with it",
        )
    })
}

pub(super) fn display() -> Check {
    match display::there() {
        Some(display) => Check::ok("display", display),
        // Not a lack: rendering needs none.
        None => Check::ok("display", "none; instances run without windows"),
    }
}

pub(super) fn ffmpeg() -> Check {
    const NAME: &str = "ffmpeg";
    let remedy = "blendtorch setup --video";
    let found = match Ffmpeg::find() {
        Ok(found) => found,
        Err(FfmpegError::NotFound) => {
            let none = "none; only `blendtorch sequence` needs it, which makes videos";
            return Check::note(NAME, none, remedy);
        }
        Err(error) => {
            let remedy = format!("unset {FFMPEG_VARIABLE} && {remedy}");
            return Check::note(NAME, first(&error), remedy);
        }
    };
    match found.version() {
        Ok(version) => {
            let place = found.path.display();
            Check::ok(NAME, format!("{version} ({}, {place})", found.from))
        }
        Err(error) => Check::note(NAME, first(&error), remedy),
    }
}

/// What is wrong; the remedy is said below.
fn first(error: &FfmpegError) -> String {
    let said = error.to_string();
    said.split(';').next().unwrap_or_default().to_owned()
}
