//! A PUSH that binds: consumers, whose turn it is, and the keeper.

use super::outbox::Outbox;
use super::stream::{Listener, Stream};
use crate::direct::{after, wait};
use crate::{Address, Error, Outgoing};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd};
use std::io::ErrorKind;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// So many peers may be shaking hands at a time; a further one takes the place of the first.
const MOST_STRANGERS: usize = 128;
/// In a burst the keeper sees so often to what was held back for more.
const TICK: Duration = Duration::from_micros(250);
/// After so many times without anything the burst is over.
const QUIET_TICKS: u32 = 40;
/// When the system has no descriptor for a further peer, it is asked again after so long.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a sender waits for room before it looks for new consumers.
const SLICE: Duration = Duration::from_millis(20);

/// A bound PUSH.
#[derive(Debug)]
pub(crate) struct Push {
    shared: Arc<Shared>,
    keeper: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    listener: Listener,
    high_water_mark: usize,
    state: Mutex<State>,
    changed: Condvar,
    /// Wakes the keeper.
    bell: OwnedFd,
}

#[derive(Debug, Default)]
struct State {
    outboxes: Vec<Outbox>,
    next_id: u64,
    /// Whose turn it is.
    turn: usize,
    /// By one for each consumer that came, and for each that went.
    generation: u64,
    /// Senders that wait for room: they write themselves.
    waiting: usize,
    /// Something may be held back: the keeper ticks.
    bursting: bool,
    /// Who would rather take shared memory is sent there.
    moves: bool,
    closed: bool,
}

impl Push {
    /// Binds `address`; the address, with the port that the system chose for port 0.
    pub(crate) fn bind(address: &Address, high_water_mark: u32) -> Result<(Self, Address), Error> {
        let (listener, bound) = Listener::bind(address)?;
        let failed = |reason: String| Error::Bind {
            address: address.clone(),
            reason,
        };
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let bell = eventfd(0, flags).map_err(|error| failed(error.to_string()))?;
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
            if self.shared.deliver(&mut state, at) {
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
            self.shared.ring();
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
            self.shared.ring();
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
        self.shared.ring();
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
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>, until: Instant) -> MutexGuard<'a, State> {
        let left = until.saturating_duration_since(Instant::now());
        let waited = self.changed.wait_timeout(state, left);
        waited.unwrap_or_else(PoisonError::into_inner).0
    }

    fn ring(&self) {
        // A full counter has rung already.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    /// Writes what was pushed, or leaves it to the keeper. False where the consumer was lost and the
    /// message is to go to another one.
    fn deliver(&self, state: &mut State, at: usize) -> bool {
        let outbox = &mut state.outboxes[at];
        if outbox.holds(self.high_water_mark) {
            if !std::mem::replace(&mut state.bursting, true) {
                self.ring();
            }
            return true;
        }
        match outbox.flush_patiently() {
            Ok(true) => true,
            Ok(false) => {
                if !outbox.watched {
                    self.ring();
                }
                true
            }
            Err(_) => {
                let begun = !outbox.has_not_begun_the_last();
                self.remove(state, at);
                begun
            }
        }
    }

    /// Writes what the system takes; whether something is left.
    fn flush(&self, state: &mut State) -> bool {
        let mut left = false;
        self.retain(state, |outbox| {
            left |= !outbox.flush()?;
            Ok(())
        });
        left
    }

    fn remove(&self, state: &mut State, at: usize) {
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
    fn retain(
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

    /// What the keeper does, until it is closed.
    fn keep(&self) {
        let (mut ready, mut quiet, mut accept_at) = (Vec::new(), 0, Instant::now());
        loop {
            let mut state = self.lock();
            if state.closed {
                return;
            }
            let now = Instant::now();
            if now >= accept_at && !self.accept(&mut state) {
                accept_at = now + PAUSE;
            }
            self.heed(&mut state, &ready);
            if state.bursting {
                let held = state.outboxes.iter().any(Outbox::has_pending);
                quiet = if held { 0 } else { quiet + 1 };
                state.bursting = quiet < QUIET_TICKS;
            }
            self.flush(&mut state);
            ready = self.wait_for_peers(state, accept_at);
        }
    }

    /// Waits until something is to be done; the numbers of those who have said something.
    fn wait_for_peers(&self, mut state: MutexGuard<'_, State>, accept_at: Instant) -> Vec<u64> {
        let now = Instant::now();
        let deadlines = state.outboxes.iter().filter_map(Outbox::deadline);
        let mut until = deadlines.min().unwrap_or_else(|| after(Duration::MAX));
        if state.bursting {
            until = until.min(now + TICK);
        }
        let pauses = accept_at > now;
        if pauses {
            until = until.min(accept_at);
        }
        let served = state.waiting > 0;
        let peers: Vec<(u64, Arc<Stream>, bool)> = state
            .outboxes
            .iter_mut()
            .map(|outbox| {
                outbox.watched = outbox.has_pending() && !served;
                (outbox.id, outbox.stream.clone(), outbox.watched)
            })
            .collect();
        drop(state);
        let mut fds = vec![PollFd::new(&self.bell, PollFlags::IN)];
        fds.extend(peers.iter().map(|(_, stream, watched)| {
            let out = if *watched {
                PollFlags::OUT
            } else {
                PollFlags::empty()
            };
            PollFd::new(&**stream, PollFlags::IN | out)
        }));
        if !pauses {
            fds.push(PollFd::new(&self.listener, PollFlags::IN));
        }
        wait(&mut fds, until);
        if !fds[0].revents().is_empty() {
            let _ = rustix::io::read(&self.bell, &mut [0; 8]);
        }
        let out = PollFlags::OUT;
        let said = peers.iter().zip(&fds[1..]);
        said.filter(|(_, fd)| !(fd.revents() - out).is_empty())
            .map(|((id, ..), _)| *id)
            .collect()
    }

    /// Takes in those who have come; false where the system has no room for them.
    fn accept(&self, state: &mut State) -> bool {
        // Those who knock without end must not keep the others.
        for _ in 0..MOST_STRANGERS {
            match self.listener.accept() {
                Ok(stream) => {
                    let strangers = state.outboxes.iter().filter(|outbox| !outbox.is_open());
                    if strangers.count() >= MOST_STRANGERS
                        && let Some(first) = state.outboxes.iter().position(|o| !o.is_open())
                    {
                        self.remove(state, first);
                    }
                    state.outboxes.push(Outbox::new(state.next_id, stream));
                    state.next_id += 1;
                }
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return true,
                    // One that has gone before it was taken in.
                    ErrorKind::Interrupted | ErrorKind::ConnectionAborted => {}
                    ErrorKind::ConnectionReset
                    | ErrorKind::InvalidInput
                    | ErrorKind::NotConnected => {}
                    _ => return false,
                },
            }
        }
        true
    }

    /// Reads what was said by those who are `ready`, and leaves those who say nothing.
    fn heed(&self, state: &mut State, ready: &[u64]) {
        let (now, moves, mut opened) = (Instant::now(), state.moves, 0);
        self.retain(state, |outbox| {
            let known = outbox.is_open();
            if ready.contains(&outbox.id) {
                outbox.read()?;
            }
            if outbox.is_open() && !known {
                opened += 1;
                if moves {
                    outbox.move_away();
                }
            }
            match outbox.deadline() {
                Some(deadline) if now >= deadline => Err(super::Lost),
                _ => Ok(()),
            }
        });
        if opened > 0 {
            state.generation += opened;
            self.changed.notify_all();
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
