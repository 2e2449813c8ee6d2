//! Pixels to disk: arrays of a frame in, files out, by a thread of its own.
//!
//! Owns the formats (OpenEXR, PNG, JPEG, NPY), what each pass's files hold, previews, and that a file
//! which counts is whole: it is synced, and its size and checksum are told. It must never know
//! Blender, Python, or where files end up: whoever is told of a file renames it.

mod about;
mod arrays;
mod crypto;
mod deflate;
mod error;
mod event;
mod exr;
mod failure;
mod files;
mod frame;
mod jpeg;
mod layers;
mod npy;
mod passes;
mod png;
pub(crate) mod sheet;
mod sources;
mod spec;
mod writer;

pub use arrays::{Array, Arrays, Data, Pixels};
pub use error::Error;
pub use event::{Event, FailureKind, WrittenFile};
pub use passes::{PASSES, Pass};
pub use spec::{Codec, Color, Direction, FileSpec, Format, Layout, Spec};
pub use writer::Writer;
