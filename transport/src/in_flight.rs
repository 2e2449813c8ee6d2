//! Counts the messages that queues hold, the library's and ours: accepted, and neither written to a
//! connection nor dropped with one.
//!
//! The library tells nobody how long its queues are. A message is dropped when it is written, so the
//! first frame of each carries a ticket that is given back with it.

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Frames that are not longer are copied into the message: their ticket would be back at once.
const COPIED_BYTES: usize = 55;

/// How many messages are out.
#[derive(Clone, Debug, Default)]
pub(crate) struct InFlight(Arc<AtomicU64>);

#[derive(Debug)]
struct Ticketed {
    frame: Bytes,
    out: Arc<AtomicU64>,
}

impl InFlight {
    pub(crate) fn count(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    /// The same bytes, which count until all that share them are gone.
    pub(crate) fn follow(&self, frame: Bytes) -> Bytes {
        if frame.len() <= COPIED_BYTES {
            return frame;
        }
        self.0.fetch_add(1, Ordering::AcqRel);
        let out = self.0.clone();
        Bytes::from_owner(Ticketed { frame, out })
    }
}

impl AsRef<[u8]> for Ticketed {
    fn as_ref(&self) -> &[u8] {
        &self.frame
    }
}

impl Drop for Ticketed {
    fn drop(&mut self) {
        self.out.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_counts_until_its_last_sharer_is_gone() {
        let in_flight = InFlight::default();
        let frame = in_flight.follow(Bytes::from(vec![7; 100]));
        let part = frame.slice(90..);
        assert_eq!((in_flight.count(), &frame[..]), (1, &[7; 100][..]));
        drop(frame);
        assert_eq!((in_flight.count(), &part[..]), (1, &[7; 10][..]));
        drop(part);
        assert_eq!(in_flight.count(), 0);
    }
}
