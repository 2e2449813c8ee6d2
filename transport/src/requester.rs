//! The asking side of request and reply: one peer, one question at a time.

use crate::dial::{CONNECT_TIMEOUT, RETRY, way_to};
use crate::direct::{Stream, after};
use crate::process::OwnProcess;
use crate::sender::HANDSHAKE_TIMEOUT;
use crate::{Address, Error, Outgoing};
use bytes::Bytes;
use omq_tokio::blocking::Socket;
use omq_tokio::{Context, Options, ReconnectPolicy, SocketType};
use std::time::{Duration, Instant};

/// How a [`Requester`] connects and what it accepts.
#[derive(Clone, Debug)]
pub struct RequesterOptions {
    /// Bytes of an answer; 1 GiB.
    pub max_message_bytes: usize,
    /// Go to a replier of this host directly, where it offers that; true.
    pub direct: bool,
}

impl Default for RequesterOptions {
    fn default() -> Self {
        Self {
            max_message_bytes: 1 << 30,
            direct: true,
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
    link: Option<Link>,
    retry_at: Instant,
    // Last: the socket's driver runs on the context's threads.
    context: Option<Context>,
}

/// A way to the replier.
#[derive(Debug)]
enum Link {
    Direct(Stream),
    Socket(Dialled),
}

#[derive(Debug)]
struct Dialled {
    socket: Socket,
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
                link: None,
                retry_at: Instant::now(),
                context: None,
            }),
        }
    }

    /// The address.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether it is connected, and directly.
    #[must_use]
    pub fn is_direct(&self) -> Option<bool> {
        match self.inner.get().ok()?.link.as_ref()? {
            Link::Direct(_) => Some(true),
            Link::Socket(dialled) => dialled.connected.then_some(false),
        }
    }

    /// Sends a question, waiting up to `timeout` for somebody to be there. False when the time ran
    /// out: then nothing was sent. An answer that is still due must be [given up](Self::give_up)
    /// first.
    ///
    /// # Errors
    /// [`Error::Connect`], [`Error::Closed`], [`Error::Forked`].
    pub fn send(&mut self, question: &Outgoing, timeout: Duration) -> Result<bool, Error> {
        let deadline = after(timeout);
        loop {
            if !self.connect(deadline)? {
                return Ok(false);
            }
            let inner = self.inner.get_mut()?;
            match &mut inner.link {
                None => return Ok(false),
                Some(Link::Direct(stream)) => {
                    // A question that is half sent has to be sent to its end.
                    let patience = deadline.max(Instant::now() + CONNECT_TIMEOUT);
                    if stream.send(&question.frames(), patience).is_ok() {
                        return Ok(true);
                    }
                    // It has restarted, or gone, or is too busy to read: connect anew.
                    inner.link = None;
                    if Instant::now() >= deadline {
                        return Ok(false);
                    }
                }
                Some(Link::Socket(dialled)) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    return match dialled.socket.send_timeout(question.0.clone(), left) {
                        Ok(()) => Ok(true),
                        Err(omq_tokio::Error::Timeout) => Ok(false),
                        Err(omq_tokio::Error::Closed) => Err(Error::Closed),
                        Err(error) => Err(Error::Other(error.to_string())),
                    };
                }
            }
        }
    }

    /// The answer, or `None` when it did not come within `timeout`: wait on, or
    /// [give it up](Self::give_up).
    ///
    /// # Errors
    /// [`Error::PeerLost`] when the connection ended before the answer came.
    pub fn recv(&mut self, timeout: Duration) -> Result<Option<Vec<Bytes>>, Error> {
        let inner = self.inner.get_mut()?;
        let received = match &mut inner.link {
            None => Err(None),
            Some(Link::Direct(stream)) => stream.recv(after(timeout)).map_err(|_| None),
            Some(Link::Socket(dialled)) => dialled.recv(timeout),
        };
        received.map_err(|error| {
            inner.link = None;
            error.unwrap_or_else(|| Error::PeerLost(self.address.clone()))
        })
    }

    /// Gives up an answer that is due; one that comes late is not taken for that of a later
    /// question.
    pub fn give_up(&mut self) {
        if let Ok(inner) = self.inner.get_mut() {
            inner.link = None;
        }
    }

    /// Waits until connected, by `deadline`.
    fn connect(&mut self, deadline: Instant) -> Result<bool, Error> {
        loop {
            let inner = self.inner.get_mut()?;
            match &mut inner.link {
                Some(Link::Direct(_)) => return Ok(true),
                Some(Link::Socket(dialled)) => {
                    let alive = dialled.look()?;
                    if dialled.connected && alive {
                        return Ok(true);
                    }
                    let failed = !alive || dialled.at.elapsed() > CONNECT_TIMEOUT;
                    if failed && self.address.is_local() {
                        inner.link = None;
                        continue;
                    }
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(false);
                    }
                    // An error means that time ran out, which the loop sees for itself.
                    let seen = dialled.generation;
                    let _ = dialled.socket.connections_changed(seen, left.min(RETRY));
                }
                None => {
                    if Instant::now() >= inner.retry_at {
                        inner.link = inner.dial(&self.address, &self.options)?;
                        inner.retry_at = Instant::now() + RETRY;
                        if inner.link.is_some() {
                            continue;
                        }
                    }
                    let now = Instant::now();
                    if now >= deadline {
                        return Ok(false);
                    }
                    let until = deadline.min(inner.retry_at);
                    std::thread::sleep(until.saturating_duration_since(now));
                }
            }
        }
    }
}

