//! The producer side of blendtorch: publisher, channels, camera mathematics, pixel conversion, depth
//! and normals, OpenEXR, seeds.
//!
//! Owns what a scene script needs to stream: it never knows Python, bpy or torch.

pub mod args;
pub mod camera;
pub mod exr;
pub mod geometry;
pub mod pixels;
mod publisher;
pub mod seeds;

pub use blendtorch_channels::{
    Command, Duplex as DuplexChannel, DuplexMessage, DuplexOptions, EnvServer,
    Error as ChannelError, Failure, Request, Reset,
};
pub use blendtorch_wire as wire;
pub use blendtorch_wire::{DType, End, Fields, How, Scalar, Tensor, Value};
pub use publisher::{
    Draft, PublishError, Publisher, PublisherOptions, PublisherStats, StatsHandle, TensorError,
    TensorMut,
};
