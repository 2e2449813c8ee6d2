//! Whether other threads help: where intervals are short, waking them takes longer than the work.
//!
//! Owns the measuring: now and then some intervals are run alone and some with all threads, and what was
//! faster on the clock stays for a while. It changes no result.

use std::time::{Duration, Instant};

/// A piece that is measured lasts so long, and so many intervals, at least.
const PIECE: Duration = Duration::from_millis(2);
const INTERVALS: u32 = 8;
/// What was found faster stays for so many pieces, and ever longer while that does not change.
const FIRST_STAY: u32 = 8;
const LONGEST_STAY: u32 = 256;

/// What is done now.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    /// Measured with all threads.
    Together,
    /// Measured alone; a step took so many seconds with all threads.
    Alone(f64),
    /// So many pieces are left of what was found faster.
    Stay(u32),
}

/// Who works on the intervals.
#[derive(Debug)]
pub(crate) struct Pace {
    phase: Phase,
    helped: bool,
    stay: u32,
    began: Instant,
    intervals: u32,
    steps: u64,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            phase: Phase::Together,
            helped: true,
            stay: FIRST_STAY,
            began: Instant::now(),
            intervals: 0,
            steps: 0,
        }
    }

    /// A run goes on after a pause, which is not to be measured.
    pub(crate) fn resume(&mut self) {
        self.begin();
    }

    /// Whether others help with the next interval, of so many steps.
    pub(crate) fn next(&mut self, steps: u64) -> bool {
        let took = self.began.elapsed();
        if took >= PIECE && self.intervals >= INTERVALS {
            let second = took.as_secs_f64() / (self.steps.max(1)) as f64;
            self.turn(second);
            self.begin();
        }
        self.intervals += 1;
        self.steps += steps;
        self.helped
    }

    fn begin(&mut self) {
        self.began = Instant::now();
        (self.intervals, self.steps) = (0, 0);
    }

    /// A piece has ended, a step of which took so long.
    fn turn(&mut self, seconds: f64) {
        (self.phase, self.helped) = match self.phase {
            Phase::Together => (Phase::Alone(seconds), false),
            Phase::Alone(together) => {
                let better = together <= seconds;
                (Phase::Stay(self.stay), better)
            }
            Phase::Stay(0) => {
                self.stay = (self.stay * 2).min(LONGEST_STAY);
                (Phase::Together, true)
            }
            Phase::Stay(left) => (Phase::Stay(left - 1), self.helped),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_faster_stays() {
        for (together, alone, helped) in [(1.0, 2.0, true), (2.0, 1.0, false)] {
            let mut pace = Pace::new();
            pace.turn(together);
            assert_eq!((pace.phase, pace.helped), (Phase::Alone(together), false));
            pace.turn(alone);
            for _ in 0..=FIRST_STAY {
                assert_eq!(pace.helped, helped);
                pace.turn(9.0);
            }
            // Measured again, and for longer afterwards.
            assert_eq!((pace.phase, pace.helped), (Phase::Together, true));
            assert_eq!(pace.stay, 2 * FIRST_STAY);
        }
    }
}
