//! Waiting for what comes soon: a look without sleeping first, as long as that pays.

use std::time::{Duration, Instant};

/// How long a message is looked for without sleeping. One from this host mostly comes sooner than a
/// sleeping thread wakes; nobody's processor is busy for longer than this because of it.
const SPIN: Duration = Duration::from_micros(200);
/// After so many looks in vain in a row, so many waits go without one: who answers takes longer.
const IN_VAIN: u32 = 4;
const WITHOUT: u32 = 32;

/// When to look before sleeping.
#[derive(Debug, Default)]
pub(crate) struct Spin {
    in_vain: u32,
    without: u32,
}

impl Spin {
    /// Until when to look, for a wait that begins now.
    fn until(&mut self, now: Instant) -> Instant {
        match self.without.checked_sub(1) {
            Some(left) => {
                self.without = left;
                now
            }
            None => now + SPIN,
        }
    }

    /// Looks with `look` for a moment, at most until `deadline`, leaving the processor to others who
    /// want it.
    pub(crate) fn look<T>(
        &mut self,
        deadline: Instant,
        mut look: impl FnMut() -> Option<T>,
    ) -> Option<T> {
        let until = self.until(Instant::now()).min(deadline);
        loop {
            if let Some(found) = look() {
                self.in_vain = 0;
                return Some(found);
            }
            if Instant::now() >= until {
                break;
            }
            std::thread::yield_now();
        }
        self.in_vain += 1;
        if self.in_vain >= IN_VAIN {
            (self.in_vain, self.without) = (0, WITHOUT);
        }
        None
    }
}
