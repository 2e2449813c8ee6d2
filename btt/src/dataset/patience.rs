//! When silence becomes an error.
//!
//! Owns the clock of a wait and the rule. It starts when an item is asked for: what the consumer does
//! with the last one is no silence.

use blendtorch_transport::PeerStatus;
use std::time::{Duration, Instant};

/// The limit is so many times the longest wait seen lately.
const TIMES: u32 = 4;
/// What waits that were long can raise it to at most.
const MOST: Duration = Duration::from_secs(3600);
/// After so many items of each publisher, half of a long wait is forgotten.
const HALF_LIFE: f64 = 8.0;

/// How long nothing came, and what the limit was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted {
    pub(crate) waited: Duration,
    /// The longest wait seen lately, where that had raised the limit.
    pub(crate) longest: Option<Duration>,
}

/// What is known of the instance behind an address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Expectation {
    /// It runs.
    pub(super) runs: bool,
    /// Its launcher tells that it is at something that takes its time.
    pub(super) busy: bool,
}

/// Silence lasts the longer of `timeout` and four times the longest wait for an item seen lately. Who
/// has sent nothing yet gets `first_item`: a publisher that is connected, and an instance that is
/// known to run and has not made its publisher. Who is known to be busy is waited for.
#[derive(Debug)]
pub(crate) struct Patience {
    timeout: Duration,
    first_item: Duration,
    /// Since when an item is waited for, while one is.
    asked: Option<Instant>,
    /// Since when nothing came, or the caller was told so.
    silent: Instant,
    /// The longest wait, by and by forgotten.
    longest: Duration,
    /// What is left of it after an item.
    keeps: f64,
}

impl Patience {
    pub(crate) fn new(timeout: Duration, first_item: Duration, publishers: usize) -> Self {
        Self {
            timeout,
            first_item: first_item.max(timeout),
            asked: None,
            silent: Instant::now(),
            longest: Duration::ZERO,
            keeps: keeps(publishers),
        }
    }

    /// Items are expected of so many publishers from now on.
    pub(super) fn expects_of(&mut self, publishers: usize) {
        self.keeps = keeps(publishers);
    }

    /// An item is asked for, now; again, if it is waited for already.
    pub(crate) fn asks(&mut self, now: Instant) {
        if self.asked.is_none() {
            (self.asked, self.silent) = (Some(now), now);
        }
    }

    /// An item came, now.
    pub(crate) fn item_came(&mut self, now: Instant) {
        if let Some(asked) = self.asked.take() {
            self.saw(now.saturating_duration_since(asked));
        }
    }

    /// Something else came, or the caller was told of the silence and waits anew.
    pub(crate) fn starts_anew(&mut self) {
        self.silent = Instant::now();
    }

    fn saw(&mut self, wait: Duration) {
        self.longest = wait.max(self.longest.mul_f64(self.keeps));
    }

    fn limit(&self) -> Duration {
        self.timeout
            .max(self.longest.saturating_mul(TIMES).min(MOST))
    }

    /// How long a wait may last before silence is looked at again.
    pub(crate) fn slice(&self) -> Duration {
        (self.timeout / 4).clamp(Duration::from_millis(1), Duration::from_millis(100))
    }

    /// Whether it may be over: who is silent need not be asked before.
    pub(crate) fn is_tried(&self) -> bool {
        self.asked.is_some() && self.silent.elapsed() >= self.limit()
    }

    /// How long a first item may take.
    pub(super) fn first_item(&self) -> Duration {
        self.first_item
    }

    /// How long nothing came, if that is too long; with what is `expected` of each peer, as far as that
    /// is known.
    pub(super) fn exhausted(
        &self,
        peers: &[PeerStatus],
        expected: &[Expectation],
    ) -> Option<Exhausted> {
        let asked = self.asked?;
        let waited = self.silent.elapsed();
        let first_item_pending = peers.iter().enumerate().any(|(index, peer)| {
            let Expectation { runs, .. } = expected.get(index).copied().unwrap_or_default();
            // From its connection on; before that, from the question on.
            let since = match peer.path {
                Some(_) => peer.since.max(asked),
                None => asked,
            };
            let there = !peer.ended && (peer.path.is_some() || runs);
            there && peer.messages == 0 && since.elapsed() < self.first_item
        });
        let longest = (self.limit() > self.timeout).then_some(self.longest);
        let busy = expected.iter().any(|one| one.busy);
        (waited >= self.limit() && !first_item_pending && !busy)
            .then_some(Exhausted { waited, longest })
    }
}

