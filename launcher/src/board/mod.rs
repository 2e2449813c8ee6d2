//! The board on which the supervising thread and the head write how the instances are.
//!
//! Owns the lock over what is known of each, and the waiting for the end. It must never touch a
//! process.

mod line;
mod news;
mod remote;
mod status;

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use blendtorch_channels::control::{About, Epitaph, InstanceReport, Page, now_ns};
use serde_json::Value;

pub(crate) use line::{LineToInstance, Outcome, Question, ask_all};
pub(crate) use news::Listeners;
pub use news::{Heard, News};
pub use status::{InstanceState, InstanceStatus};

/// How many of the last lines of each of an instance's streams are kept.
pub(crate) const TAIL_LINES: usize = 20;
/// How many lives that are over are told of each instance.
const LIVES_TOLD: usize = 256;

/// Which of an instance's streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

/// What is known of one instance.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) status: InstanceStatus,
    pub(crate) page: Option<Arc<Page>>,
    /// What its host has told of it last, where it is on another one.
    pub(crate) told: Option<Box<InstanceReport>>,
    /// Of its sockets; empty where it is not known yet.
    pub(crate) addresses: Vec<String>,
    /// When this life began, by the kernel's monotonic clock.
    pub(crate) began_ns: u64,
    /// Whoever ends it means that it stays ended.
    pub(crate) released: bool,
    /// It was asked to end and will be started again, though it ends in order.
    pub(crate) returning: bool,
    /// When it will be started again.
    pub(crate) restarts_at: Option<Instant>,
    pub(crate) lives: VecDeque<Epitaph>,
    /// Messages of the lives that are over.
    pub(crate) messages_before: u64,
    pub(crate) about: Option<About>,
    pub(crate) line: Option<LineToInstance>,
    /// What is to be told of it while it runs: the traceback that left its script, nonsense it said.
    pub(crate) remark: Option<String>,
}

#[derive(Debug, Default)]
struct Written {
    instances: Vec<Known>,
    /// Of each instance: stdout, stderr.
    tails: Vec<[VecDeque<String>; 2]>,
    /// Why the fleet has failed as a whole.
    failure: Option<String>,
    all_ended: bool,
}

/// How the instances are, written by the supervising thread and the head, read by everybody.
#[derive(Debug, Default)]
pub(crate) struct Board {
    written: Mutex<Written>,
    ended: Condvar,
    pub(crate) listeners: Listeners,
}

