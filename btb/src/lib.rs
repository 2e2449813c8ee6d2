//! The producer side of blendtorch: publisher, channels, camera mathematics, pixel conversion, depth
//! and normals, OpenEXR, seeds,
//! and what an instance tells its launcher of itself.
//!
//! Owns what a scene script needs to stream: it never knows Python, bpy or torch.

pub mod args;
pub mod camera;
pub mod exr;
pub mod geometry;
mod instance;
pub mod pixels;
mod publisher;
pub mod seeds;

pub use blendtorch_channels::control;
pub use blendtorch_channels::{
    Command, Duplex as DuplexChannel, DuplexMessage, DuplexOptions, EnvServer,
    Error as ChannelError, Failure, Request, Reset,
};
pub use blendtorch_wire as wire;
pub use blendtorch_wire::{DType, End, Fields, How, Scalar, Tensor, Value};
pub use instance::{Instance, PROTOCOL};
pub use publisher::{
    Draft, PublishError, Publisher, PublisherOptions, PublisherStats, StatsHandle, TensorError,
    TensorMut,
};
