//! An instance's desk: what it counts, what it offers, and what is wanted of it.
//!
//! The thread that serves the line answers from here at once, or lays work here for the script's main
//! thread, which looks between frames. Owns both; it must never run anything, nor block the main
//! thread for longer than a lock takes.

mod check;
#[cfg(test)]
mod tests;

use super::about::{About, Counters};
use super::error::{Refusal, RefusalKind};
use super::memory::resident;
use super::words::Wanted;
use check::{check, offered};
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Calls that may wait for the main thread; more are refused.
const MOST_CALLS: usize = 256;

/// What an instance spends its time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Blender evaluates a frame.
    Evaluate,
    /// A picture is drawn and read.
    Render,
    /// Samples are encoded, copied, and wait for room.
    Publish,
    /// Whole frames, the script's own work among them.
    Frames,
}

/// What was found on the desk, for the main thread to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Work {
    /// Parameters have these values from now on.
    Set(Map<String, Value>),
    /// It is to end after this episode; why.
    Stop(String),
    /// A function is to be called; the answer goes out under that number.
    Call {
        /// The number.
        id: u64,
        /// Which service.
        service: String,
        /// Which of its functions.
        name: String,
        /// With what.
        arguments: Value,
    },
}

#[derive(Debug, Default)]
struct Laid {
    about: About,
    set: Map<String, Value>,
    stop: Option<String>,
    calls: VecDeque<Work>,
    /// `about` has changed and was not told.
    changed: bool,
}

/// The desk.
#[derive(Debug)]
pub struct Desk {
    /// Something is laid there: all that a frame has to look at.
    due: AtomicBool,
    laid: Mutex<Laid>,
    /// Rung when work is laid.
    work: Condvar,
    /// Nanoseconds: evaluate, render, publish, frames.
    stages: [AtomicU64; 4],
    samples: AtomicU64,
    bytes: AtomicU64,
    began: Instant,
}

impl Default for Desk {
    fn default() -> Self {
        Self {
            due: AtomicBool::new(false),
            laid: Mutex::default(),
            work: Condvar::new(),
            stages: Default::default(),
            samples: AtomicU64::new(0),
            bytes: AtomicU64::new(0),
            began: Instant::now(),
        }
    }
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Laid> {
        self.laid.lock().unwrap_or_else(PoisonError::into_inner)
    }

    // --- what the main thread says

    /// A stage took so long.
    pub fn took(&self, stage: Stage, time: Duration) {
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.stages[stage as usize].fetch_add(nanos, Relaxed);
    }

    /// A sample of so many bytes was published.
    pub fn published(&self, bytes: u64) {
        self.samples.fetch_add(1, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
    }

    /// What it says of itself is another thing now.
    pub fn tell(&self, change: impl FnOnce(&mut About)) {
        let mut laid = self.lock();
        let before = laid.about.clone();
        change(&mut laid.about);
        laid.changed |= laid.about != before;
    }

    /// What it says of itself.
    #[must_use]
    pub fn about(&self) -> About {
        self.lock().about.clone()
    }

    /// Whether there is something to do: a look that costs nothing.
    #[must_use]
    pub fn is_due(&self) -> bool {
        self.due.load(Relaxed)
    }

    /// What is to be done, in the order it is to be done in.
    pub fn take(&self) -> Vec<Work> {
        let mut laid = self.lock();
        self.due.store(false, Relaxed);
        let mut work = Vec::new();
        if !laid.set.is_empty() {
            work.push(Work::Set(std::mem::take(&mut laid.set)));
        }
        work.extend(laid.calls.drain(..));
        work.extend(laid.stop.take().map(Work::Stop));
        work
    }

    /// Waits for something to do, at most `timeout`; whether there is.
    pub fn wait(&self, timeout: Duration) -> bool {
        let laid = self.lock();
        let nothing = |_: &mut Laid| !self.is_due();
        let waited = self.work.wait_timeout_while(laid, timeout, nothing);
        drop(waited);
        self.is_due()
    }

    // --- what the line's thread does

    /// Answers what is wanted, or lays it there; no answer yet where the main thread gives it.
    pub fn hear(&self, id: u64, wanted: Wanted) -> Option<Result<Value, Refusal>> {
        match wanted {
            Wanted::Status => {
                let counters = serde_json::to_value(self.counters());
                let failed =
                    |error: serde_json::Error| Refusal::new(RefusalKind::Failed, error.to_string());
                return Some(counters.map_err(failed));
            }
            Wanted::Set { values } => {
                let mut laid = self.lock();
                if let Err(refusal) = check(&laid.about, &values) {
                    return Some(Err(refusal));
                }
                laid.set.extend(values);
                self.ring(laid);
                return Some(Ok(Value::Null));
            }
            Wanted::Stop { why } => {
                let mut laid = self.lock();
                laid.stop = Some(why);
                self.ring(laid);
                return Some(Ok(Value::Null));
            }
            Wanted::Call {
                service,
                name,
                arguments,
            } => {
                let mut laid = self.lock();
                if let Err(refusal) = offered(&laid.about, &service, &name) {
                    return Some(Err(refusal));
                }
                if laid.calls.len() >= MOST_CALLS {
                    let text = format!("{MOST_CALLS} calls wait already");
                    return Some(Err(Refusal::new(RefusalKind::Late, text)));
                }
                laid.calls.push_back(Work::Call {
                    id,
                    service,
                    name,
                    arguments,
                });
                self.ring(laid);
            }
        }
        None
    }

    fn ring(&self, laid: MutexGuard<'_, Laid>) {
        self.due.store(true, Relaxed);
        drop(laid);
        self.work.notify_all();
    }

    /// What it has counted.
    #[must_use]
    pub fn counters(&self) -> Counters {
        #[allow(clippy::cast_precision_loss, reason = "seconds for people")]
        let seconds = |stage: Stage| self.stages[stage as usize].load(Relaxed) as f64 / 1e9;
        Counters {
            samples: self.samples.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            evaluate_s: seconds(Stage::Evaluate),
            render_s: seconds(Stage::Render),
            publish_s: seconds(Stage::Publish),
            frames_s: seconds(Stage::Frames),
            alive_s: self.began.elapsed().as_secs_f64(),
            memory: resident(std::process::id()).unwrap_or_default(),
        }
    }

    /// What is to be said on the line, by whoever serves it: itself, if that has changed.
    pub(super) fn news(&self) -> Option<About> {
        let mut laid = self.lock();
        let about = laid.about.clone();
        std::mem::take(&mut laid.changed).then_some(about)
    }
}
