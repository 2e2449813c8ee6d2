//! When an address that is left has been left: what its sender had sent and is here is taken before.
//!
//! Owns the rule. A sender that goes on sending must not keep the receiver.

use std::time::{Duration, Instant};

/// A queue that was empty once has taken in, so much later, all that the system had received by then.
const SETTLED: Duration = Duration::from_millis(200);
/// More than the system holds of a connection: what comes behind as much was sent later.
const MOST_BYTES: usize = 32 << 20;

/// What was taken of an address since it is being left.
#[derive(Debug)]
pub(crate) struct Leaving {
    /// Messages that the queue holds.
    queued: usize,
    messages: usize,
    bytes: usize,
    /// Since when its queue is known to have been empty.
    empty: Option<Instant>,
}

impl Leaving {
    pub(crate) fn new(high_water_mark: u32) -> Self {
        Self {
            queued: high_water_mark as usize,
            messages: 0,
            bytes: 0,
            empty: None,
        }
    }

    /// Whether it is over, now that a message of so many `bytes` was taken, or that there was none.
    pub(crate) fn is_over(&mut self, bytes: Option<usize>, connected: bool) -> bool {
        let Some(bytes) = bytes else {
            let empty = *self.empty.get_or_insert_with(Instant::now);
            return !connected || empty.elapsed() >= SETTLED;
        };
        self.messages += 1;
        self.bytes = self.bytes.saturating_add(bytes);
        let all_but_new = self.messages > self.queued && self.bytes > MOST_BYTES;
        all_but_new || self.empty.is_some_and(|empty| empty.elapsed() >= SETTLED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ago(time: Duration) -> Option<Instant> {
        Instant::now().checked_sub(time)
    }

    #[test]
    fn it_is_over_when_nothing_is_left_of_a_connection_that_is_gone() {
        let mut leaving = Leaving::new(10);
        assert!(!leaving.is_over(Some(100), false));
        assert!(leaving.is_over(None, false));
    }

    #[test]
    fn a_sender_that_is_there_is_left_a_moment_after_its_queue_was_empty() {
        let mut leaving = Leaving::new(10);
        assert!(!leaving.is_over(None, true));
        assert!(!leaving.is_over(Some(100), true));
        leaving.empty = ago(SETTLED);
        assert!(leaving.is_over(Some(100), true));
        leaving.empty = ago(SETTLED);
        assert!(leaving.is_over(None, true));
    }

    #[test]
    fn a_sender_that_never_pauses_is_left_behind_what_was_on_its_way() {
        let mut leaving = Leaving::new(10);
        let taken = (0..1000).take_while(|_| !leaving.is_over(Some(1 << 20), true));
        assert_eq!(taken.count(), 32);
        let mut leaving = Leaving::new(100);
        let taken = (0..1000).take_while(|_| !leaving.is_over(Some(1 << 20), true));
        assert_eq!(taken.count(), 100);
    }
}
