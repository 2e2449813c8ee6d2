//! Typed errors of the consumer side.

use crate::loader::CollateError;
use blendtorch_transport::{Address, AddressError, Path, PeerStatus};
use blendtorch_wire::DecodeError;
use std::fmt;
use std::time::Duration;
use thiserror::Error;

/// What can go wrong while consuming a stream.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// No addresses were given.
    #[error(
        "no addresses: give the addresses that the launcher printed, such as tcp://127.0.0.1:11000"
    )]
    NoAddresses,
    /// The text is no address.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// Nothing came for too long.
    #[error("no item for {:.1} s: {}", waited.as_secs_f64(), list(silent))]
    Timeout {
        /// Since the last item, or since the start.
        waited: Duration,
        /// Every address that should have sent something.
        silent: Vec<Silence>,
    },
    /// A peer sent something that is no message of ours. The stream goes on.
    #[error("{address} sent a message that is not blendtorch's: {source}")]
    Malformed {
        /// Who sent it.
        address: Address,
        /// What is wrong with it.
        source: DecodeError,
    },
    /// Items do not fit into one batch.
    #[error(transparent)]
    Collate(#[from] CollateError),
    /// The socket failed.
    #[error(transparent)]
    Transport(#[from] blendtorch_transport::Error),
    /// The loader's thread could not be started, or ended with a panic.
    #[error("the loader's thread: {0}")]
    Thread(String),
}

/// An address that nothing came from.
#[derive(Clone, Debug)]
pub struct Silence {
    /// The address.
    pub address: Address,
    /// Whether it is connected now, and how.
    pub path: Option<Path>,
    /// Since when it has been connected, or has not been.
    pub since: Duration,
    /// Whether it was ever connected.
    pub ever_connected: bool,
    /// Messages that came before the silence.
    pub messages: u64,
}

impl Silence {
    pub(crate) fn of(status: &PeerStatus) -> Self {
        Self {
            address: status.address.clone(),
            path: status.path,
            since: status.since.elapsed(),
            ever_connected: status.connections > 0,
            messages: status.messages,
        }
    }
}

impl fmt::Display for Silence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            address, messages, ..
        } = self;
        let since = self.since.as_secs_f64();
        match (self.path, self.ever_connected) {
            (Some(_), _) => write!(
                f,
                "{address} is connected since {since:.1} s and silent after {messages} items"
            ),
            (None, true) => write!(
                f,
                "{address} is disconnected since {since:.1} s, after {messages} items"
            ),
            (None, false) => write!(f, "{address} never connected: nobody listens there"),
        }
    }
}

fn list(silent: &[Silence]) -> String {
    let lines: Vec<_> = silent.iter().map(ToString::to_string).collect();
    lines.join("; ")
}
