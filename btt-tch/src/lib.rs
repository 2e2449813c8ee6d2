//! blendtorch batches as `tch` tensors, on the CPU, without a copy.
//!
//! A [`TchLoader`] assembles each batch in the background straight into the memory of
//! [`tch::Tensor`]s: what a publisher sent is copied once, from where it was received to where the
//! training loop reads it. This crate owns that memory and the batch's face; it must never run a
//! torch operation beside the producers (their threads would wait for each other).
//!
//! ```no_run
//! use btt::{DatasetOptions, LoaderOptions, RemoteIterableDataset};
//! use btt_tch::TchLoader;
//!
//! let addresses = ["tcp://127.0.0.1:11000", "tcp://127.0.0.1:11001"];
//! let dataset = RemoteIterableDataset::connect(&addresses, DatasetOptions::default())?;
//! for batch in TchLoader::new(dataset, LoaderOptions::default())? {
//!     let batch = batch?;
//!     let image = batch.tensor("image")?; // Uint8 [8, 480, 640, 3]
//!     let xy = batch.tensor("xy")?; // Float [8, 8, 2]
//!     println!("{:?} {:?}", image.size(), xy.mean(tch::Kind::Float));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Finding libtorch when a program starts
//!
//! A program that uses `tch` needs libtorch's folder in its run path. This crate passes on the one
//! that it was built with; a program's `build.rs` hands it to the linker:
//!
//! ```no_run
//! if let Ok(folder) = std::env::var("DEP_BTT_TCH_LIBTORCH_LIB") {
//!     println!("cargo::rustc-link-arg=-Wl,-rpath,{folder}");
//! }
//! ```

mod batch;
mod blob;
mod kind;
mod loader;
mod storage;

pub use batch::{FieldError, TensorBatch};
pub use kind::kind;
pub use loader::TchLoader;
pub use storage::{TchAllocator, TchStorage};
