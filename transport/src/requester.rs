//! The asking side of request and reply: one peer, one question at a time.

use crate::dial::{CONNECT_TIMEOUT, Dialled, RETRY, way_to};
use crate::direct::Stream;
use crate::message::frames;
use crate::process::OwnProcess;
use crate::socket::{self, Socket};
use crate::waiting::after;
use crate::{Address, Error, Outgoing};
use bytes::Bytes;
use omq_tokio::Context;
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
            Link::Socket(dialled) => dialled.was_connected().then_some(false),
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
                    if stream.send(question.frames(), patience).is_ok() {
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
                    return dialled.socket.send_timeout(question.message(), left);
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
            Some(Link::Socket(dialled)) => recv(dialled, timeout),
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
                    let lost = is_lost(dialled)?;
                    if dialled.was_connected() && !lost {
                        return Ok(true);
                    }
                    if self.address.is_local() && (lost || dialled.failure()?.is_some()) {
                        inner.link = None;
                        continue;
                    }
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Ok(false);
                    }
                    dialled.wait(left.min(RETRY));
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
        let context = self.context.get_or_insert_with(socket::context);
        let socket = Socket::request(context, address, options.max_message_bytes);
        let dialled = Dialled::new(socket, address, endpoint)?;
        Ok(Some(Link::Socket(dialled)))
    }
}

/// Looks at the connection: whether it was there and is not any more.
fn is_lost(dialled: &mut Dialled) -> Result<bool, Error> {
    Ok(dialled.look()? == Some(false) && dialled.was_connected())
}

/// The answer; no error in the error where the connection was lost.
fn recv(dialled: &mut Dialled, timeout: Duration) -> Result<Option<Vec<Bytes>>, Option<Error>> {
    let mut answer = dialled.socket.recv_timeout(timeout)?;
    if answer.is_none() && is_lost(dialled)? {
        // It may have answered and left between the two looks.
        answer = dialled.socket.try_recv().ok().flatten();
        if answer.is_none() {
            return Err(None);
        }
    }
    Ok(answer.map(frames))
}
