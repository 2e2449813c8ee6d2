//! What is written of instances that are on other hosts: by whoever hears of them from there.
//!
//! Owns those entries. An instance that no host has yet, or no longer, waits for one.

use std::collections::VecDeque;

use blendtorch_channels::control::{InstanceReport, now_ns};

use super::{Board, InstanceState, Known, News, Stream, TAIL_LINES};

impl Board {
    /// The next instance, which waits for a host.
    pub(crate) fn add_waiting(&self) {
        let index = self.push(InstanceState::Waiting, 0, 0, None);
        self.with(index, |one| one.status.restarting = true);
    }

    /// The next instance, which is another host's.
    pub(crate) fn add_elsewhere(&self) {
        self.push(InstanceState::Waiting, 0, 0, None);
    }

    /// A life has begun on a host.
    pub(crate) fn begins_at(&self, index: usize, life: u64, pid: u32, host: &str) {
        let begins = |one: &mut Known| {
            one.status.pid = pid;
            one.status.life = life;
            one.status.host = Some(host.to_owned());
            one.status.state = InstanceState::Running;
            (one.status.restarting, one.restarts_at) = (false, None);
            one.status.cause = None;
            one.began_ns = now_ns();
            (one.about, one.line, one.remark, one.told) = (None, None, None, None);
            one.returning = false;
        };
        self.with(index, begins);
        if let Some(tails) = self.lock().tails.get_mut(index) {
            *tails = Default::default();
        }
        self.listeners.tell(index, life, News::Began { pid });
    }

    /// Where the sockets of an instance are.
    pub(crate) fn is_at(&self, index: usize, addresses: Vec<String>) {
        self.with(index, |one| one.addresses = addresses);
    }

    /// It has no host any more, and waits for another one.
    pub(crate) fn waits_for_host(&self, index: usize) {
        self.with(index, |one| {
            one.status.state = InstanceState::Waiting;
            one.status.pid = 0;
            (one.status.restarting, one.restarts_at) = (true, None);
            (one.line, one.about) = (None, None);
            one.addresses.clear();
        });
    }

    /// What its host tells of a life of it.
    pub(crate) fn tells(&self, index: usize, told: InstanceReport) {
        self.with(index, |one| {
            if one.status.life == told.life {
                one.told = Some(Box::new(told));
            }
        });
    }

    /// Its last lines, as its host has them.
    pub(crate) fn set_tails(&self, index: usize, stderr: Vec<String>, stdout: Vec<String>) {
        if let Some(tails) = self.lock().tails.get_mut(index) {
            for (stream, lines) in [(Stream::Stderr, stderr), (Stream::Stdout, stdout)] {
                let last = lines.len().saturating_sub(TAIL_LINES);
                tails[stream as usize] = VecDeque::from_iter(lines.into_iter().skip(last));
            }
        }
    }

    /// All that is known of one.
    pub(crate) fn one(&self, index: usize) -> Option<Known> {
        let written = self.lock();
        let one = written.instances.get(index).zip(written.tails.get(index))?;
        Some(Known {
            status: super::with_tails(one),
            ..one.0.clone()
        })
    }
}
