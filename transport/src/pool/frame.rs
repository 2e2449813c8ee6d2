//! A frame that its owner writes, before it is sent.

use super::Shelved;
use crate::Error;
use crate::process::OwnProcess;
use bytes::Bytes;
use omq_tokio::PayloadBuffer;

/// Where a frame's bytes lie.
#[derive(Debug)]
pub(super) enum Memory {
    /// In a slot of shared memory, its length set.
    Slot(PayloadBuffer),
    Heap(Shelved),
}

impl Memory {
    pub(super) fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Slot(slot) => {
                let len = slot.len();
                &mut slot.writable()[..len]
            }
            Self::Heap(memory) => memory.bytes_mut(),
        }
    }

    pub(super) fn freeze(self) -> Bytes {
        match self {
            Self::Slot(slot) => slot.into_payload().into_bytes(),
            Self::Heap(memory) => memory.freeze(),
        }
    }
}

/// Memory of one frame, made by [`Frames::frame_mut`](crate::Frames::frame_mut), to be written in
/// place. It begins with old contents, or zeros. Dropped, it goes back unused.
#[derive(Debug)]
pub struct FrameMut(OwnProcess<Memory>);

impl FrameMut {
    pub(super) fn new(memory: Memory) -> Self {
        Self(OwnProcess::new(memory))
    }

    /// What is to be sent. In a forked child it is empty: there, writing would reach what the
    /// parent sends.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.0.get_mut().map_or(&mut [], Memory::bytes_mut)
    }

    /// Whether a consumer on this host will read the very memory that is written here.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        matches!(self.0.get(), Ok(Memory::Slot(_)))
    }

    /// The frame, which nobody can write any more.
    ///
    /// # Errors
    /// [`Error::Forked`].
    pub fn freeze(mut self) -> Result<Bytes, Error> {
        self.0.get()?;
        self.0.take().map(Memory::freeze).ok_or(Error::Closed)
    }
}
