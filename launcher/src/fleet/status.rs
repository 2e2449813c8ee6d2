//! How each instance is, and the board on which the supervising thread writes it.
//!
//! Owns the statuses and the waiting for them. It must never touch a process.

use std::collections::VecDeque;
use std::fmt;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::Signal;

/// How many lines of an instance's stderr are kept.
pub(super) const TAIL_LINES: usize = 20;

/// Whether an instance runs, and how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InstanceState {
    /// It runs.
    Running,
    /// It ended by itself with this exit code.
    Exited(i32),
    /// This signal ended it.
    Signaled(i32),
}

impl InstanceState {
    pub(super) fn of(status: ExitStatus) -> Self {
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(code),
            (None, signal) => Self::Signaled(signal.unwrap_or_default()),
        }
    }
}

impl fmt::Display for InstanceState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Running => write!(f, "is running"),
            Self::Exited(code) => write!(f, "ended with exit code {code}"),
            Self::Signaled(number) => {
                let names = [
                    (Signal::ABORT, "SIGABRT: it aborted"),
                    (Signal::SEGV, "SIGSEGV: it crashed"),
                    (Signal::BUS, "SIGBUS: it crashed"),
                    (Signal::ILL, "SIGILL: it crashed"),
                    (Signal::FPE, "SIGFPE: it crashed"),
                    (
                        Signal::KILL,
                        "SIGKILL: somebody killed it, or memory ran out",
                    ),
                    (Signal::TERM, "SIGTERM"),
                    (Signal::INT, "SIGINT"),
                    (Signal::HUP, "SIGHUP"),
                    (Signal::PIPE, "SIGPIPE"),
                ];
                write!(f, "was ended by signal {number}")?;
                match names.iter().find(|(signal, _)| signal.as_raw() == *number) {
                    Some((_, name)) => write!(f, " ({name})"),
                    None => Ok(()),
                }
            }
        }
    }
}

/// How one instance is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceStatus {
    /// Index of the instance, from 0: its `-btid`.
    pub index: usize,
    /// Process id, which is also its process group.
    pub pid: u32,
    /// Whether it runs.
    pub state: InstanceState,
    /// The fleet had asked it to end before it did.
    pub stopped: bool,
    /// The last lines it wrote to stderr, at most 20.
    pub stderr_tail: Vec<String>,
}

impl InstanceStatus {
    /// Whether its process runs.
    pub fn is_running(&self) -> bool {
        self.state == InstanceState::Running
    }

    /// Whether it ended by itself and not with exit code 0.
    pub fn failed(&self) -> bool {
        !self.stopped
            && !matches!(
                self.state,
                InstanceState::Running | InstanceState::Exited(0)
            )
    }

    /// One line: which instance, how it is, and the last thing it said where it failed.
    pub fn summary(&self) -> String {
        let line = format!("instance {} {}", self.index, self.state);
        match self
            .stderr_tail
            .iter()
            .rfind(|said| !said.trim().is_empty())
        {
            Some(said) if self.failed() => format!("{line} ({})", said.trim()),
            _ => line,
        }
    }

    /// Several lines: which instance, how it is, and the tail of its stderr.
    pub fn report(&self) -> String {
        let mut text = format!("instance {} {}", self.index, self.state);
        if self.stderr_tail.is_empty() {
            text += " and wrote nothing to stderr";
        } else {
            text += "; the last lines of its stderr:";
        }
        for line in &self.stderr_tail {
            text += "\n    ";
            text += line;
        }
        text
    }
}

#[derive(Debug, Default)]
struct Written {
    instances: Vec<InstanceStatus>,
    tails: Vec<VecDeque<String>>,
    all_ended: bool,
}

/// Statuses, written by the supervising thread and read by everybody.
#[derive(Debug, Default)]
pub(super) struct Board {
    written: Mutex<Written>,
    ended: Condvar,
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, Written> {
        // Nothing under this lock can leave the statuses half written.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, pid: u32) {
        let mut written = self.lock();
        let index = written.instances.len();
        let state = InstanceState::Running;
        written.instances.push(InstanceStatus {
            index,
            pid,
            state,
            stopped: false,
            stderr_tail: Vec::new(),
        });
        written.tails.push(VecDeque::with_capacity(TAIL_LINES));
    }

    pub(super) fn stderr_line(&self, index: usize, line: String) {
        if let Some(tail) = self.lock().tails.get_mut(index) {
            if tail.len() == TAIL_LINES {
                tail.pop_front();
            }
            tail.push_back(line);
        }
    }

    pub(super) fn ended(&self, index: usize, state: InstanceState, stopped: bool) {
        if let Some(instance) = self.lock().instances.get_mut(index) {
            (instance.state, instance.stopped) = (state, stopped);
        }
    }

    pub(super) fn all_ended(&self) {
        self.lock().all_ended = true;
        self.ended.notify_all();
    }

    pub(super) fn statuses(&self) -> Vec<InstanceStatus> {
        let written = self.lock();
        let with_tail = |(instance, tail): (&InstanceStatus, &VecDeque<String>)| {
            let mut instance = instance.clone();
            instance.stderr_tail = tail.iter().cloned().collect();
            instance
        };
        written
            .instances
            .iter()
            .zip(&written.tails)
            .map(with_tail)
            .collect()
    }

    /// Waits until all have ended, at most `limit`; says whether they have.
    pub(super) fn wait(&self, limit: Option<Duration>) -> bool {
        let written = self.lock();
        let go_on = |written: &mut Written| !written.all_ended;
        match limit {
            None => {
                drop(self.ended.wait_while(written, go_on));
                true
            }
            Some(limit) => match self.ended.wait_timeout_while(written, limit, go_on) {
                Ok((written, _)) => written.all_ended,
                Err(poisoned) => poisoned.into_inner().0.all_ended,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_keeps_the_last_lines_and_the_summary_the_last_word() {
        let board = Board::default();
        board.add(7);
        for n in 0..30 {
            board.stderr_line(0, format!("line {n}"));
        }
        board.stderr_line(0, String::new());
        board.ended(0, InstanceState::Exited(3), false);
        let status = &board.statuses()[0];
        assert_eq!(status.stderr_tail.len(), TAIL_LINES);
        assert_eq!(
            status.summary(),
            "instance 0 ended with exit code 3 (line 29)"
        );
        assert!(
            status.failed() && status.report().contains("\n    line 11\n"),
            "{}",
            status.report()
        );
    }

    #[test]
    fn an_end_that_was_asked_for_is_no_failure() {
        let board = Board::default();
        board.add(7);
        board.ended(0, InstanceState::Signaled(15), true);
        let status = &board.statuses()[0];
        assert!(!status.failed());
        assert_eq!(
            status.summary(),
            "instance 0 was ended by signal 15 (SIGTERM)"
        );
        assert!(!board.wait(Some(Duration::ZERO)));
        board.all_ended();
        assert!(board.wait(Some(Duration::ZERO)) && board.wait(None));
    }
}
