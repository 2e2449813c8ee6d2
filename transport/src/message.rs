//! Messages as the library holds them.
//!
//! Owns the way from frames to a message and back; it must never look into a frame.

use bytes::Bytes;
use omq_tokio::Message;

/// A message ready to be sent; cheap to keep for another try.
#[derive(Clone, Debug)]
pub struct Outgoing(pub(crate) Message);

impl Outgoing {
    /// A message of these frames, whose memory it shares.
    #[must_use]
    pub fn new(frames: Vec<Bytes>) -> Self {
        Self(Message::multipart(frames))
    }

    /// The frames again, for a way that is not the library's.
    pub(crate) fn frames(&self) -> Vec<Bytes> {
        frames(self.0.clone())
    }

    /// Bytes of all frames.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        self.0.byte_len()
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
