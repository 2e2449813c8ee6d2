//! Typed errors of the transport.

use crate::Address;
use thiserror::Error;

/// What can go wrong on a socket.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process, or another publisher of this one, has the address.
    #[error("{0} is in use: choose another port, or end the process that has it")]
    AddressInUse(Address),
    /// The address cannot be bound on this machine.
    #[error("cannot bind {address}: {reason}")]
    Bind {
        /// The address.
        address: Address,
        /// The system's words.
        reason: String,
    },
    /// The address cannot be connected to, now or later.
    #[error("cannot connect to {address}: {reason}")]
    Connect {
        /// The address.
        address: Address,
        /// The library's words.
        reason: String,
    },
    /// Who was asked has gone before it answered.
    #[error("{0} has gone before it answered: see whether its process runs")]
    PeerLost(Address),
    /// The socket was closed.
    #[error("the socket is closed")]
    Closed,
    /// The handle was inherited by a forked child, in which its socket does not live.
    #[error(
        "this socket was opened before a fork and cannot be used in the child: open it in the \
         process that uses it"
    )]
    Forked,
    /// The system has no memory for a frame of so many bytes.
    #[error("there is no memory for a frame of {0} bytes")]
    NoMemory(usize),
    /// The ZeroMQ library's own words on anything else.
    #[error("transport: {0}")]
    Other(String),
}
