//! The threads that run a network's blocks, and how they agree.
//!
//! Time goes in intervals: within one no spike of a block can matter to another. Every thread takes the
//! next block that nobody has, so a thread that the system has stopped holds up one block at most.
//! Whoever ends an interval's last block gathers what was sent and opens the next. A thread that finds
//! nothing to do looks a moment and then sleeps; it does not spin.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock};

use super::block::{Arrival, Block};
use super::conductor::{Conductor, Told};
use super::vectors;

/// So often a thread looks for work before it sleeps: some µs, less than waking it takes.
const LOOKS: usize = 200;

/// The interval that is worked on.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// The spikes that were sent in the interval before, in the order of times and senders.
    pub(crate) arrivals: Vec<Arrival>,
}

/// The lower half of a ticket.
const BLOCK: u64 = u32::MAX as u64;

/// What all threads of a simulation share.
pub(crate) struct Shared {
    pub(crate) blocks: Vec<Mutex<Block>>,
    pub(crate) plan: RwLock<Plan>,
    pub(crate) conductor: Mutex<Conductor>,
    /// The number of the interval in the upper half, the next block in the lower.
    ticket: AtomicU64,
    done: AtomicUsize,
    /// No interval is open.
    idle: AtomicBool,
    /// How much the conductor has for the observer.
    waiting: AtomicUsize,
    end: AtomicBool,
    /// Others than the caller of [`Shared::run`] work on the interval.
    helped: AtomicBool,
    bed: Mutex<()>,
    helpers: Alarm,
    owner: Alarm,
}

/// What wakes those who sleep.
#[derive(Default)]
struct Alarm {
    sleepers: AtomicUsize,
    bell: Condvar,
}

/// A lock, also after a panic elsewhere: what it guards is as a finished call left it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// With so much for the observer, it is told.
const TELL_AT: usize = 1 << 14;
/// With so much, nothing goes on until it was told.
const STOP_AT: usize = 1 << 20;

impl Shared {
    pub(crate) fn new(blocks: Vec<Block>, conductor: Conductor) -> Self {
        Self {
            ticket: AtomicU64::new(blocks.len() as u64),
            blocks: blocks.into_iter().map(Mutex::new).collect(),
            plan: RwLock::new(Plan::default()),
            conductor: Mutex::new(conductor),
            done: AtomicUsize::new(0),
            idle: AtomicBool::new(true),
            waiting: AtomicUsize::new(0),
            end: AtomicBool::new(false),
            helped: AtomicBool::new(true),
            bed: Mutex::new(()),
            helpers: Alarm::default(),
            owner: Alarm::default(),
        }
    }

    /// What every thread but the caller of [`Self::run`] does.
    pub(crate) fn serve(&self) {
        loop {
            let interval = self.help();
            if self.end.load(Ordering::SeqCst) {
                return;
            }
            self.wait(interval, false);
        }
    }

    /// Ends the other threads, which must be joined then.
    pub(crate) fn end(&self) {
        self.end.store(true, Ordering::SeqCst);
        self.wake(&self.helpers);
    }

    /// Runs to the conductor's goal. `tell` is called on this thread, with what the conductor has.
    pub(crate) fn run(&self, told: &mut Told, mut tell: impl FnMut(&Told)) {
        // What an observer left that panicked.
        told.clear();
        {
            let mut conductor = lock(&self.conductor);
            conductor.pace.resume();
            if self.idle.load(Ordering::SeqCst) {
                self.open(&mut conductor);
            }
        }
        loop {
            let interval = self.help();
            let idle = self.idle.load(Ordering::SeqCst);
            if idle || self.waiting.load(Ordering::Relaxed) >= TELL_AT {
                std::mem::swap(told, &mut lock(&self.conductor).told);
                self.waiting.store(0, Ordering::Relaxed);
                // The observer takes its time while the others go on.
                tell(told);
                told.clear();
            }
            if idle {
                let mut conductor = lock(&self.conductor);
                if self.open(&mut conductor) {
                    continue;
                }
                return;
            }
            self.wait(interval, true);
        }
    }

    /// Works on blocks until nobody has none. Returns the interval that is worked on then.
    fn help(&self) -> u64 {
        loop {
            let ticket = self.ticket.fetch_add(1, Ordering::SeqCst);
            let Some(block) = self.blocks.get((ticket & BLOCK) as usize) else {
                return ticket >> 32;
            };
            {
                let plan = self.plan.read().unwrap_or_else(PoisonError::into_inner);
                vectors::work(&mut lock(block), &plan.arrivals, plan.from, plan.to);
            }
            if self.done.fetch_add(1, Ordering::SeqCst) + 1 == self.blocks.len() {
                self.close();
            }
        }
    }

    /// Ends an interval, all of whose blocks are done, and opens the next one.
    fn close(&self) {
        let mut conductor = lock(&self.conductor);
        {
            let mut plan = self.plan.write().unwrap_or_else(PoisonError::into_inner);
            conductor.gather(&self.blocks, &mut plan);
        }
        let waiting = conductor.told.len();
        self.waiting.store(waiting, Ordering::Relaxed);
        let rest = waiting >= STOP_AT || self.end.load(Ordering::SeqCst);
        if rest || !self.open(&mut conductor) {
            self.idle.store(true, Ordering::SeqCst);
            self.wake(&self.owner);
        }
    }

    /// Opens the next interval; false where the goal is reached.
    fn open(&self, conductor: &mut Conductor) -> bool {
        {
            let mut plan = self.plan.write().unwrap_or_else(PoisonError::into_inner);
            if !conductor.next(&mut plan) {
                return false;
            }
            let helped = conductor.pace.next(plan.to - plan.from);
            self.helped.store(helped, Ordering::SeqCst);
        }
        self.done.store(0, Ordering::SeqCst);
        self.idle.store(false, Ordering::SeqCst);
        let interval = (self.ticket.load(Ordering::SeqCst) >> 32).wrapping_add(1);
        self.ticket.store(interval << 32, Ordering::SeqCst);
        self.wake(&self.owner);
        if self.helped.load(Ordering::SeqCst) {
            self.wake(&self.helpers);
        }
        true
    }

    fn wake(&self, alarm: &Alarm) {
        if alarm.sleepers.load(Ordering::SeqCst) > 0 {
            // Who counts as a sleeper either waits or will look once more before it does.
            drop(lock(&self.bed));
            alarm.bell.notify_all();
        }
    }

    /// Until another interval is open, or there is something else to do.
    fn wait(&self, interval: u64, owner: bool) {
        let called = || {
            let next = self.ticket.load(Ordering::SeqCst) >> 32 != interval;
            match owner {
                true => next || self.idle.load(Ordering::SeqCst),
                false => {
                    let wanted = next && self.helped.load(Ordering::SeqCst);
                    wanted || self.end.load(Ordering::SeqCst)
                }
            }
        };
        for _ in 0..LOOKS {
            if called() {
                return;
            }
            std::hint::spin_loop();
        }
        let alarm = if owner { &self.owner } else { &self.helpers };
        let mut bed = lock(&self.bed);
        alarm.sleepers.fetch_add(1, Ordering::SeqCst);
        while !called() {
            bed = alarm.bell.wait(bed).unwrap_or_else(PoisonError::into_inner);
        }
        alarm.sleepers.fetch_sub(1, Ordering::SeqCst);
    }
}
