//! Items that do not fit into one batch, and batches for which there is no memory.

use crate::convert::ConvertError;
use thiserror::Error;

/// An item that does not fit into the batch of those before it, and is dropped; or a batch for which
/// there is no memory, with all its items. What is dropped counts as discarded.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum CollateError {
    /// A field that the batch's first item has is missing, or the other way round.
    #[error(
        "field '{field}' is {} of {} but {} of the batch before it: publish the same fields every \
         time", has(*present), instance(*btid), has(!*present)
    )]
    Fields {
        /// The field.
        field: String,
        /// The instance that sent the item.
        btid: Option<i64>,
        /// Whether the item has it.
        present: bool,
    },
    /// A field has another shape than in the batch's first item, or another dtype or kind than in
    /// all batches before.
    #[error(
        "field '{field}' of {} is {found}, but was {expected} before it: publish one shape and dtype, \
         or iterate items instead of batches", instance(*btid)
    )]
    Mismatch {
        /// The field.
        field: String,
        /// The instance that sent the item.
        btid: Option<i64>,
        /// What the batch holds.
        expected: String,
        /// What the item has.
        found: String,
    },
    /// An int that no int64 holds: an int has no type, and a column of them is int64.
    #[error(
        "field '{field}' of {} is the int {value}, and ints are int64 in a batch, which cannot hold \
         it: publish it as uint64, by numpy.array({value}, 'uint64') or Scalar::from in Rust",
        instance(*btid)
    )]
    IntTooLarge {
        /// The field.
        field: String,
        /// The instance that sent the item.
        btid: Option<i64>,
        /// The int.
        value: u64,
    },
    /// A field is not what its conversion converts.
    #[error("{}: {source}", instance(*btid))]
    Convert {
        /// The instance that sent the item.
        btid: Option<i64>,
        /// What does not fit.
        source: ConvertError,
    },
    /// There is no memory for the batch.
    #[error("no memory for field '{field}' of a batch: {reason}")]
    Memory {
        /// The field.
        field: String,
        /// The allocator's words.
        reason: String,
    },
}

fn has(present: bool) -> &'static str {
    if present { "in an item" } else { "in no item" }
}

fn instance(btid: Option<i64>) -> String {
    btid.map_or("a publisher without btid".to_owned(), |btid| {
        format!("instance {btid}")
    })
}
