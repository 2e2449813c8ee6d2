//! The end of a sender: what is queued goes out as long as somebody takes it, and each consumer is
//! told that this was all.

use crate::Outgoing;
use crate::in_flight::InFlight;
use crate::outlets::Outlets;
use std::time::{Duration, Instant};

/// How often the set of connected consumers is looked at.
const POLL: Duration = Duration::from_millis(20);
/// How long a consumer to whom all has been written may take to leave. It may be of a make that
/// stays; what was written reaches it after the close as well.
const SETTLED: Duration = Duration::from_secs(1);
/// How long the last bytes may take to be written.
const LAST_WRITE: Duration = Duration::from_secs(1);

/// How long a close may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Linger {
    /// As long as a consumer takes something within each such span of time.
    WhileTaken(Duration),
    /// So long, whether or not something is taken.
    Most(Duration),
}

/// What a close came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Closed {
    /// Messages that were queued and given up. What is on its way to a consumer is none of them, nor
    /// is what went with a consumer that left.
    pub undelivered: u64,
    /// Consumers that had not left; those over a network by their address, the others by ours.
    pub waiting: Vec<String>,
}

/// Says `end` to each connected consumer until all have left or time is up. `until` is asked again
/// and again: a close need not last longer than what it returns.
pub(crate) fn close(
    outlets: Outlets,
    in_flight: &InFlight,
    end: &Outgoing,
    linger: Linger,
    until: &mut dyn FnMut() -> Option<Instant>,
) -> Closed {
    let start = Instant::now();
    let mut watch = Watch::new(&outlets, in_flight, start);
    // PUSH serves its consumers in turn and a consumer that got the end leaves: each gets one.
    while watch.consumers() > 0 {
        // Asked before the clock is: a time that it takes from the clock has come.
        let until = until();
        let now = Instant::now();
        let deadline = match linger {
            Linger::Most(most) => start + most,
            Linger::WhileTaken(patience) => watch.deadline(now, patience),
        };
        let deadline = until.map_or(deadline, |until| deadline.min(until));
        let Some(left) = deadline
            .checked_duration_since(now)
            .filter(|t| !t.is_zero())
        else {
            break;
        };
        match outlets.send_timeout(end, left.min(POLL)) {
            Ok(true) => {
                watch.said += 1;
                outlets.wait_for_change(outlets.generation(), left.min(POLL * 5));
            }
            Ok(false) => {}
            Err(_) => break,
        }
    }
    let waiting = outlets.names();
    let undelivered = match waiting.is_empty() {
        true => 0,
        false => in_flight.count(),
    };
    // What can still be written is, by a linger of its own; what was given up is not.
    let last = match linger {
        _ if undelivered > 0 => Duration::ZERO,
        Linger::Most(most) => most.saturating_sub(start.elapsed()).min(LAST_WRITE),
        Linger::WhileTaken(patience) => patience.min(LAST_WRITE),
    };
    outlets.close(last);
    Closed {
        undelivered,
        waiting,
    }
}

/// What was seen of the consumers while closing.
struct Watch<'a> {
    outlets: &'a Outlets,
    in_flight: &'a InFlight,
    /// The queues and connections at the last look at which they had changed, and when that was.
    seen: (u64, u64),
    changed: Instant,
    /// Ends that were said since then.
    said: usize,
}

impl<'a> Watch<'a> {
    fn new(outlets: &'a Outlets, in_flight: &'a InFlight, now: Instant) -> Self {
        Self {
            outlets,
            in_flight,
            seen: (in_flight.count(), outlets.generation()),
            changed: now,
            said: 0,
        }
    }

    fn consumers(&self) -> usize {
        self.outlets.names().len()
    }

    /// Until when it is waited for a consumer to take something, or to leave.
    fn deadline(&mut self, now: Instant, patience: Duration) -> Instant {
        let seen = (self.in_flight.count(), self.outlets.generation());
        if seen != self.seen {
            (self.seen, self.changed, self.said) = (seen, now, 0);
        }
        // Ends go out in turn, but to a consumer whose queue was full a moment ago not at once.
        let all_told = self.said > 2 * self.consumers();
        match seen.0 == 0 && all_told {
            true => self.changed + patience.min(SETTLED),
            false => self.changed + patience,
        }
    }
}