impl Inner {
    fn dial(
        &mut self,
        address: &Address,
        options: &RequesterOptions,
    ) -> Result<Option<Link>, Error> {
        let Some((_, endpoint)) = way_to(address, false) else {
            return Ok(None);
        };
        if options.direct
            && let Some(stream) = Stream::beside(address, options.max_message_bytes)
        {
            return Ok(Some(Link::Direct(stream)));
        }
        let mut socket_options = Options::new()
            .max_message_size(options.max_message_bytes)
            .handshake_timeout(HANDSHAKE_TIMEOUT);
        socket_options.reconnect = ReconnectPolicy::Disabled;
        if !address.is_local() {
            socket_options.reconnect = ReconnectPolicy::Exponential {
                min: Duration::from_millis(100),
                max: Duration::from_secs(2),
            };
        }
        let context = self
            .context
            .get_or_insert_with(|| Context::with_name("blendtorch"));
        let socket = context.blocking_socket(SocketType::Req, socket_options);
        socket.connect(endpoint).map_err(|error| Error::Connect {
            address: address.clone(),
            reason: error.to_string(),
        })?;
        Ok(Some(Link::Socket(Dialled {
            generation: socket.connections_generation().wrapping_sub(1),
            socket,
            at: Instant::now(),
            connected: false,
        })))
    }
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

    /// The answer; no error in the error where the connection was lost.
    fn recv(&mut self, timeout: Duration) -> Result<Option<Vec<Bytes>>, Option<Error>> {
        match self.socket.recv_timeout(timeout) {
            Ok(message) => Ok(Some(frames(message))),
            Err(omq_tokio::Error::Timeout | omq_tokio::Error::WouldBlock) => {
                if self.look()? {
                    return Ok(None);
                }
                // It may have answered and left between the two looks.
                match self.socket.try_recv() {
                    Ok(message) => Ok(Some(frames(message))),
                    Err(_) => Err(None),
                }
            }
            Err(omq_tokio::Error::Closed) => Err(Some(Error::Closed)),
            Err(error) => Err(Some(Error::Other(error.to_string()))),
        }
    }
}

/// The frames of a message.
pub(crate) fn frames(mut message: omq_tokio::Message) -> Vec<Bytes> {
    let mut frames = Vec::with_capacity(message.len());
    while let Some(payload) = message.pop_front_payload() {
        frames.push(payload.into_bytes());
    }
    frames
}
