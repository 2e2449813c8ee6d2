//! Whether there is a Blender that runs our scene scripts, what is missing, and the line that mends it.
//!
//! Owns the checks of Blender, and the form of a check for all rooms. It must never install or change
//! anything.

mod around;
mod blender;
mod check;

pub use check::{Check, Health};

/// Looks at the Blender that would run; takes about as long as it takes to start and end.
#[must_use]
pub fn checks() -> Vec<Check> {
    let mut checks = blender::checks();
    checks.extend(around::cache_folder());
    checks.push(around::display());
    checks.push(around::ffmpeg());
    checks
}
