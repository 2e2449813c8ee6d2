//! What is around a Blender: the folder of what is kept, and a display.
//!
//! Owns the looks at them. It must never start a Blender.

use super::check::Check;
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
