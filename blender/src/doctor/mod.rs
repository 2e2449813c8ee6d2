//! Whether there is a Blender that runs our scene scripts, what is missing, and the line that mends it.
//!
//! Owns the checks of Blender, and the form of a check for all rooms. It must never install or change
//! anything.

mod around;
mod blender;
mod check;

pub use check::{Check, Health};

/// What draws where Blender does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Draws {
    /// A graphics card.
    Card,
    /// The processor.
    Processor,
}

/// Looks at the Blender that would run, and says what draws, where that could be asked; takes about as
/// long as it takes to start and end.
#[must_use]
pub fn checks() -> (Vec<Check>, Option<Draws>) {
    let (mut checks, draws) = blender::checks();
    checks.extend(around::cache_folder());
    checks.push(around::display());
    checks.push(around::ffmpeg());
    (checks, draws)
}
