//! Messages, as they are sent, and as the library holds them.
//!
//! Owns the way from frames to a message of the library's and back; it must never look into a frame.

use bytes::Bytes;
use omq_tokio::Message;
use std::sync::Arc;

/// A message ready to be sent; cheap to keep for another try.
#[derive(Clone, Debug)]
pub struct Outgoing {
    frames: Arc<[Bytes]>,
    bytes: usize,
}

impl Outgoing {
    /// A message of these frames, whose memory it shares.
    #[must_use]
    pub fn new(frames: Vec<Bytes>) -> Self {
        Self {
            bytes: frames.iter().map(Bytes::len).sum(),
            frames: frames.into(),
        }
    }

    /// The frames.
    pub(crate) fn frames(&self) -> &[Bytes] {
        &self.frames
    }

    /// The library's message of the same frames.
    pub(crate) fn message(&self) -> Message {
        Message::multipart(self.frames.iter().cloned())
    }

    /// Bytes of all frames.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.bytes
    }
}

/// The frames of a message.
pub(crate) fn frames(mut message: Message) -> Vec<Bytes> {
    let mut frames = Vec::with_capacity(message.len());
    while let Some(payload) = message.pop_front_payload() {
        frames.push(payload.into_bytes());
    }
    frames
}
