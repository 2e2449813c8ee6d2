//! Typed errors of the publisher.

use blendtorch_transport::AddressError;
use blendtorch_wire::{DType, EncodeError};
use std::convert::Infallible;
use thiserror::Error;

/// Why nothing was published. `E` is what interrupted a wait, if that can happen.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PublishError<E = Infallible> {
    /// The text is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The fields cannot be sent.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The socket failed.
    #[error(transparent)]
    Transport(#[from] blendtorch_transport::Error),
    /// A tensor of the draft cannot be sent.
    #[error(transparent)]
    Tensor(TensorError),
    /// The random number that names a publisher could not be had.
    #[error("no random number from the system: {0}")]
    Random(String),
    /// The caller did not want to wait any longer; nothing was sent.
    #[error("interrupted")]
    Interrupted(E),
}

/// Why a tensor could not be made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TensorError {
    /// Dtype, shape and data contradict each other.
    #[error(transparent)]
    Tensor(#[from] blendtorch_wire::TensorError),
    /// More bytes than any reader takes.
    #[error(
        "a {dtype} tensor of shape {shape:?} has {actual} bytes, more than the {max} that a message \
         may have: publish smaller arrays"
    )]
    OverLimit {
        /// Element type.
        dtype: DType,
        /// The shape in question.
        shape: Vec<usize>,
        /// Its bytes.
        actual: usize,
        /// The limit.
        max: usize,
    },
    /// The publisher is closed, or there is no memory.
    #[error(transparent)]
    Transport(#[from] blendtorch_transport::Error),
}
