//! One address that a receiver takes from: its socket, and how it got there.
//!
//! Owns the socket until the address is left: at once, or when what has come is taken (`leaving`).

use crate::dial::{Failure, Path, RETRY, SHM_PENALTY, way_to};
use crate::leaving::Leaving;
use crate::line::{Line, Shared, Taken};
use crate::zmtp::Stream;
use crate::{Address, Error};
use bytes::Bytes;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long another host that does not answer is left alone, at most.
const LAST_RETRY: Duration = Duration::from_secs(2);

/// What is known of one address.
#[derive(Clone, Debug)]
pub struct PeerStatus {
    /// The address.
    pub address: Address,
    /// The way its frames come, while it is connected.
    pub path: Option<Path>,
    /// Since when it has been connected, or has not been.
    pub since: Instant,
    /// How often a connection was made.
    pub connections: u64,
    /// Messages received from it.
    pub messages: u64,
    /// When the last one came.
    pub last_message: Option<Instant>,
    /// It was left: [`Receiver::disconnect`](crate::Receiver::disconnect), or
    /// [`Receiver::leave`](crate::Receiver::leave) once all that had come was taken.
    pub ended: bool,
}

/// The receiver's side of one address.
#[derive(Debug)]
pub(crate) struct Peer {
    status: PeerStatus,
    line: Option<Line>,
    /// Where it is told to move to.
    next: Option<Line>,
    /// The connection of the line is gone, or has not come; what it has received is still taken.
    draining: bool,
    retry_at: Instant,
    /// Until the next attempt but one.
    retry: Duration,
    /// How often in a row somebody hung up on a handshake over shared memory.
    hung_up: u32,
    shm_refused_until: Option<Instant>,
    /// It is left once what has come is taken.
    leaving: Option<Leaving>,
}

impl Peer {
    pub(crate) fn new(address: Address) -> Self {
        let now = Instant::now();
        Self {
            status: PeerStatus {
                address,
                path: None,
                since: now,
                connections: 0,
                messages: 0,
                last_message: None,
                ended: false,
            },
            line: None,
            next: None,
            draining: false,
            retry_at: now,
            retry: RETRY,
            hung_up: 0,
            shm_refused_until: None,
            leaving: None,
        }
    }

    pub(crate) fn status(&self) -> &PeerStatus {
        &self.status
    }

    /// Whether it is told to move to shared memory, and has not got there.
    pub(crate) fn moves(&self) -> bool {
        self.line.as_ref().is_some_and(Line::moves)
    }

    /// Whether something is to be done for it soon without a message from it.
    pub(crate) fn is_settled(&self) -> bool {
        let stays = self.leaving.is_none() && !self.moves();
        self.status.ended || self.status.path.is_some() && stays
    }

    /// Dials what is not connected, notices what was lost.
    pub(crate) fn tend(&mut self, shared: &Shared) -> Result<(), Error> {
        if self.status.ended {
            return Ok(());
        }
        self.look()?;
        self.go_on_moving(shared)?;
        if self.leaving.is_none() && self.line.is_none() && Instant::now() >= self.retry_at {
            self.retry_at = Instant::now() + self.retry;
            if !self.status.address.is_local() {
                self.retry = (2 * self.retry).min(LAST_RETRY);
            }
            self.dial(shared)?;
        }
        Ok(())
    }

    /// Updates the status from the socket.
    fn look(&mut self) -> Result<(), Error> {
        let Some(line) = &mut self.line else {
            return Ok(());
        };
        let known = line.was_connected();
        if let Some(connected) = line.look()? {
            let came = connected || line.was_connected() && !known;
            if came && self.status.path.is_none() {
                self.status.connections += 1;
                self.status.since = Instant::now();
                self.hung_up = 0;
                self.retry = RETRY;
            }
            if connected {
                self.status.path = Some(line.path());
            } else if self.status.path.take().is_some() {
                self.status.since = Instant::now();
            }
        }
        // The way is chosen anew after each loss.
        let lost = line.was_connected() && self.status.path.is_none();
        let failure = line.failure()?;
        if line.path() == Path::Shm && !self.draining {
            self.book_shm(failure == Some(Failure::Gone), failure);
        }
        self.draining = lost || failure.is_some();
        Ok(())
    }

    /// Does without shared memory for a while if a handshake over it was late, or somebody hangs up
    /// again and again. A publisher that was killed just then is no reason.
    fn book_shm(&mut self, hung_up: bool, failure: Option<Failure>) {
        self.hung_up += u32::from(hung_up);
        if failure == Some(Failure::Late) || self.hung_up > 1 {
            self.shm_refused_until = Some(Instant::now() + SHM_PENALTY);
            self.hung_up = 0;
        }
    }

