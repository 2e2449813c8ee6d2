//! The sending side: bound to its public address, and to shared memory beside it.

use crate::closing::{self, Closed, Linger};
use crate::in_flight::InFlight;
use crate::outlets::Outlets;
use crate::pool::FramePool;
use crate::process::OwnProcess;
use crate::{Address, Error, FrameCounts, FrameMut, Outgoing};
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How a [`Sender`] queues.
#[derive(Clone, Debug)]
pub struct SenderOptions {
    /// Messages queued for each connected consumer before a send blocks; 10, at least 1. What sits
    /// in kernel buffers comes on top.
    pub high_water_mark: u32,
    /// Bytes of shared memory for frames made with [`Sender::frame`]; 256 MiB. Fewer than
    /// three frames' worth puts them on the heap, from where each is copied once more; 0 turns
    /// shared memory off: every consumer gets its frames inline.
    pub shm_bytes: usize,
}

impl Default for SenderOptions {
    fn default() -> Self {
        Self {
            high_water_mark: 10,
            shm_bytes: 256 << 20,
        }
    }
}

/// Memory for frames of one [`Sender`], to be written in place; cheap to clone. It outlives the
/// sender, though then nobody sends what is written.
#[derive(Clone, Debug)]
pub struct Frames(Arc<OwnProcess<Arc<FramePool>>>);

impl Frames {
    /// Memory for a frame of `len` bytes, with old contents or zeros: shared with consumers on this
    /// host if it is large and there is room, else on the heap.
    ///
    /// # Errors
    /// [`Error::NoMemory`], [`Error::Forked`].
    pub fn frame_mut(&self, len: usize) -> Result<FrameMut, Error> {
        self.0.get()?.frame_mut(len)
    }
}

/// Sends messages to whoever connects: to each connected consumer in turn, as PUSH does.
#[derive(Debug)]
pub struct Sender {
    address: Address,
    inner: OwnProcess<Inner>,
}

#[derive(Debug)]
struct Inner {
    outlets: Outlets,
    in_flight: InFlight,
    pool: Arc<FramePool>,
    offers_shm: bool,
}

impl Sender {
    /// Binds `address`, and shared memory beside it where only this host can reach it.
    ///
    /// # Errors
    /// [`Error::AddressInUse`] or [`Error::Bind`].
    pub fn bind(address: &Address, options: &SenderOptions) -> Result<Self, Error> {
        let shm = options.shm_bytes > 0;
        let outlets = Outlets::bind(address, shm, options.high_water_mark)?;
        let address = outlets.address().clone();
        let max_bytes = if shm && address.is_local() {
            options.shm_bytes
        } else {
            0
        };
        Ok(Self {
            address,
            inner: OwnProcess::new(Inner {
                outlets,
                in_flight: InFlight::default(),
                offers_shm: max_bytes > 0,
                pool: Arc::new(FramePool::new(max_bytes, options.high_water_mark)),
            }),
        })
    }

    /// The bound address, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// A frame of `len` bytes for a message of this sender. `fill` must write all of it: it is
    /// given memory with old contents. A large frame lies in shared memory, so that writing it is
    /// the only copy on the sending side.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn frame(&self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<Bytes, Error> {
        self.inner.get()?.pool.frame(len, fill)
    }

    /// Where frames of this sender are written in place.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn frames(&self) -> Result<Frames, Error> {
        let pool = self.inner.get()?.pool.clone();
        Ok(Frames(Arc::new(OwnProcess::new(pool))))
    }

    /// Where large frames have been put so far; nothing after a close.
    #[must_use]
    pub fn frame_counts(&self) -> FrameCounts {
        self.inner
            .peek()
            .map_or(FrameCounts::default(), |inner| inner.pool.counts())
    }

    /// Why frames are not in shared memory that should be, said once: the system has none left, or
    /// the frames are too large for [`SenderOptions::shm_bytes`].
    #[must_use]
    pub fn shortage(&self) -> Option<String> {
        let inner = self.inner.get().ok()?;
        inner.offers_shm.then(|| inner.pool.shortage()).flatten()
    }

    /// A message of these frames, whose memory it shares. Sent by this sender, it is counted until
    /// it has gone out: a close tells what has not.
    ///
    /// # Errors
    /// [`Error::Closed`].
    pub fn counted(&self, mut frames: Vec<Bytes>) -> Result<Outgoing, Error> {
        let in_flight = &self.inner.peek()?.in_flight;
        if let Some(first) = frames.first_mut() {
            *first = in_flight.follow(std::mem::take(first));
        }
        Ok(Outgoing::new(frames))
    }

    /// As [`counted`](Self::counted), of frames whose memory is only lent, all but the first: as soon
    /// as a send of it by this sender has returned and this message is dropped, nobody has it any
    /// more. What goes out at once is not copied, if [lending saves that](Self::saves_by_lending).
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`], [`Error::NoMemory`].
    pub fn lent(&self, frames: Vec<Bytes>) -> Result<Outgoing, Error> {
        let message = self.counted(frames)?;
        let inner = self.inner.get()?;
        match self.saves_by_lending() {
            true => Ok(message.lend(inner.pool.clone())),
            false => message.copied(&inner.pool, |_| 0),
        }
    }

    /// Whether [`lent`](Self::lent) saves a copy: over a network. Through shared memory consumers
    /// read frames after a send is over, and a Unix socket may hold so little that a large frame has
    /// to wait in any case.
    #[must_use]
    pub fn saves_by_lending(&self) -> bool {
        let over_tcp = matches!(self.address, Address::Tcp { .. });
        over_tcp && self.inner.peek().is_ok_and(|inner| !inner.offers_shm)
    }

    /// Sends one message, waiting up to `timeout` while all queues are full or nobody is
    /// connected. False when the time ran out: then it was not sent.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn send_timeout(&self, message: &Outgoing, timeout: Duration) -> Result<bool, Error> {
        self.inner.get()?.outlets.send_timeout(message, timeout)
    }

    /// Consumers connected now.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn consumers(&self) -> Result<usize, Error> {
        self.inner.get()?.outlets.consumers()
    }

    /// Gives what is queued up to `linger` to go out, says `end` to each connected consumer until
    /// all have left, then closes. True if all have left, and so have taken everything.
    ///
    /// Without a consumer there is nobody to wait for, and the rest of the queue is dropped.
    pub fn close(&mut self, end: &Outgoing, linger: Duration) -> bool {
        let closed = self.close_until(end, Linger::Most(linger), &mut || None);
        closed.waiting.is_empty()
    }

    /// As [`close`](Self::close), for as long as `linger` says and `until` does not say less: it is
    /// asked many times a second.
    pub fn close_until(
        &mut self,
        end: &Outgoing,
        linger: Linger,
        until: &mut dyn FnMut() -> Option<Instant>,
    ) -> Closed {
        match self.inner.take() {
            Some(Inner {
                outlets, in_flight, ..
            }) => closing::close(outlets, &in_flight, end, linger, until),
            None => Closed::default(),
        }
    }
}
