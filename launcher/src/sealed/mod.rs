//! Connections over tcp whose two ends know each other by a key, and that nobody else can read or write.
//!
//! Owns the key, the handshake and the frames: the Noise protocol with a key that both ends have
//! (`NNpsk0`, 25519, ChaCha20-Poly1305, BLAKE2s), of the crate `snow`. It must never say what a word
//! means, nor show a key: not in an error, not in a log, not on a command line.

mod key;
mod stream;

pub(crate) use key::Key;
pub(crate) use stream::{Reader, Writer, accept, connect};

/// Why two ends do not speak with each other.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealedError {
    /// The network's own.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// It does not have the key, or it is another program.
    #[error("who answers there does not have this job's key")]
    Stranger,
    /// What came has been cut or changed.
    #[error("what came over the connection is not what was sent")]
    Spoilt,
    /// It takes too long.
    #[error("no answer within {0:.0} s")]
    Late(f64),
    /// A word is too long.
    #[error("a word of {0} bytes is longer than any")]
    TooLong(usize),
}
