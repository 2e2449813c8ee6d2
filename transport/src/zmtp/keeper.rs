//! The keeper of a PUSH: who comes, who goes, what they say, and what waits while nobody sends.

use super::Lost;
use super::outbox::Outbox;
use super::push::{Shared, State};
use super::stream::Stream;
use crate::waiting::{after, wait};
use rustix::event::{PollFd, PollFlags};
use std::io::ErrorKind;
use std::sync::{Arc, MutexGuard};
use std::time::{Duration, Instant};

/// So many peers may be shaking hands at a time; a further one takes the place of the first.
const MOST_STRANGERS: usize = 128;
/// In a burst the keeper sees so often to what was held back for more.
const TICK: Duration = Duration::from_micros(250);
/// After so many times without anything the burst is over.
const QUIET_TICKS: u32 = 40;
/// When the system has no descriptor for a further peer, it is asked again after so long.
const PAUSE: Duration = Duration::from_millis(100);

impl Shared {
    /// What the keeper does, until it is closed.
    pub(super) fn keep(&self) {
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
            self.bell.silence();
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
                Some(deadline) if now >= deadline => Err(Lost),
                _ => Ok(()),
            }
        });
        if opened > 0 {
            state.generation += opened;
            self.changed.notify_all();
        }
    }
}
