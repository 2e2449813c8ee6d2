//! A PUSH that binds: its consumers, whose turn it is, and who writes. What the keeper does is in a file
//! of its own.

use super::outbox::Outbox;
use super::stream::Listener;
use crate::waiting::{Bell, after, wait};
use crate::{Address, Error, Outgoing};
use rustix::event::{PollFd, PollFlags};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a sender waits for room before it looks for new consumers.
const SLICE: Duration = Duration::from_millis(20);

/// A bound PUSH.
#[derive(Debug)]
pub(crate) struct Push {
    shared: Arc<Shared>,
    keeper: Option<JoinHandle<()>>,
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) listener: Listener,
    high_water_mark: usize,
    state: Mutex<State>,
    pub(super) changed: Condvar,
    /// Wakes the keeper.
    pub(super) bell: Bell,
}

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) outboxes: Vec<Outbox>,
    pub(super) next_id: u64,
    /// Whose turn it is.
    turn: usize,
    /// By one for each consumer that came, and for each that went.
    pub(super) generation: u64,
    /// Senders that wait for room: they write themselves.
    pub(super) waiting: usize,
    /// Something may be held back: the keeper ticks.
    pub(super) bursting: bool,
    /// Who would rather take shared memory is sent there.
    pub(super) moves: bool,
    pub(super) closed: bool,
}

impl Push {
    /// Binds `address`; the address, with the port that the system chose for port 0.
    pub(crate) fn bind(address: &Address, high_water_mark: u32) -> Result<(Self, Address), Error> {
        let (listener, bound) = Listener::bind(address)?;
        let failed = |reason: String| Error::Bind {
            address: address.clone(),
            reason,
        };
        let bell = Bell::new().map_err(|error| failed(error.to_string()))?;
        let shared = Arc::new(Shared {
            listener,
            high_water_mark: usize::try_from(high_water_mark.max(1)).unwrap_or(usize::MAX),
            state: Mutex::default(),
            changed: Condvar::new(),
            bell,
        });
        let kept = shared.clone();
        let keeper = std::thread::Builder::new()
            .name("blendtorch-push".into())
            .spawn(move || kept.keep())
            .map_err(|error| failed(error.to_string()))?;
        let push = Self {
            shared,
            keeper: Some(keeper),
        };
        Ok((push, bound))
    }

    /// Sends a message to the consumer whose turn it is, if one has room.
    pub(crate) fn try_send(&self, message: &Outgoing) -> Result<bool, Error> {
        let mut state = self.shared.lock();
        while !state.closed {
            let Some(at) = state.choose(self.shared.high_water_mark) else {
                return Ok(false);
            };
            state.outboxes[at].push(message);
            state.turn = at + 1;
            if self.shared.deliver(&mut state, at)? {
                return Ok(true);
            }
        }
        Err(Error::Closed)
    }

    /// Waits up to `timeout` until there may be room for a message.
    pub(crate) fn wait_for_room(&self, timeout: Duration) {
        let deadline = after(timeout.min(SLICE));
        let mut state = self.shared.lock();
        let served = state.open().filter(|outbox| outbox.is_served());
        let full: Vec<_> = served.map(|outbox| outbox.stream.clone()).collect();
        if full.is_empty() {
            drop(self.shared.wait(state, deadline));
            return;
        }
        state.waiting += 1;
        drop(state);
        let mut fds: Vec<_> = full
            .iter()
            .map(|stream| PollFd::new(&**stream, PollFlags::OUT))
            .collect();
        wait(&mut fds, deadline);
        let mut state = self.shared.lock();
        state.waiting -= 1;
        let left = self.shared.flush(&mut state);
        if left {
            self.shared.bell.ring();
        }
    }

    /// Who is connected: by address over a network, else by ours.
    pub(crate) fn consumers(&self, own: &Address) -> Vec<String> {
        let state = self.shared.lock();
        let names = state.open().map(|outbox| outbox.stream.peer());
        names
            .map(|name| name.unwrap_or_else(|| own.to_string()))
            .collect()
    }

