//! When silence becomes an error.

use blendtorch_transport::PeerStatus;
use std::time::{Duration, Instant};

/// Nobody connected, or silence after items, lasts `timeout`; a connected publisher that has sent
/// nothing yet gets `first_item` from its connection on.
#[derive(Debug)]
pub(crate) struct Patience {
    timeout: Duration,
    first_item: Duration,
    last_item: Instant,
}

impl Patience {
    pub(crate) fn new(timeout: Duration, first_item: Duration) -> Self {
        Self {
            timeout,
            first_item: first_item.max(timeout),
            last_item: Instant::now(),
        }
    }

    pub(crate) fn item_came(&mut self) {
        self.last_item = Instant::now();
    }

    /// How long a wait may last before silence is looked at again.
    pub(crate) fn slice(&self) -> Duration {
        (self.timeout / 4).clamp(Duration::from_millis(1), Duration::from_millis(100))
    }

    /// How long nothing came, if that is too long.
    pub(crate) fn exhausted(&self, peers: &[PeerStatus]) -> Option<Duration> {
        let waited = self.last_item.elapsed();
        let first_frame_pending = peers.iter().any(|peer| {
            peer.path.is_some() && peer.messages == 0 && peer.since.elapsed() < self.first_item
        });
        (waited >= self.timeout && !first_frame_pending).then_some(waited)
    }
}
