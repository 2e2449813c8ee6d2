//! Recordings: what was received, kept in a file, to be read again in any order.
//!
//! Owns the file format, which is MCAP with messages as they were received
//! (`docs/recording-format.md`), its writer ([`Recorder`]), its reader ([`Recording`]) and the
//! dataset over several files ([`RecordedDataset`]). It must never change a message, believe a
//! length before it is checked against the bytes at hand, or lose silently what it cannot read:
//! damage is told with its place ([`Damage`]).
//!
//! ```
//! use btt::{RecordedDataset, Recorder, RecorderOptions, Tensor, wire::Message};
//!
//! # let folder = tempfile::tempdir()?;
//! # let prefix = folder.path().join("run");
//! let path = btt::recording_path(&prefix, 0); // run_00.mcap
//! let mut recorder = Recorder::create(&path, RecorderOptions::default())?;
//! let image = Tensor::from_vec(&[2, 2], vec![1u8, 2, 3, 4])?;
//! recorder.append_message(&Message::data(7, 0).with("image", image))?;
//! recorder.finish()?;
//!
//! for item in RecordedDataset::open_prefix(&prefix)? {
//!     println!("{:?}", item?.fields["image"]);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chunk;
mod dataset;
mod error;
mod files;
mod format;
mod frames;
mod options;
mod recorder;
mod recording;
mod scan;
mod summary;

pub use dataset::RecordedDataset;
pub use error::{Damage, RecordError};
pub use files::{RECORDING_ENDING, recording_path, recordings_of};
pub use options::{Recorded, RecorderOptions};
pub use recorder::Recorder;
pub use recording::{RecordedItems, Recording};