/// What is left of the longest wait after an item of one among so many publishers.
fn keeps(publishers: usize) -> f64 {
    #[allow(clippy::cast_precision_loss, reason = "a number of addresses")]
    let items = HALF_LIFE * publishers.max(1) as f64;
    0.5_f64.powf(1.0 / items)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DatasetOptions;
    use blendtorch_transport::Path;

    fn ago(seconds: u64) -> Instant {
        Instant::now()
            .checked_sub(Duration::from_secs(seconds))
            .expect("the machine runs for minutes")
    }

    /// A publisher connected, or away, for so many seconds, that has sent nothing.
    fn silent(connected: bool, seconds: u64) -> PeerStatus {
        PeerStatus {
            address: "tcp://127.0.0.1:1".parse().unwrap(),
            path: connected.then_some(Path::Inline),
            since: ago(seconds),
            connections: 1,
            messages: 0,
            last_message: None,
            ended: false,
        }
    }

    fn default() -> Patience {
        let options = DatasetOptions::default();
        Patience::new(options.timeout, options.first_item_timeout, 1)
    }

    /// Asked for an item so many seconds ago.
    fn waiting(seconds: u64) -> Patience {
        Patience {
            asked: Some(ago(seconds)),
            silent: ago(seconds),
            ..default()
        }
    }

    #[test]
    fn who_is_connected_is_waited_for_also_where_nothing_else_is_known() {
        assert_eq!(waiting(100).exhausted(&[silent(true, 100)], &[]), None);
    }

    fn is_exhausted(patience: &Patience, peer: PeerStatus, runs: bool) -> bool {
        let expected = Expectation { runs, busy: false };
        patience.exhausted(&[peer], &[expected]).is_some()
    }

    #[test]
    fn who_is_known_to_be_busy_is_waited_for() {
        let peers = [silent(false, 1000)];
        let busy = |busy| [Expectation { runs: true, busy }];
        assert_eq!(waiting(1000).exhausted(&peers, &busy(true)), None);
        assert!(waiting(1000).exhausted(&peers, &busy(false)).is_some());
    }

    #[test]
    fn conformance_12_a_connected_publisher_gets_120_s_for_its_first_item() {
        let patience = waiting(200);
        // With room for a slow machine between the two looks at the clock.
        assert!(!is_exhausted(&patience, silent(true, 100), false));
        assert!(is_exhausted(&patience, silent(true, 121), false));
        assert!(is_exhausted(&waiting(11), silent(false, 11), false));
        let after_items = PeerStatus {
            messages: 1,
            ..silent(true, 11)
        };
        assert!(is_exhausted(&patience, after_items, true));
    }

    #[test]
    fn an_instance_that_runs_and_has_no_publisher_yet_gets_120_s_too() {
        assert!(!is_exhausted(&waiting(100), silent(false, 100), true));
        assert!(is_exhausted(&waiting(121), silent(false, 121), true));
        let ended = PeerStatus {
            ended: true,
            ..silent(false, 100)
        };
        assert!(is_exhausted(&waiting(100), ended, true));
    }

    #[test]
    fn items_that_came_every_60_s_are_not_late_after_10() {
        let mut patience = waiting(100);
        patience.saw(Duration::from_secs(60));
        assert!(!patience.is_tried());
        assert_eq!(patience.limit(), Duration::from_secs(240));
        // Faster ones, by and by, take that back: eight make it half of it.
        for _ in 0..8 {
            patience.saw(Duration::from_millis(10));
        }
        let limit = patience.limit().as_secs_f64();
        assert!((119.0..121.0).contains(&limit), "{limit}");
        for _ in 0..100 {
            patience.saw(Duration::from_millis(10));
        }
        assert_eq!(patience.limit(), Duration::from_secs(10));
        assert!(patience.is_tried());
    }

    #[test]
    fn the_pause_between_bursts_of_many_publishers_is_not_forgotten() {
        let mut patience = Patience::new(Duration::from_secs(10), Duration::ZERO, 64);
        patience.saw(Duration::from_secs(60));
        (0..64).for_each(|_| patience.saw(Duration::ZERO));
        assert!(patience.limit() > Duration::from_secs(200));
    }

    #[test]
    fn one_wait_of_hours_does_not_raise_the_limit_to_days() {
        let mut patience = waiting(0);
        patience.saw(Duration::from_secs(10 * 3600));
        assert_eq!(patience.limit(), MOST);
    }

    #[test]
    fn what_the_consumer_does_with_an_item_is_no_silence() {
        let mut patience = waiting(5);
        patience.item_came(Instant::now());
        assert!((5..6).contains(&patience.longest.as_secs()));
        patience.silent = ago(1000); // the consumer trains
        assert!(!patience.is_tried());
        assert_eq!(patience.exhausted(&[silent(false, 1000)], &[]), None);
        patience.asks(Instant::now());
        patience.item_came(Instant::now());
        assert!(patience.longest < Duration::from_secs(6));
    }

    #[test]
    fn who_was_told_waits_anew_and_the_whole_wait_counts() {
        let mut patience = waiting(11);
        assert!(patience.is_tried());
        patience.starts_anew();
        patience.asks(Instant::now());
        assert!(!patience.is_tried());
        patience.item_came(Instant::now());
        assert!((11..12).contains(&patience.longest.as_secs()));
    }

    #[test]
    fn for_ever_is_for_ever() {
        let mut patience = Patience::new(Duration::MAX, Duration::ZERO, 1);
        patience.asks(Instant::now());
        patience.saw(MOST);
        patience.silent = ago(100);
        assert!(!patience.is_tried() && patience.slice() <= Duration::from_millis(100));
    }
}
