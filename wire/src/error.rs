//! Typed errors of the codec.

use crate::DType;
use thiserror::Error;

/// A tensor whose parts contradict each other.
#[derive(Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum TensorError {
    /// The shape is larger than the address space, also where it has no elements.
    #[error("a {dtype} tensor of shape {shape:?} is larger than the address space")]
    TooLarge {
        /// Element type.
        dtype: DType,
        /// The shape in question.
        shape: Vec<usize>,
    },
    /// The data's length is not what dtype and shape ask for.
    #[error("a {dtype} tensor of shape {shape:?} has {expected} bytes, not {actual}")]
    Length {
        /// Element type.
        dtype: DType,
        /// The shape in question.
        shape: Vec<usize>,
        /// Bytes that dtype and shape ask for.
        expected: usize,
        /// Bytes that were given.
        actual: usize,
    },
    /// The elements were asked for as another type than they are.
    #[error("the tensor holds {actual}, not {asked}")]
    DType {
        /// The type asked for.
        asked: DType,
        /// The tensor's own.
        actual: DType,
    },
    /// The memory is not aligned for the type asked for: copy it first.
    #[error("the tensor's memory is not aligned for {0}: copy its bytes first")]
    Unaligned(DType),
}

/// A message that cannot be sent.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EncodeError {
    /// More tensors than one message may hold.
    #[error("the message holds more than {max} tensors: stack them or publish fewer fields")]
    TooManyTensors {
        /// The limit.
        max: usize,
    },
    /// Lists, tuples or dicts nested too deeply for any reader.
    #[error("field '{field}' nests deeper than {max} lists or dicts")]
    TooDeep {
        /// The field.
        field: String,
        /// The limit.
        max: usize,
    },
    /// A tensor of more dimensions than any reader takes.
    #[error("{field}: a tensor of rank {actual}, more than the limit of {max}: reshape it")]
    RankTooHigh {
        /// The field.
        field: String,
        /// Its dimensions.
        actual: usize,
        /// The limit.
        max: usize,
    },
    /// More values in lists, tuples and dicts than any reader takes.
    #[error(
        "the fields hold {actual} values, nested ones included, more than the {max} that a message \
         may have: publish numbers as arrays"
    )]
    TooManyValues {
        /// Values in all fields.
        actual: usize,
        /// The limit.
        max: usize,
    },
    /// More bytes than any reader takes.
    #[error("the message has {actual} bytes, more than the limit of {max}: publish smaller arrays")]
    TooLarge {
        /// Bytes of all frames.
        actual: usize,
        /// The limit.
        max: usize,
    },
    /// The header frame has grown over the limit of every reader.
    #[error(
        "strings, bytes and lists of the message take {actual} bytes, more than the {max} that a \
         header may have: publish large data as arrays"
    )]
    HeaderTooLarge {
        /// Bytes of the header.
        actual: usize,
        /// The limit.
        max: usize,
    },
    /// A dict with a key that no reader takes.
    #[error("field '{field}': {reason}")]
    Key {
        /// The field.
        field: String,
        /// What is wrong with the key.
        reason: String,
    },
    /// msgpack refused a value.
    #[error("the message cannot be encoded: {0}")]
    MessagePack(String),
}

/// A received message that is not one of ours, or lies.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No frame at all.
    #[error("the message has no frames")]
    Empty,
    /// More bytes than the limits allow.
    #[error("{what} has {actual} bytes, more than the limit of {max}")]
    TooLarge {
        /// Which part.
        what: &'static str,
        /// Its size in bytes.
        actual: usize,
        /// The limit.
        max: usize,
    },
    /// Another version of the format.
    #[error(
        "the message is of wire format {0}, this reader knows {known}: use the same blendtorch on \
         both sides", known = crate::FORMAT_VERSION
    )]
    Version(u64),
    /// Frame 0 is not a blendtorch header.
    #[error("frame 0 is no blendtorch header: {0}")]
    Header(String),
    /// A field's value is none of the wire format.
    #[error("field '{field}': {reason}")]
    Value {
        /// The field.
        field: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A payload frame contradicts the header.
    #[error("tensor in frame {frame}: {source}")]
    Tensor {
        /// The frame's index.
        frame: usize,
        /// What is wrong.
        source: TensorError,
    },
    /// A payload frame that no tensor claims.
    #[error("frame {0} belongs to no tensor")]
    UnclaimedFrame(usize),
}
