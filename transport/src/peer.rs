//! One address that a receiver takes from: its socket, and how it got there.

use crate::dial::{CONNECT_TIMEOUT, Path, RETRY, SHM_PENALTY, way_to};
use crate::sender::HANDSHAKE_TIMEOUT;
use crate::{Address, Error};
use omq_tokio::blocking::{RecvWakerRegistration, Socket};
use omq_tokio::{Context, Message, Options, ReconnectPolicy, SocketType};
use std::task::Waker;
use std::time::{Duration, Instant};

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
    /// It was disconnected for good with [`Receiver::disconnect`](crate::Receiver::disconnect).
    pub ended: bool,
}

/// The receiver's side of one address.
#[derive(Debug)]
pub(crate) struct Peer {
    status: PeerStatus,
    dialled: Option<Dialled>,
    retry_at: Instant,
    shm_refused_until: Option<Instant>,
}

#[derive(Debug)]
struct Dialled {
    socket: Socket,
    path: Path,
    generation: u64,
    at: Instant,
    connected: bool,
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
            dialled: None,
            retry_at: now,
            shm_refused_until: None,
        }
    }

    pub(crate) fn status(&self) -> &PeerStatus {
        &self.status
    }

    /// Whether something is to be done for it soon without a message from it.
    pub(crate) fn is_settled(&self) -> bool {
        self.status.ended || self.status.path.is_some()
    }

    /// Dials what is not connected, notices what was lost.
    pub(crate) fn tend(&mut self, shared: &Shared) -> Result<(), Error> {
        if self.status.ended {
            return Ok(());
        }
        self.look()?;
        if self.dialled.is_none() && Instant::now() >= self.retry_at {
            self.retry_at = Instant::now() + RETRY;
            self.dial(shared)?;
        }
        Ok(())
    }

    /// Updates the status from the socket.
    fn look(&mut self) -> Result<(), Error> {
        let Some(dialled) = &mut self.dialled else {
            return Ok(());
        };
        let generation = dialled.socket.connections_generation();
        if generation != dialled.generation {
            dialled.generation = generation;
            let connections = dialled.socket.connections().map_err(|_| Error::Closed)?;
            let connected = connections.iter().any(|c| c.peer_info.is_some());
            // A connection that came and went between two looks counts as well.
            if connected && self.status.path.is_none() {
                self.status.connections += 1;
                self.status.since = Instant::now();
                self.status.path = Some(dialled.path);
                dialled.connected = true;
            } else if !connected && self.status.path.is_some() {
                self.status.since = Instant::now();
                self.status.path = None;
            }
        }
        // Local addresses choose their path anew after each loss; others reconnect by themselves.
        if self.status.address.is_local() {
            let lost = dialled.connected && self.status.path.is_none();
            let failed = !dialled.connected && dialled.at.elapsed() > CONNECT_TIMEOUT;
            if failed && dialled.path == Path::Shm {
                self.shm_refused_until = Some(Instant::now() + SHM_PENALTY);
            }
            dialled.draining = lost || failed;
        }
        Ok(())
    }

    fn dial(&mut self, shared: &Shared) -> Result<(), Error> {
        let address = &self.status.address;
        let shm_allowed = shared.shm && self.shm_refused_until.is_none_or(|t| Instant::now() > t);
        let Some((path, endpoint)) = way_to(address, shm_allowed) else {
            return Ok(());
        };
        let reconnect = match address.is_local() {
            true => ReconnectPolicy::Disabled,
            false => ReconnectPolicy::Exponential {
                min: Duration::from_millis(100),
                max: Duration::from_secs(2),
            },
        };
        let mut options = Options::new()
            .recv_hwm(shared.high_water_mark.max(1))
            .max_message_size(shared.max_message_bytes)
            .handshake_timeout(HANDSHAKE_TIMEOUT);
        options.reconnect = reconnect;
        let socket = shared.context.blocking_socket(SocketType::Pull, options);
        let waker = socket.register_recv_waker(shared.waker.clone());
        socket.connect(endpoint).map_err(|error| Error::Connect {
            address: address.clone(),
            reason: error.to_string(),
        })?;
        self.dialled = Some(Dialled {
            generation: socket.connections_generation().wrapping_sub(1),
            socket,
            path,
            at: Instant::now(),
            connected: false,
            draining: false,
            _waker: waker,
        });
        Ok(())
    }

    /// The next message, if one has arrived.
    pub(crate) fn try_recv(&mut self) -> Result<Option<Message>, Error> {
        let Some(dialled) = &mut self.dialled else {
            return Ok(None);
        };
        match dialled.socket.try_recv() {
            Ok(message) => {
                self.status.messages += 1;
                self.status.last_message = Some(Instant::now());
                if self.status.path.is_none() {
                    self.look()?;
                }
                Ok(Some(message))
            }
            Err(omq_tokio::Error::WouldBlock | omq_tokio::Error::Timeout) => {
                // A lost connection delivers nothing more once its queue is empty. One that took too
                // long may have been made at last.
                if dialled.draining {
                    self.look()?;
                    self.dialled.take_if(|dialled| dialled.draining);
                }
                Ok(None)
            }
            Err(omq_tokio::Error::Closed) => Err(Error::Closed),
            Err(error) => Err(Error::Other(error.to_string())),
        }
    }

    /// Leaves for good.
    pub(crate) fn disconnect(&mut self) {
        self.dialled = None;
        if !std::mem::replace(&mut self.status.ended, true) {
            self.status.path = None;
            self.status.since = Instant::now();
        }
    }
}
