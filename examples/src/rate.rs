//! How fast something goes on, now rather than on average.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Counts per second over the last few seconds.
#[derive(Debug)]
pub struct Rate {
    span: Duration,
    counts: VecDeque<(Instant, u64)>,
}

impl Rate {
    /// A rate over the last `span`.
    #[must_use]
    pub fn over(span: Duration) -> Self {
        Self {
            span,
            counts: VecDeque::new(),
        }
    }

    /// Notes the count at a time; the rate since the oldest one within the span, in 1/s.
    pub fn update(&mut self, now: Instant, count: u64) -> f64 {
        let outside = |at: Instant| now.duration_since(at) > self.span;
        while self.counts.len() > 1 && self.counts.front().is_some_and(|&(at, _)| outside(at)) {
            self.counts.pop_front();
        }
        self.counts.push_back((now, count));
        let (since, first) = self.counts[0];
        let seconds = now.duration_since(since).as_secs_f64();
        let counted = u32::try_from(count.saturating_sub(first)).unwrap_or(u32::MAX);
        if seconds > 0.0 {
            f64::from(counted) / seconds
        } else {
            0.0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_long_ago_does_not_count() {
        let (mut rate, start) = (Rate::over(Duration::from_secs(2)), Instant::now());
        let at = |second| start + Duration::from_secs(second);
        assert!(rate.update(at(0), 0).abs() < 1e-9);
        assert!((rate.update(at(1), 100) - 100.0).abs() < 1e-9);
        assert!((rate.update(at(2), 110) - 55.0).abs() < 1e-9);
        assert!((rate.update(at(4), 130) - 10.0).abs() < 1e-9);
    }
}
