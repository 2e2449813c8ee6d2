//! Finds, sets up, asks and opens a Blender.
//!
//! [`discover`] finds the one to run; [`setup()`] makes the managed one; [`scenes`] says whether it opens
//! a file, [`package`] whether it finds our package, [`doctor`] whether all it needs is there. What
//! starting a Blender has told is remembered in [`Answers`]. [`ffmpeg`] is the other program that others
//! make and this project runs.
//!
//! This crate owns single Blenders, and what each process of one needs ([`environment`], [`lifeline`],
//! [`noise`]). It must never start a fleet, nor a scene script.
//!
//! ```no_run
//! let blender = blendtorch_blender::discover(None)?;
//! println!("Blender {} at {}", blender.version, blender.path.display());
//! # Ok::<(), blendtorch_blender::DiscoverError>(())
//! ```

mod answers;
mod ask;
mod blender;
mod cache;
mod discover;
pub mod display;
pub mod doctor;
pub mod environment;
pub mod ffmpeg;
pub mod lifeline;
mod managed;
pub mod noise;
pub mod package;
mod programs;
pub mod scenes;
mod setup;
mod shader_cache;
mod software;
mod version;

pub use answers::Answers;
pub use blender::{Blender, Runtime};
pub use cache::cache_folder;
pub use discover::{DiscoverError, MANAGED, VARIABLE, discover, discover_named};
pub use doctor::{Check, Health};
pub use programs::on_path;
pub use setup::{SetupError, SetupOptions, setup, setup_video};
pub use shader_cache::shader_cache;
pub use software::draws_in_software;
pub use version::{DEFAULT_BPY_VERSION, Version};