impl Board {
    fn lock(&self) -> MutexGuard<'_, Written> {
        // Nothing under this lock can leave the statuses half written.
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, index: usize, act: impl FnOnce(&mut Known) -> T) -> Option<T> {
        self.lock().instances.get_mut(index).map(act)
    }

    /// The next instance, whose life of this number has begun here.
    pub(crate) fn add(&self, pid: u32, life: u64, page: Option<Arc<Page>>) {
        let index = self.push(InstanceState::Running, pid, life, page);
        self.listeners.tell(index, life, News::Began { pid });
    }

    fn push(&self, state: InstanceState, pid: u32, life: u64, page: Option<Arc<Page>>) -> usize {
        let mut written = self.lock();
        let index = written.instances.len();
        written.instances.push(Known {
            status: InstanceStatus {
                index,
                pid,
                host: None,
                state,
                stopped: false,
                restarting: false,
                life,
                cause: None,
                given_up: None,
                stderr_tail: Vec::new(),
                stdout_tail: Vec::new(),
            },
            page,
            told: None,
            addresses: Vec::new(),
            began_ns: now_ns(),
            released: false,
            returning: false,
            restarts_at: None,
            lives: VecDeque::new(),
            messages_before: 0,
            about: None,
            line: None,
            remark: None,
        });
        written.tails.push(Default::default());
        index
    }

    pub(crate) fn line(&self, index: usize, stream: Stream, line: String) {
        if let Some(tails) = self.lock().tails.get_mut(index) {
            let tail = &mut tails[stream as usize];
            if tail.len() == TAIL_LINES {
                tail.pop_front();
            }
            tail.push_back(line);
        }
    }

    /// Another life of an instance has begun.
    pub(crate) fn begins(&self, index: usize, pid: u32) {
        let mut written = self.lock();
        if let Some(one) = written.instances.get_mut(index) {
            one.status.pid = pid;
            one.status.life += 1;
            one.status.state = InstanceState::Running;
            (one.status.restarting, one.restarts_at) = (false, None);
            one.status.cause = None;
            one.began_ns = now_ns();
            (one.about, one.line, one.remark) = (None, None, None);
            one.returning = false;
        }
        let life = written.instances.get(index).map(|one| one.status.life);
        // Its last words are its own.
        if let Some(tails) = written.tails.get_mut(index) {
            *tails = Default::default();
        }
        drop(written);
        let began = News::Began { pid };
        self.listeners.tell(index, life.unwrap_or_default(), began);
    }

    /// A life is over.
    pub(crate) fn ended(&self, index: usize, how: Ended) {
        let over = News::Ended {
            how: how.epitaph.end.clone(),
            again: how.restarts_at.is_some(),
            taken: how.taken,
        };
        let life = self.with(index, |one| {
            one.status.state = how.state;
            one.status.stopped = how.stopped;
            one.status.cause = how.cause;
            one.status.given_up = how.given_up;
            one.status.restarting = how.restarts_at.is_some();
            one.restarts_at = how.restarts_at;
            one.messages_before += how.messages;
            one.line = None;
            if one.lives.len() == LIVES_TOLD {
                one.lives.pop_front();
            }
            one.lives.push_back(how.epitaph);
            one.status.life
        });
        self.listeners.tell(index, life.unwrap_or_default(), over);
    }

    /// It is not started again after all: the fleet ends.
    pub(crate) fn stays_ended(&self, index: usize) {
        let over = News::Ended {
            how: "the fleet ends".into(),
            again: false,
            taken: false,
        };
        let life = self.with(index, |one| {
            (one.status.restarting, one.restarts_at) = (false, None);
            one.status.stopped = true;
            one.status.life
        });
        self.listeners.tell(index, life.unwrap_or_default(), over);
    }

    /// It could not be started again.
    pub(crate) fn gave_up(&self, index: usize, why: String) {
        let over = News::Ended {
            how: why.clone(),
            again: false,
            taken: false,
        };
        let life = self.with(index, |one| {
            (one.status.restarting, one.restarts_at) = (false, None);
            one.status.given_up = Some(why);
            one.status.life
        });
        self.listeners.tell(index, life.unwrap_or_default(), over);
    }

    /// It will be started again, although it ends in order.
    pub(crate) fn returns(&self, index: usize) {
        self.with(index, |one| one.returning = true);
    }

    /// From now on, an end of it is its last.
    pub(crate) fn release(&self, index: usize) {
        self.with(index, |one| one.released = true);
    }

    pub(crate) fn is_released(&self, index: usize) -> bool {
        self.with(index, |one| one.released).unwrap_or_default()
    }

    /// An instance says who it is; whether it is the life that runs now, of this process group.
    pub(crate) fn says(&self, index: usize, life: u32, about: &About) -> bool {
        let says = |one: &mut Known| {
            let now = one.status.is_running() && one.status.pid == life;
            if now {
                one.about = Some(about.clone());
            }
            now.then_some(one.status.life)
        };
        let number = self.with(index, says).flatten();
        if let Some(number) = number {
            let says = News::Says(Box::new(about.clone()));
            self.listeners.tell(index, number, says);
        }
        number.is_some()
    }

    /// An instance's life, of this process group, has said something to whoever listens.
    pub(crate) fn said(&self, index: usize, life: u32, topic: String, value: Value) {
        let number = |one: &mut Known| (one.status.pid == life).then_some(one.status.life);
        if let Some(number) = self.with(index, number).flatten() {
            let said = News::Said { topic, value };
            self.listeners.tell(index, number, said);
        }
    }

    /// Something is to be told of it.
    pub(crate) fn remark(&self, index: usize, life: u32, text: String) {
        self.with(index, |one| {
            if one.status.pid == life {
                one.remark = Some(text);
            }
        });
    }

    /// An instance can be asked from now on.
    pub(crate) fn set_line(&self, index: usize, line: LineToInstance) {
        self.with(index, |one| one.line = Some(line));
    }

    /// It cannot be asked over this line any more.
    pub(crate) fn drop_line(&self, index: usize, line: &LineToInstance) {
        self.with(index, |one| one.line.take_if(|its| its.is(line)));
    }

    /// Which instance a process belongs to, by its group.
    pub(crate) fn of_group(&self, group: u32) -> Option<usize> {
        let written = self.lock();
        let running = |one: &Known| one.status.is_running() && one.status.pid == group;
        written.instances.iter().position(running)
    }

    pub(crate) fn all_ended(&self) {
        self.lock().all_ended = true;
        self.ended.notify_all();
    }

    /// How many have failed for good.
    pub(crate) fn failed(&self) -> usize {
        let written = self.lock();
        written
            .instances
            .iter()
            .filter(|one| one.status.failed())
            .count()
    }

    /// Why the fleet has failed, the first reason.
    pub(crate) fn set_failure(&self, why: String) {
        self.lock().failure.get_or_insert(why);
    }

    pub(crate) fn failure(&self) -> Option<String> {
        self.lock().failure.clone()
    }

    pub(crate) fn statuses(&self) -> Vec<InstanceStatus> {
        let written = self.lock();
        let each = written.instances.iter().zip(&written.tails);
        each.map(with_tails).collect()
    }

    /// All that is known of all, with their last lines.
    pub(crate) fn known(&self) -> Vec<Known> {
        let written = self.lock();
        let each = written.instances.iter().zip(&written.tails);
        each.map(|(one, tails)| Known {
            status: with_tails((one, tails)),
            ..one.clone()
        })
        .collect()
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.lock().instances.len()
    }

    /// Looks at one, without making a copy of all that is known of it; not at its last lines.
    pub(crate) fn look<T>(&self, index: usize, look: impl FnOnce(&Known) -> T) -> Option<T> {
        self.lock().instances.get(index).map(look)
    }

    /// Looks at each, in their order, as [`look`](Self::look) does.
    pub(crate) fn look_at_all<T>(&self, look: impl FnMut(&Known) -> T) -> Vec<T> {
        self.lock().instances.iter().map(look).collect()
    }

    /// The line to an instance, and what it says of itself.
    pub(crate) fn at(&self, index: usize) -> Option<(Option<LineToInstance>, Option<About>)> {
        self.with(index, |one| (one.line.clone(), one.about.clone()))
    }

    pub(crate) fn page(&self, index: usize) -> Option<Arc<Page>> {
        self.with(index, |one| one.page.clone()).flatten()
    }

    /// How many lives it has had.
    pub(crate) fn lives(&self, index: usize) -> u64 {
        self.with(index, |one| one.status.life).unwrap_or_default()
    }

    pub(crate) fn began_ns(&self, index: usize) -> u64 {
        self.with(index, |one| one.began_ns).unwrap_or_default()
    }

    /// Waits until all have ended, at most `limit`; says whether they have.
    pub(crate) fn wait(&self, limit: Option<Duration>) -> bool {
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

/// How a life ended, and what follows.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) state: InstanceState,
    pub(crate) stopped: bool,
    pub(crate) cause: Option<String>,
    pub(crate) given_up: Option<String>,
    pub(crate) restarts_at: Option<Instant>,
    pub(crate) messages: u64,
    pub(crate) epitaph: Epitaph,
    /// Its machine was taken away, or asked to go.
    pub(crate) taken: bool,
}

fn with_tails((one, tails): (&Known, &[VecDeque<String>; 2])) -> InstanceStatus {
    let tail = |stream: Stream| tails[stream as usize].iter().cloned().collect();
    InstanceStatus {
        stderr_tail: tail(Stream::Stderr),
        stdout_tail: tail(Stream::Stdout),
        ..one.status.clone()
    }
}
