//! Two-way channels beside the stream: [`Duplex`] messages between one producer and one consumer,
//! and environments ([`EnvServer`], [`RemoteEnv`]) that are stepped from elsewhere.
//!
//! Owns what is said on them and when it is given up; `docs/channels.md` is the same in words. It
//! must never know Blender, Python or torch: `btb` and `btt` each show their end of it.

pub mod control;
mod duplex;
mod env;
mod error;
mod sending;

pub use duplex::{Duplex, DuplexMessage, DuplexOptions};
pub use env::{
    Answer, Command, EnvOptions, EnvServer, Failure, RemoteEnv, Request, Reset, Step, VectorEnv,
};
pub use error::Error;
