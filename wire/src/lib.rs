//! What travels in a blendtorch stream: messages, tensors and their codec.
//!
//! Owns [`Message`], [`Tensor`], [`Value`], the codec and its [`Limits`]; `docs/wire-format.md` is
//! the same in words. It must never open a socket, and knows neither Blender nor torch: the decoder
//! can be read, tested and attacked alone.
//!
//! ```
//! use blendtorch_wire::{Limits, Message, Tensor};
//!
//! let image = Tensor::from_vec(&[2, 2, 3], vec![0u8; 12])?;
//! let message = Message::data(7, 0).with("image", image).with("frameid", 1);
//! let frames = message.encode()?; // frames[1] shares the tensor's memory
//! assert_eq!(Message::decode(&frames, &Limits::default())?, message);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod codec;
mod dtype;
mod end;
mod error;
mod limits;
mod message;
mod tensor;
mod value;

pub use bytes::Bytes;
pub use codec::FORMAT_VERSION;
pub use dtype::{DType, Element};
pub use end::{End, How};
pub use error::{DecodeError, EncodeError, TensorError};
pub use limits::Limits;
pub use message::{Fields, Header, Kind, Message};
pub use tensor::{Tensor, byte_len};
pub use value::{Scalar, Value};
