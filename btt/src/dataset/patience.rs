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

    /// Whether it may be over: who is silent need not be asked before.
    pub(crate) fn is_tried(&self) -> bool {
        self.last_item.elapsed() >= self.timeout
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DatasetOptions;
    use blendtorch_transport::Path;

    /// A publisher connected, or away, for so many seconds, that has sent nothing.
    fn silent(connected: bool, seconds: u64) -> PeerStatus {
        PeerStatus {
            address: "tcp://127.0.0.1:1".parse().unwrap(),
            path: connected.then_some(Path::Inline),
            since: Instant::now()
                .checked_sub(Duration::from_secs(seconds))
                .expect("the machine runs for minutes"),
            connections: 1,
            messages: 0,
            last_message: None,
            ended: false,
        }
    }

    #[test]
    fn conformance_12_a_connected_publisher_gets_120_s_for_its_first_item() {
        let options = DatasetOptions::default();
        let exhausted = |peer: PeerStatus| {
            let mut patience = Patience::new(options.timeout, options.first_item_timeout);
            patience.last_item = Instant::now()
                .checked_sub(Duration::from_secs(200))
                .expect("the machine runs for minutes");
            patience.exhausted(&[peer]).is_some()
        };
        // With room for a slow machine between the two looks at the clock.
        assert!(!exhausted(silent(true, 100)));
        assert!(exhausted(silent(true, 121)));
        assert!(exhausted(silent(false, 11)), "nobody there: the time-out");
        let after_items = PeerStatus {
            messages: 1,
            ..silent(true, 11)
        };
        assert!(exhausted(after_items), "silence after items: the time-out");
    }
}
