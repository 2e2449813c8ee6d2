//! Fleets whose instances run on other machines: one program a machine, `blendtorch host`, runs its
//! share of them, and the head knows of each what it would know of its own.
//!
//! Owns what the two say to each other and both ends of it. Where hosts come from is
//! [`placement`](crate::placement)'s. It must never touch a process of an instance: those are the
//! host's own fleet's.

mod head;
mod host;
mod join;
mod record;
mod share;
#[cfg(feature = "simulated")]
pub mod simulated;
mod state;
#[cfg(test)]
mod tests;
mod words;

pub(crate) use head::{Far, Gathering, gather};
pub use host::{HostEnd, HostOptions, serve_host};
pub use join::{HEAD, HEAD_KEY, Join, JoinError};
pub use record::{JobError, JobRecord, ask_job};
pub(crate) use state::State;
