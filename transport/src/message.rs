//! Messages, as they are sent, and as the library holds them.
//!
//! Owns the way from frames to a message of the library's and back, and what is to become of memory
//! that was only lent; it must never look into a frame.

use crate::Error;
use crate::pool::FramePool;
use bytes::Bytes;
use omq_tokio::Message;
use std::sync::Arc;

/// A message ready to be sent; cheap to keep for another try.
#[derive(Clone, Debug)]
pub struct Outgoing {
    frames: Arc<[Bytes]>,
    bytes: usize,
    /// Where frames are copied to that do not go out at once, of a message that was lent.
    lent: Option<Arc<FramePool>>,
}

impl Outgoing {
    /// A message of these frames, whose memory it shares.
    #[must_use]
    pub fn new(frames: Vec<Bytes>) -> Self {
        Self {
            bytes: frames.iter().map(Bytes::len).sum(),
            frames: frames.into(),
            lent: None,
        }
    }

    /// The same, of which no queue may hold but the first frame, which the sender itself made: what
    /// waits is copied to memory of this pool.
    pub(crate) fn lend(self, pool: Arc<FramePool>) -> Self {
        Self {
            lent: Some(pool),
            ..self
        }
    }

    /// The same message, not lent any more: what it was lent is copied.
    ///
    /// # Errors
    /// [`Error::NoMemory`].
    pub fn keep(self) -> Result<Self, Error> {
        Ok(self.kept(|_| 0)?.unwrap_or(self))
    }

    /// This message where it was lent, not lent any more; nothing where it is not. `gone` says of one
    /// frame after the other how much of its beginning is not copied: nobody will read it.
    pub(crate) fn kept(&self, gone: impl FnMut(&Bytes) -> usize) -> Result<Option<Self>, Error> {
        let pool = self.lent.as_ref();
        pool.map(|pool| self.copied(pool, gone)).transpose()
    }

    /// The same in memory of this pool, but for the first frame.
    pub(crate) fn copied(
        &self,
        pool: &FramePool,
        mut gone: impl FnMut(&Bytes) -> usize,
    ) -> Result<Self, Error> {
        let copy = |(at, frame): (usize, &Bytes)| {
            let gone = gone(frame).min(frame.len());
            match at {
                0 => Ok(frame.clone()),
                _ => pool.frame(frame.len(), |memory| {
                    memory[gone..].copy_from_slice(&frame[gone..]);
                }),
            }
        };
        let frames: Result<_, Error> = self.frames.iter().enumerate().map(copy).collect();
        Ok(Self {
            frames: frames?,
            bytes: self.bytes,
            lent: None,
        })
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
