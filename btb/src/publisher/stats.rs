//! What a publisher counts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// What a publisher has done.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct PublisherStats {
    /// Messages sent.
    pub messages: u64,
    /// Bytes of their frames.
    pub bytes: u64,
    /// Time spent waiting for room in the queues, or for a first consumer.
    pub blocked: Duration,
    /// Tensors of 16 KiB and more that were made in shared memory, where a consumer on this host
    /// reads them.
    pub shared: u64,
    /// Tensors of 16 KiB and more that were put on the heap, from where each is copied once more:
    /// there is no shared memory at this address, or none was free. Lent ones count where they had
    /// to wait; those that went out at once are neither here nor there.
    pub heap: u64,
    /// Time spent waiting for shared memory that consumers had: as with `blocked`, they are slow.
    pub waited: Duration,
    /// Messages that had not gone out when the publisher was closed, and were given up.
    pub undelivered: u64,
}

/// The counters of a [`Publisher`](super::Publisher), while and after it lives.
#[derive(Clone, Debug, Default)]
pub struct StatsHandle(Arc<Mutex<PublisherStats>>);

impl StatsHandle {
    /// The counters now; `blocked` is at most a tenth of a second behind.
    #[must_use]
    pub fn get(&self) -> PublisherStats {
        *self.lock()
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, PublisherStats> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