    /// How many are connected, and how many of them are served here.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let state = self.shared.lock();
        let served = state.open().filter(|outbox| outbox.is_served());
        (state.open().count(), served.count())
    }

    /// Sends who would rather take shared memory there, now and from now on.
    pub(crate) fn move_away(&self) {
        let mut state = self.shared.lock();
        state.moves = true;
        state.outboxes.iter_mut().for_each(Outbox::move_away);
        if self.shared.flush(&mut state) {
            self.shared.bell.ring();
        }
    }

    /// A number that changes with the consumers: by one when one has come, and when one has gone.
    pub(crate) fn generation(&self) -> u64 {
        self.shared.lock().generation
    }

    /// Waits up to `timeout` until the consumers are others than at a `generation`.
    pub(crate) fn wait_for_change(&self, generation: u64, timeout: Duration) {
        let deadline = after(timeout);
        let mut state = self.shared.lock();
        while state.generation == generation && Instant::now() < deadline {
            state = self.shared.wait(state, deadline);
        }
    }

    /// Closes, after what was sent has gone out or `linger` is over.
    pub(crate) fn close(mut self, linger: Duration) {
        self.end(linger);
    }

    fn end(&mut self, linger: Duration) {
        let Some(keeper) = self.keeper.take() else {
            return;
        };
        let deadline = after(linger);
        loop {
            let mut state = self.shared.lock();
            let left = self.shared.flush(&mut state);
            if !left || Instant::now() >= deadline {
                break;
            }
            drop(state);
            self.wait_for_room(deadline.saturating_duration_since(Instant::now()));
        }
        let mut state = self.shared.lock();
        state.closed = true;
        for outbox in &mut state.outboxes {
            // A socket that is closed with something unread takes back what it has written.
            let _ = outbox.read();
        }
        state.outboxes.clear();
        drop(state);
        self.shared.bell.ring();
        self.shared.changed.notify_all();
        // A panic of the keeper has been printed by itself.
        let _ = keeper.join();
    }
}

impl Drop for Push {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, until: Instant) -> MutexGuard<'a, State> {
        let left = until.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout(state, left);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Writes what was pushed, or leaves it to the keeper. False where the consumer was lost and the
    /// message is to go to another one.
    fn deliver(&self, state: &mut State, at: usize) -> Result<bool, Error> {
        let outbox = &mut state.outboxes[at];
        if outbox.holds(self.high_water_mark) {
            if !std::mem::replace(&mut state.bursting, true) {
                self.bell.ring();
            }
            return self.keep_the_last(state, at);
        }
        match outbox.flush_patiently() {
            Ok(true) => Ok(true),
            Ok(false) => {
                if !outbox.watched {
                    self.bell.ring();
                }
                self.keep_the_last(state, at)
            }
            Err(_) => {
                let begun = !outbox.has_not_begun_the_last();
                self.remove(state, at);
                Ok(begun)
            }
        }
    }

    /// Where there is no memory to keep a message that was lent, it was not sent; a consumer that has
    /// a part of it is lost.
    fn keep_the_last(&self, state: &mut State, at: usize) -> Result<bool, Error> {
        let outbox = &mut state.outboxes[at];
        match outbox.keep_the_last() {
            Ok(()) => Ok(true),
            Err(error) => {
                if !outbox.take_back_the_last() {
                    // Also for the keeper, which may be waiting for it.
                    outbox.stream.shut_down();
                    self.remove(state, at);
                }
                Err(error)
            }
        }
    }

    /// Writes what the system takes; whether something is left.
    pub(super) fn flush(&self, state: &mut State) -> bool {
        let mut left = false;
        self.retain(state, |outbox| {
            left |= !outbox.flush()?;
            Ok(())
        });
        left
    }

    pub(super) fn remove(&self, state: &mut State, at: usize) {
        let outbox = state.outboxes.remove(at);
        if state.turn > at {
            state.turn -= 1;
        }
        if outbox.is_open() {
            state.generation += 1;
            self.changed.notify_all();
        }
    }

    /// Leaves those of whom `look` says that they are lost.
    pub(super) fn retain(
        &self,
        state: &mut State,
        mut look: impl FnMut(&mut Outbox) -> Result<(), super::Lost>,
    ) {
        let mut at = 0;
        while let Some(outbox) = state.outboxes.get_mut(at) {
            match look(outbox) {
                Ok(()) => at += 1,
                Err(_) => self.remove(state, at),
            }
        }
    }
}

impl State {
    fn open(&self) -> impl Iterator<Item = &Outbox> {
        self.outboxes.iter().filter(|outbox| outbox.is_open())
    }

    /// The next one with room.
    fn choose(&self, high_water_mark: usize) -> Option<usize> {
        let count = self.outboxes.len();
        (0..count)
            .map(|step| (self.turn + step) % count)
            .find(|&at| self.outboxes[at].has_room(high_water_mark))
    }
}
