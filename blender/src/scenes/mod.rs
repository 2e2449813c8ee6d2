//! Scene files: whether one can be opened, before instances are started for it.
//!
//! Owns the two looks, at the file itself ([`look`]) and by the Blender that is to open it ([`opens`]),
//! whose answer is remembered; and a file with keys in place of a network's activity ([`bake`]). It must
//! never change a file.

mod bake;
mod file;
mod opens;

pub use bake::bake;
pub use file::look;
pub use opens::opens;

/// Why a scene file cannot be used, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{problem}; {remedy}")]
pub struct SceneError {
    /// What is wrong with it.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}
