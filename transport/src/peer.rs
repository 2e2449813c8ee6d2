//! One address that a receiver takes from: its socket, and how it got there.
//!
//! Owns the socket until the address is left: at once, or when what has come is taken (`leaving`).

use crate::dial::{Dialled, Failure, Path, RETRY, SHM_PENALTY, way_to};
use crate::leaving::Leaving;
use crate::socket::Socket;
use crate::{Address, Error};
use omq_tokio::blocking::RecvWakerRegistration;
use omq_tokio::{Context, Message};
use std::task::Waker;
use std::time::Instant;

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
    retry_at: Instant,
    /// How often in a row somebody hung up on a handshake over shared memory.
    hung_up: u32,
    shm_refused_until: Option<Instant>,
    /// It is left once what has come is taken.
    leaving: Option<Leaving>,
}

/// The socket that was dialled last.
#[derive(Debug)]
struct Line {
    dialled: Dialled,
    path: Path,
    /// Its connection is gone, or has not come; what it has received is still taken.
    draining: bool,
    _waker: RecvWakerRegistration,
}

/// What every peer of a receiver shares.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) context: Context,
    pub(crate) waker: Waker,
    pub(crate) high_water_mark: u32,
    pub(crate) max_message_bytes: usize,
    pub(crate) shm: bool,
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
            retry_at: now,
            hung_up: 0,
            shm_refused_until: None,
            leaving: None,
        }
    }

    pub(crate) fn status(&self) -> &PeerStatus {
        &self.status
    }

    /// Whether something is to be done for it soon without a message from it.
    pub(crate) fn is_settled(&self) -> bool {
        self.status.ended || self.status.path.is_some() && self.leaving.is_none()
    }

    /// Dials what is not connected, notices what was lost.
    pub(crate) fn tend(&mut self, shared: &Shared) -> Result<(), Error> {
        if self.status.ended {
            return Ok(());
        }
        self.look()?;
        if self.leaving.is_none() && self.line.is_none() && Instant::now() >= self.retry_at {
            self.retry_at = Instant::now() + RETRY;
            self.dial(shared)?;
        }
        Ok(())
    }

    /// Updates the status from the socket.
    fn look(&mut self) -> Result<(), Error> {
        let Some(line) = &mut self.line else {
            return Ok(());
        };
        let known = line.dialled.was_connected();
        if let Some(connected) = line.dialled.look()? {
            let came = connected || line.dialled.was_connected() && !known;
            if came && self.status.path.is_none() {
                self.status.connections += 1;
                self.status.since = Instant::now();
                self.hung_up = 0;
            }
            if connected {
                self.status.path = Some(line.path);
            } else if self.status.path.take().is_some() {
                self.status.since = Instant::now();
            }
        }
        // Local addresses choose their path anew after each loss; others reconnect by themselves.
        if self.status.address.is_local() {
            let lost = line.dialled.was_connected() && self.status.path.is_none();
            let failure = line.dialled.failure()?;
            if line.path == Path::Shm && !line.draining {
                self.hung_up += u32::from(failure == Some(Failure::Gone));
                // A publisher that was killed just then is no reason to do without; somebody who
                // hangs up again and again is.
                if failure == Some(Failure::Late) || self.hung_up > 1 {
                    self.shm_refused_until = Some(Instant::now() + SHM_PENALTY);
                    self.hung_up = 0;
                }
            }
            line.draining = lost || failure.is_some();
        }
        Ok(())
    }

    fn dial(&mut self, shared: &Shared) -> Result<(), Error> {
        let address = &self.status.address;
        let shm_allowed = shared.shm && self.shm_refused_until.is_none_or(|t| Instant::now() > t);
        let Some((path, endpoint)) = way_to(address, shm_allowed) else {
            return Ok(());
        };
        let (queued, bytes) = (shared.high_water_mark, shared.max_message_bytes);
        let socket = Socket::pull(&shared.context, address, queued, bytes);
        let waker = socket.wakes(shared.waker.clone());
        self.line = Some(Line {
            dialled: Dialled::new(socket, address, endpoint)?,
            path,
            draining: false,
            _waker: waker,
        });
        Ok(())
    }

    /// The next message, if one has arrived.
    pub(crate) fn try_recv(&mut self) -> Result<Option<Message>, Error> {
        if self.leaving.is_some() {
            return self.take_last();
        }
        let Some(line) = &mut self.line else {
            return Ok(None);
        };
        let message = line.dialled.socket.try_recv()?;
        if message.is_some() {
            self.status.messages += 1;
            self.status.last_message = Some(Instant::now());
            if self.status.path.is_none() {
                self.look()?;
            }
        } else if line.draining {
            // A lost connection delivers nothing more once its queue is empty. One that took too long
            // may have been made at last.
            self.look()?;
            self.line.take_if(|line| line.draining);
        }
        Ok(message)
    }

    /// The next message of an address that is being left; it has been left when there is none.
    fn take_last(&mut self) -> Result<Option<Message>, Error> {
        // Before the queue is: of a connection that is gone by now, nothing comes later than this.
        self.look()?;
        let connected = self.status.path.is_some();
        let message = match &self.line {
            Some(line) => line.dialled.socket.try_recv()?,
            None => None,
        };
        if message.is_some() {
            self.status.messages += 1;
            self.status.last_message = Some(Instant::now());
        }
        let bytes = message.as_ref().map(Message::byte_len);
        if let Some(leaving) = &mut self.leaving
            && leaving.is_over(bytes, connected)
        {
            self.disconnect();
        }
        Ok(message)
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
        self.line = None;
        self.leaving = None;
        if !std::mem::replace(&mut self.status.ended, true) {
            self.status.path = None;
            self.status.since = Instant::now();
        }
    }
}
