//! Whether a process of this machine runs, also one that is not ours to wait for.
//!
//! Owns the reading of `/proc`. It must never wait for a process, nor signal one.

use std::fs;

/// A process, told from a later one with the same number by when it started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// In the kernel's ticks since it started; `None` where that could not be read.
    pub started: Option<u64>,
}

impl Process {
    /// The one that has this number now.
    #[must_use]
    pub fn of(pid: u32) -> Self {
        let started = stat(pid).map(|(_, started)| started);
        Self { pid, started }
    }

    /// Whether it runs. One that nobody has waited for yet does not.
    #[must_use]
    pub fn runs(&self) -> bool {
        match stat(self.pid) {
            Some((state, started)) => Some(started) == self.started && !is_end(state),
            None => false,
        }
    }
}

/// Whether the process of this number has come to its end, with a code that nothing changes any more,
/// though it may take a while until all its threads are gone and it can be waited for.
pub(crate) fn is_ending(pid: u32) -> bool {
    stat(pid).is_some_and(|(state, _)| is_end(state))
}

/// A zombie, or one that is just about to go.
fn is_end(state: char) -> bool {
    matches!(state, 'Z' | 'X')
}

/// State and start of a process, as proc(5) has them: fields 3 and 22, behind the name in brackets.
fn stat(pid: u32) -> Option<(char, u64)> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    let mut fields = rest.split(' ');
    let state = fields.next()?.chars().next()?;
    let started = fields.nth(18)?.parse().ok()?;
    Some((state, started))
}
