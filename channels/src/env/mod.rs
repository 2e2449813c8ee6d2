//! Environments that are stepped from elsewhere: a command, one answer.

mod client;
mod protocol;
mod server;
mod vector;

pub use client::{EnvOptions, RemoteEnv};
pub use protocol::{Answer, Command, Failure, Request, Reset, Step};
pub use server::EnvServer;
pub use vector::VectorEnv;
