//! How much of the processors has been used: by a process, and by nobody.
//!
//! Owns the reading of `/proc`. It must never judge whether that is much.

use std::fs;
use std::time::Duration;

/// What a process has used, with those of its children that it has waited for left out; nothing where
/// it is gone.
pub(crate) fn of_process(pid: u32) -> Option<Duration> {
    process_ticks(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?).map(duration)
}

/// What nobody has used of all the machine's processors since it started.
pub(crate) fn idle() -> Option<Duration> {
    idle_ticks(&fs::read_to_string("/proc/stat").ok()?).map(duration)
}

fn duration(ticks: u64) -> Duration {
    let each = rustix::param::clock_ticks_per_second().max(1);
    #[allow(clippy::cast_precision_loss, reason = "hundredths of seconds")]
    Duration::from_secs_f64(ticks as f64 / each as f64)
}

/// Of the user and of the system, as proc(5) has them: fields 14 and 15, behind the name in brackets.
fn process_ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    next()?.checked_add(next()?)
}

/// Idle, and idle while a disk was waited for: the fourth and fifth number of the first line.
fn idle_ticks(stat: &str) -> Option<u64> {
    let line = stat.lines().next()?.strip_prefix("cpu ")?;
    let mut numbers = line.split_whitespace().skip(3);
    let mut next = || numbers.next()?.parse::<u64>().ok();
    next()?.checked_add(next()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_words_are_read() {
        let stat = "7 (a) b) R 1 7 7 0 -1 4194304 100 0 0 0 250 30 9 9 20 0 1 0 5 6";
        assert_eq!(process_ticks(stat), Some(280));
        assert_eq!(process_ticks("7 (a) R 1"), None);
        let machine = "cpu  10 1 5 900 40 0 2 0 0 0\ncpu0 1 2 3 4 5\n";
        assert_eq!(idle_ticks(machine), Some(940));
        assert_eq!(idle_ticks("cpu0 1 2 3 4 5"), None);
    }

    #[test]
    fn a_process_that_works_uses_some_and_one_that_is_not_there_none() {
        let own = || of_process(std::process::id()).unwrap();
        let before = own();
        let mut sum = 0_u64;
        while own() == before {
            sum = (0..1_000_000_u64).fold(sum, |sum, n| std::hint::black_box(sum ^ n));
        }
        assert!(own() > before);
        assert_eq!(of_process(u32::MAX), None);
        assert!(idle().is_some());
    }
}
