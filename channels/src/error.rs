//! Typed errors of the channels.

use crate::env::Failure;
use blendtorch_transport::{Address, AddressError};
use blendtorch_wire::{DecodeError, EncodeError};
use std::time::Duration;
use thiserror::Error;

/// What can go wrong on a channel.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The fields cannot be sent; nothing was.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// The peer sent something that is no message of ours. The channel goes on.
    #[error("{address}{} sent a message that is not blendtorch's: {source}", instance(*btid))]
    Malformed {
        /// Who sent it.
        address: Address,
        /// The instance that it says it is from, if so much of it can be read.
        btid: Option<i64>,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// The peer sent a message of ours that says something else than was expected.
    #[error("{address}: {reason}")]
    Unexpected {
        /// Who sent it.
        address: Address,
        /// What was expected.
        reason: String,
    },
    /// Nobody was there, or nobody took what was sent.
    #[error(
        "{address} took nothing for {:.1} s: see that the other side runs and that the address is \
         its own, or wait longer with a larger time-out", waited.as_secs_f64()
    )]
    NotTaken {
        /// The address.
        address: Address,
        /// How long was waited.
        waited: Duration,
    },
    /// The environment took a command and did not answer.
    #[error(
        "{address} did not answer `{command}` for {:.1} s: it is still at it, or hangs; wait longer \
         with a larger time-out", waited.as_secs_f64()
    )]
    NoAnswer {
        /// The address.
        address: Address,
        /// What was asked.
        command: &'static str,
        /// How long was waited.
        waited: Duration,
    },
    /// The environment answered that it failed.
    #[error("the environment at {address} failed: {failure}")]
    Failed {
        /// The address.
        address: Address,
        /// Its words.
        failure: Failure,
    },
    /// The socket failed, or the peer has gone.
    #[error(transparent)]
    Transport(#[from] blendtorch_transport::Error),
    /// The random number that names this side could not be had.
    #[error("no random number from the system: {0}")]
    Random(String),
}

impl Error {
    /// Whether time ran out, and trying again or waiting longer may help.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        matches!(self, Self::NotTaken { .. } | Self::NoAnswer { .. })
    }
}

/// Names the instance, behind its address.
fn instance(btid: Option<i64>) -> String {
    btid.map_or_else(String::new, |btid| format!(" (instance {btid})"))
}
