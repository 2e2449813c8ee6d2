//! The consumer side of blendtorch: remote dataset, accounting, batches, channels.
//!
//! Owns what a training loop needs to consume a stream; it never knows Python or torch. A
//! [`RemoteIterableDataset`] is an iterator of items; a [`DataLoader`] assembles batches from one,
//! straight into the memory that the training loop will read.
//!
//! ```no_run
//! use btt::{DatasetOptions, RemoteIterableDataset};
//!
//! let addresses = ["tcp://127.0.0.1:11000", "tcp://127.0.0.1:11001"];
//! let mut dataset = RemoteIterableDataset::connect(&addresses, DatasetOptions::default())?;
//! for item in &mut dataset {
//!     let item = item?;
//!     println!("{:?} from instance {:?}", item.fields["image"], item.header.btid);
//! }
//! println!("{:?}", dataset.stats());
//! # Ok::<(), btt::Error>(())
//! ```

// From the ground up; imports run down. storage: memory of batches. item: what was published once.
// queue: between a thread and its loop. convert, copy: on the way into a batch. accounting: what came,
// and what is missing. record: kept in files. batch: where one is assembled. dataset: what publishers
// send. loader: batches ahead of the loop. stream: both, for asynchronous programs.
mod accounting;
mod batch;
mod convert;
mod copy;
mod dataset;
mod error;
mod item;
mod loader;
mod queue;
mod record;
mod storage;
mod stream;

pub use accounting::{
    Ledger, PublisherReceipts, PublisherStats, PublisherTotals, Receipts, Stats, StatsHandle,
    Totals,
};
pub use batch::{Batch, CollateError, Column, TensorColumn};
pub use blendtorch_channels::control;
pub use blendtorch_channels::{
    Command, Duplex as DuplexChannel, DuplexMessage, DuplexOptions, EnvOptions,
    Error as ChannelError, Failure, RemoteEnv, Reset, Step, VectorEnv,
};
pub use blendtorch_transport::{Address, AddressError};
pub use blendtorch_wire as wire;
pub use blendtorch_wire::{DType, End, Fields, Header, How, Scalar, Tensor, Value};
pub use convert::{Convert, ConvertError, ConvertPlan};
pub use dataset::{
    DatasetOptions, Following, LaunchInfoError, Life, Liveness, RemoteIterableDataset,
};
pub use error::{Absence, Error, FailedInstance, Silence};
pub use item::Item;
pub use loader::{DataLoader, LoaderOptions, Source};
pub use record::{
    Damage, RECORDING_ENDING, RecordError, Recorded, RecordedDataset, RecordedItems, Recorder,
    RecorderOptions, Recording, recording_path, recordings_of,
};
pub use storage::{Allocator, HeapAllocator, HeapStorage, Storage};
pub use stream::{BatchStream, ItemStream};

/// The page's snippets build and run.
#[cfg(doctest)]
#[doc = include_str!("../../docs/crates.md")]
struct CratesPage;
