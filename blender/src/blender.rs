//! What a Blender is to us: a program, how it is run, and its version.
//!
//! Owns the type that all rooms speak of. Where one is found is [`crate::discover`]'s.

use std::path::PathBuf;

use crate::Version;

/// How a Blender is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Runtime {
    /// A `blender` program.
    Program,
    /// The Python of a virtual environment that holds `bpy` and blendtorch.
    Module,
}

/// A Blender that can be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blender {
    /// The program to start: `blender`, or the environment's `python`.
    pub path: PathBuf,
    /// How it is started.
    pub runtime: Runtime,
    /// Version of the Blender.
    pub version: Version,
}
