//! What can go wrong between a sender and a viewer.

use std::path::PathBuf;

use blendtorch_channels::Error as ChannelError;
use thiserror::Error;

/// Why something could not be sent, or was not understood.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LiveError {
    /// The sender's own data cannot be sent. Nothing was.
    #[error("{place}: {problem}")]
    Unfit {
        /// Which part of it.
        place: String,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// What the other side sent is no message of this kind. The channel goes on.
    #[error("{address} sent a message about activity that cannot be read: {problem}")]
    Malformed {
        /// Who sent it.
        address: String,
        /// What is wrong with it.
        problem: String,
    },
    /// There is nobody to send to.
    #[error(
        "no address to send activity to: give addresses as tcp://host:port, or a launch info whose \
         instances have a socket named ACTIVITY"
    )]
    NoAddresses,
    /// The launch info does not say where the viewers are.
    #[error("launch info {}: {problem}", .file.display())]
    LaunchInfo {
        /// The file.
        file: PathBuf,
        /// What is wrong, and the remedy.
        problem: String,
    },
    /// Nothing can be sent after the end.
    #[error("the sender is closed: nothing can be sent after the end")]
    Closed,
    /// A thread could not be started.
    #[error("no thread for a viewer: {0}")]
    Thread(std::io::Error),
    /// The random number that names a session could not be had.
    #[error("no random number from the system: {0}")]
    Random(String),
    /// The channel failed.
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl LiveError {
    /// Data that cannot be sent: which part of it, and what is wrong.
    pub fn unfit(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Unfit {
            place: place.into(),
            problem: problem.into(),
        }
    }
}
