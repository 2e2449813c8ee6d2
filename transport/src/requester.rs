//! The asking side of request and reply: one peer, one question at a time.

use crate::dial::{Path, RETRY, way_to};
use crate::process::OwnProcess;
use crate::sender::HANDSHAKE_TIMEOUT;
use crate::{Address, Error, Outgoing};
use bytes::Bytes;
use omq_tokio::blocking::Socket;
use omq_tokio::{Context, Options, ReconnectPolicy, SocketType};
use std::time::{Duration, Instant};

/// How long an answer is looked for without sleeping. An answer from this host comes sooner than a
/// sleeping thread wakes; nobody's processor is busy for longer than this because of it.
pub(crate) const SPIN: Duration = Duration::from_micros(50);

/// How a [`Requester`] connects and what it accepts.
#[derive(Clone, Debug)]
pub struct RequesterOptions {
    /// Bytes of an answer; 1 GiB.
    pub max_message_bytes: usize,
    /// Take shared memory where the other side offers it; true.
    pub shm: bool,
}

impl Default for RequesterOptions {
    fn default() -> Self {
        Self {
            max_message_bytes: 1 << 30,
            shm: true,
        }
    }
}

/// Asks one [`Replier`](crate::Replier), which may start later and restart.
#[derive(Debug)]
pub struct Requester {
    address: Address,
    options: RequesterOptions,
    inner: OwnProcess<Inner>,
}

#[derive(Debug)]
struct Inner {
    dialled: Option<Dialled>,
    retry_at: Instant,
    // Last: the socket's driver runs on the context's threads.
    context: Context,
}

#[derive(Debug)]
struct Dialled {
    socket: Socket,
    path: Path,
    generation: u64,
    at: Instant,
    connected: bool,
}

impl Requester {
    /// For the replier at `address`; connects with the first question.
    #[must_use]
    pub fn new(address: &Address, options: RequesterOptions) -> Self {
        Self {
            address: address.clone(),
            options,
            inner: OwnProcess::new(Inner {
                dialled: None,
                retry_at: Instant::now(),
                context: Context::with_name("blendtorch"),
            }),
        }
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// The way messages take, while connected.
    #[must_use]
    pub fn path(&self) -> Option<Path> {
        let dialled = self.inner.get().ok()?.dialled.as_ref()?;
        dialled.connected.then_some(dialled.path)
    }

    /// Sends a question, waiting up to `timeout` for somebody to be there. False when the time ran
    /// out: then nothing was sent. An answer that is still due is given up.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Closed`], [`Error::Forked`].
    pub fn send(&mut self, question: &Outgoing, timeout: Duration) -> Result<bool, Error> {
        let deadline = Instant::now() + timeout;
        if !self.connect(deadline)? {
            return Ok(false);
        }
        let inner = self.inner.get_mut()?;
        let Some(dialled) = &inner.dialled else {
            return Ok(false);
        };
        let left = deadline.saturating_duration_since(Instant::now());
        match dialled.socket.send_timeout(question.0.clone(), left) {
            Ok(()) => Ok(true),
            Err(omq_tokio::Error::Timeout) => Ok(false),
            Err(omq_tokio::Error::Closed) => Err(Error::Closed),
            Err(error) => Err(Error::Other(error.to_string())),
        }
    }

    /// The answer, or `None` when it did not come within `timeout`: wait on, or
    /// [give it up](Self::give_up).
    ///
    /// # Errors
    /// [`Error::PeerLost`] when the connection ended before the answer came.
    pub fn recv(&mut self, timeout: Duration) -> Result<Option<Vec<Bytes>>, Error> {
        let address = &self.address;
        let inner = self.inner.get_mut()?;
        let Some(dialled) = &mut inner.dialled else {
            return Err(Error::PeerLost(address.clone()));
        };
        match dialled.socket.recv_timeout(timeout) {
            Ok(message) => Ok(Some(frames(message))),
            Err(omq_tokio::Error::Timeout | omq_tokio::Error::WouldBlock) => {
                if dialled.look()? {
                    return Ok(None);
                }
                // It may have answered and left between the two looks.
                let last = dialled.socket.try_recv().ok().map(frames);
                inner.dialled = None;
                match last {
                    Some(frames) => Ok(Some(frames)),
                    None => Err(Error::PeerLost(address.clone())),
                }
            }
            Err(omq_tokio::Error::Closed) => Err(Error::Closed),
            Err(error) => Err(Error::Other(error.to_string())),
        }
    }

    /// Gives up an answer that is due; one that comes late is not taken for that of a later
    /// question.
    pub fn give_up(&mut self) {
        if let Ok(inner) = self.inner.get_mut() {
            inner.dialled = None;
        }
    }

    /// Waits until connected, by `deadline`.
    fn connect(&mut self, deadline: Instant) -> Result<bool, Error> {
        loop {
            let inner = self.inner.get_mut()?;
            if let Some(dialled) = &mut inner.dialled {
                let alive = dialled.look()?;
                if dialled.connected && alive {
                    return Ok(true);
                }
                let failed = !alive || dialled.at.elapsed() > crate::dial::CONNECT_TIMEOUT;
                if failed && self.address.is_local() {
                    // A shared-memory handshake that failed is not tried again by this side.
                    self.options.shm &= dialled.connected || dialled.path != Path::Shm;
                    inner.dialled = None;
                } else {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(false);
                    }
                    // An error means that time ran out, which the loop sees for itself.
                    let _ = dialled
                        .socket
                        .connections_changed(dialled.generation, left.min(RETRY));
                }
                continue;
            }
            if Instant::now() >= inner.retry_at
                && let Some(dialled) = dial(&self.address, &self.options, &inner.context)?
            {
                inner.dialled = Some(dialled);
                continue;
            }
            inner.retry_at = inner.retry_at.max(Instant::now() + RETRY);
            if Instant::now() >= deadline {
                return Ok(false);
            }
            std::thread::sleep(deadline.min(inner.retry_at) - Instant::now().min(deadline));
        }
    }
}

