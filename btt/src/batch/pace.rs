//! Whether a second thread pays: found by trying, since it depends on what else the machine does.
//!
//! On idle cores two threads copy twice as fast as one. Where every core is busy, each group of items
//! ends with a wait for the other thread's turn: then a loader with two is half as fast.

use std::time::Duration;

/// Of each new measurement so much enters what is remembered, and of a trial after a long time.
const SHARE_OF_NEW: f64 = 0.125;
const SHARE_OF_TRIAL: f64 = 0.5;
/// The way that seemed slower is tried again after so many groups.
const TRY_AGAIN: u32 = 32;

/// The time that groups of items took, alone and with other threads.
#[derive(Debug, Default)]
pub(super) struct Pace {
    alone: Mean,
    together: Mean,
    /// Groups since the slower way was tried.
    since_trial: u32,
}

/// Seconds for a byte.
#[derive(Debug, Default)]
enum Mean {
    #[default]
    Unknown,
    /// The first measurement tells of fresh memory and threads that wake for the first time.
    Warm,
    Known(f64),
}

impl Mean {
    fn note(&mut self, new: f64, share: f64) {
        *self = match *self {
            Self::Unknown => Self::Warm,
            Self::Warm => Self::Known(new),
            Self::Known(old) => Self::Known(old + (new - old) * share),
        };
    }
}

impl Pace {
    /// Whether the next group is worth other threads.
    pub(super) fn together(&mut self) -> bool {
        let (alone, together) = match (&self.alone, &self.together) {
            (Mean::Known(alone), Mean::Known(together)) => (alone, together),
            (Mean::Known(_), _) => return true,
            _ => return false,
        };
        let better = together < alone;
        self.since_trial += 1;
        if self.since_trial < TRY_AGAIN {
            return better;
        }
        self.since_trial = 0;
        !better
    }

    /// A group took so long.
    pub(super) fn note(&mut self, together: bool, bytes: usize, time: Duration) {
        let share = match self.since_trial {
            0 => SHARE_OF_TRIAL,
            _ => SHARE_OF_NEW,
        };
        let mean = match together {
            true => &mut self.together,
            false => &mut self.alone,
        };
        mean.note(time.as_secs_f64() / bytes.max(1) as f64, share);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of so many groups were done together, at so many microseconds each.
    fn groups(pace: &mut Pace, count: usize, alone: u64, together: u64) -> usize {
        let chosen = (0..count).filter(|_| {
            let both = pace.together();
            let time = if both { together } else { alone };
            pace.note(both, 1 << 20, Duration::from_micros(time));
            both
        });
        chosen.count()
    }

    #[test]
    fn the_faster_way_is_taken_and_the_other_tried_now_and_then() {
        let mut pace = Pace::default();
        assert_eq!(groups(&mut pace, 644, 100, 50), 644 - 2 - 20);
        let mut pace = Pace::default();
        assert_eq!(groups(&mut pace, 644, 100, 200), 2 + 20);
    }

    #[test]
    fn what_changes_is_noticed() {
        let mut pace = Pace::default();
        groups(&mut pace, 1000, 100, 50);
        groups(&mut pace, 100, 100, 300); // another program takes the other core
        assert!(groups(&mut pace, 320, 100, 300) <= 11);
        groups(&mut pace, 200, 100, 50);
        assert!(groups(&mut pace, 320, 100, 50) >= 309);
    }

    #[test]
    fn a_slow_beginning_is_forgotten() {
        for (alone, together) in [(100, 50), (100, 150)] {
            let mut pace = Pace::default();
            groups(&mut pace, 1, 500, 500); // alone
            groups(&mut pace, 1, alone, together);
            groups(&mut pace, 1, 500, 500); // together
            let chosen = groups(&mut pace, 320, alone, together);
            assert!(if together < alone {
                chosen >= 309
            } else {
                chosen <= 12
            });
        }
    }
}
