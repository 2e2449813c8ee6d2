//! The board on which the supervising thread writes how the instances are.
//!
//! Owns the lock over the statuses and the waiting for the end. It must never touch a process.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::output::Stream;
use super::status::{InstanceState, InstanceStatus};

/// How many of the last lines of each of an instance's streams are kept.
pub(super) const TAIL_LINES: usize = 20;

#[derive(Debug, Default)]
struct Written {
    instances: Vec<InstanceStatus>,
    /// Of each instance: stdout, stderr.
    tails: Vec<[VecDeque<String>; 2]>,
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
            stdout_tail: Vec::new(),
        });
        written.tails.push(Default::default());
    }

    pub(super) fn line(&self, index: usize, stream: Stream, line: String) {
        if let Some(tails) = self.lock().tails.get_mut(index) {
            let tail = &mut tails[stream as usize];
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
        let each = written.instances.iter().zip(&written.tails);
        each.map(with_tails).collect()
    }

    /// Whether an instance runs, without its lines; nothing for one that there is not.
    pub(super) fn runs(&self, index: usize) -> Option<bool> {
        self.lock()
            .instances
            .get(index)
            .map(InstanceStatus::is_running)
    }

    pub(super) fn status(&self, index: usize) -> Option<InstanceStatus> {
        let written = self.lock();
        let one = written.instances.get(index).zip(written.tails.get(index));
        one.map(with_tails)
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

fn with_tails((instance, tails): (&InstanceStatus, &[VecDeque<String>; 2])) -> InstanceStatus {
    let tail = |stream: Stream| tails[stream as usize].iter().cloned().collect();
    InstanceStatus {
        stderr_tail: tail(Stream::Stderr),
        stdout_tail: tail(Stream::Stdout),
        ..instance.clone()
    }
}