fn dial(
    address: &Address,
    options: &RequesterOptions,
    context: &Context,
) -> Result<Option<Dialled>, Error> {
    let Some((path, endpoint)) = way_to(address, options.shm) else {
        return Ok(None);
    };
    let mut socket_options = Options::new()
        .max_message_size(options.max_message_bytes)
        .recv_spin(SPIN)
        .handshake_timeout(HANDSHAKE_TIMEOUT);
    socket_options.reconnect = ReconnectPolicy::Disabled;
    if !address.is_local() {
        socket_options.reconnect = ReconnectPolicy::Exponential {
            min: Duration::from_millis(100),
            max: Duration::from_secs(2),
        };
    }
    let socket = context.blocking_socket(SocketType::Req, socket_options);
    socket.connect(endpoint).map_err(|error| Error::Connect {
        address: address.clone(),
        reason: error.to_string(),
    })?;
    Ok(Some(Dialled {
        generation: socket.connections_generation().wrapping_sub(1),
        socket,
        path,
        at: Instant::now(),
        connected: false,
    }))
}

impl Dialled {
    /// Looks at the connection; false when it was there and is not any more.
    fn look(&mut self) -> Result<bool, Error> {
        let generation = self.socket.connections_generation();
        if generation == self.generation {
            return Ok(true);
        }
        self.generation = generation;
        let connections = self.socket.connections().map_err(|_| Error::Closed)?;
        let there = connections.iter().any(|c| c.peer_info.is_some());
        let lost = self.connected && !there;
        self.connected |= there;
        Ok(!lost)
    }
}

/// The frames of a message, in memory of their own where they are small.
pub(crate) fn frames(mut message: omq_tokio::Message) -> Vec<Bytes> {
    let mut frames = Vec::with_capacity(message.len());
    while let Some(payload) = message.pop_front_payload() {
        frames.push(payload.into_bytes());
    }
    frames
}
