//! Times of another machine's monotonic clock, by this one's.

use blendtorch_channels::control::now_ns;

/// What the other machine's monotonic clock is in this one's.
pub(super) struct Clock {
    ahead: i128,
}

impl Clock {
    pub(super) fn of(theirs: u64) -> Self {
        Self {
            ahead: i128::from(now_ns()) - i128::from(theirs),
        }
    }

    pub(super) fn here(&self, theirs: u64) -> u64 {
        u64::try_from(i128::from(theirs) + self.ahead).unwrap_or_default()
    }
}
