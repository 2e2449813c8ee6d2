//! Batches: what several items published, field by field, and how one is assembled.
//!
//! [`Assembler`] is where it happens: items in, each array written once to its place in the batch,
//! batches out. Owns what a field is in every batch, and the threads that write. It must never wait
//! for an item, nor know where items come from.

mod assemble;
mod columns;
mod error;
mod kinds;
mod pace;
mod write;

pub(crate) use assemble::Assembler;
pub use columns::{Batch, Column, TensorColumn};
pub use error::CollateError;