    fn dial(&mut self, shared: &Shared) -> Result<(), Error> {
        let address = &self.status.address;
        let shm_allowed = shared.shm && self.shm_refused_until.is_none_or(|t| Instant::now() > t);
        let Some((path, endpoint)) = way_to(address, shm_allowed) else {
            return Ok(());
        };
        let shares = shm_allowed && address.is_local();
        self.line = Some(Line::dial(shared, address, path, endpoint, shares)?);
        self.next = None;
        self.draining = false;
        Ok(())
    }

    /// Moves to shared memory when it is told to: what it had is left when the other is there.
    fn go_on_moving(&mut self, shared: &Shared) -> Result<(), Error> {
        if !self.moves() || self.draining || self.leaving.is_some() {
            return Ok(());
        }
        if self.status.path.is_none() {
            self.look()?; // it may have come and been told at once
        }
        let Some(next) = &mut self.next else {
            let address = &self.status.address;
            let Some(endpoint) = address.shm_endpoint() else {
                return Ok(());
            };
            self.next = Some(Line::dial(shared, address, Path::Shm, endpoint, true)?);
            return Ok(());
        };
        if next.look()? == Some(true) {
            self.line = self.next.take();
            self.status.path = Some(Path::Shm);
            self.hung_up = 0;
            return Ok(());
        }
        let failure = next.failure()?;
        if next.was_connected() || failure.is_some() {
            // It may have gone altogether: the way is chosen anew.
            self.book_shm(true, failure);
            (self.line, self.next) = (None, None);
            self.status.path = None;
            self.status.since = Instant::now();
        }
        Ok(())
    }

    /// The next message, if one has arrived.
    pub(crate) fn try_recv(
        &mut self,
        shared: &Shared,
        now: Instant,
    ) -> Result<Option<Taken>, Error> {
        if self.leaving.is_some() {
            return self.take_last(now);
        }
        let Some(line) = &mut self.line else {
            return Ok(None);
        };
        let message = line.try_recv()?;
        if message.is_some() {
            self.status.messages += 1;
            self.status.last_message = Some(now);
            if self.status.path.is_none() {
                self.look()?;
            }
        } else if line.moves() && !self.draining {
            self.go_on_moving(shared)?;
            // What woke whoever receives may be there already, and nothing wakes again.
            if !self.moves() && self.line.is_some() {
                return self.try_recv(shared, now);
            }
        } else if self.draining {
            // A lost connection delivers nothing more once its queue is empty. One that took too long
            // may have been made at last.
            self.look()?;
            if self.draining {
                (self.line, self.next) = (None, None);
            }
        }
        Ok(message)
    }

    /// The next message of an address that is being left; it has been left when there is none.
    fn take_last(&mut self, now: Instant) -> Result<Option<Taken>, Error> {
        // Before the queue is: of a connection that is gone by now, nothing comes later than this.
        self.look()?;
        let connected = self.status.path.is_some();
        let message = match &mut self.line {
            Some(line) => line.try_recv()?,
            None => None,
        };
        if message.is_some() {
            self.status.messages += 1;
            self.status.last_message = Some(now);
        }
        let bytes = message
            .as_ref()
            .map(|taken| taken.frames.iter().map(Bytes::len).sum());
        if let Some(leaving) = &mut self.leaving
            && leaving.is_over(bytes, connected)
        {
            self.disconnect();
        }
        Ok(message)
    }

    /// Takes in what has come, while nobody asks for it.
    pub(crate) fn prefetch(&mut self, shared: &Shared) {
        if let Some(line) = &mut self.line {
            line.prefetch(shared.high_water_mark);
        }
    }

    /// What to wait for where nothing has come.
    pub(crate) fn stream(&mut self) -> Option<Arc<Stream>> {
        self.line.as_mut()?.stream()
    }

    /// There may be something to read again.
    pub(crate) fn is_readable(&mut self) {
        if let Some(line) = &mut self.line {
            line.is_readable();
        }
    }

    /// Leaves once what has come is taken.
    pub(crate) fn leave(&mut self, shared: &Shared) {
        match self.line {
            None => self.disconnect(),
            Some(_) if self.status.ended => {}
            Some(_) => self.leaving = Some(Leaving::new(shared.high_water_mark)),
        }
    }

    /// Goes back to where it had left.
    pub(crate) fn rejoin(&mut self) {
        self.leaving = None;
        if std::mem::replace(&mut self.status.ended, false) {
            self.status.since = Instant::now();
            self.retry_at = Instant::now();
        }
    }

    /// Leaves.
    pub(crate) fn disconnect(&mut self) {
        (self.line, self.next) = (None, None);
        self.leaving = None;
        if !std::mem::replace(&mut self.status.ended, true) {
            self.status.path = None;
            self.status.since = Instant::now();
        }
    }
}
