//! The answering side of request and reply.

use crate::bind::bind;
use crate::pool::FramePool;
use crate::process::OwnProcess;
use crate::requester::{SPIN, frames};
use crate::sender::HANDSHAKE_TIMEOUT;
use crate::{Address, Error, Outgoing};
use bytes::Bytes;
use omq_tokio::blocking::Socket;
use omq_tokio::{Context, Options, SocketType};
use std::time::Duration;

/// How a [`Replier`] listens.
#[derive(Clone, Debug)]
pub struct ReplierOptions {
    /// Bytes of a question; 64 MiB.
    pub max_message_bytes: usize,
    /// Offer shared memory to askers of this host; true.
    pub shm: bool,
}

impl Default for ReplierOptions {
    fn default() -> Self {
        Self {
            max_message_bytes: 64 << 20,
            shm: true,
        }
    }
}

/// Answers questions, one after another: each [`recv`](Self::recv) is followed by one
/// [`reply`](Self::reply).
#[derive(Debug)]
pub struct Replier {
    address: Address,
    inner: OwnProcess<Inner>,
}

#[derive(Debug)]
struct Inner {
    socket: Socket,
    pool: FramePool,
    _context: Context,
}

/// Bytes of shared memory for the large frames of answers.
const POOL_BYTES: usize = 64 << 20;

impl Replier {
    /// Binds `address`, and shared memory beside it where only this host can reach it.
    ///
    /// # Errors
    /// [`Error::AddressInUse`] or [`Error::Bind`].
    pub fn bind(address: &Address, options: &ReplierOptions) -> Result<Self, Error> {
        let context = Context::with_name("blendtorch");
        let socket = context.blocking_socket(
            SocketType::Rep,
            Options::new()
                .max_message_size(options.max_message_bytes)
                .recv_spin(SPIN)
                .handshake_timeout(HANDSHAKE_TIMEOUT),
        );
        let address = bind(&socket, address, options.shm)?;
        let pooled = options.shm && address.is_local();
        Ok(Self {
            inner: OwnProcess::new(Inner {
                socket,
                pool: FramePool::new(if pooled { POOL_BYTES } else { 0 }),
                _context: context,
            }),
            address,
        })
    }

    /// The bound address, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// A frame of `len` bytes for an answer; `fill` must write all of it.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn frame(&self, len: usize, fill: impl FnOnce(&mut [u8])) -> Result<Bytes, Error> {
        Ok(self.inner.get()?.pool.frame(len, fill))
    }

    /// The next question, or `None` when none came within `timeout`.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn recv(&mut self, timeout: Duration) -> Result<Option<Vec<Bytes>>, Error> {
        let socket = &self.inner.get()?.socket;
        let received = match timeout.is_zero() {
            true => socket.try_recv(),
            false => socket.recv_timeout(timeout),
        };
        match received {
            Ok(message) => Ok(Some(frames(message))),
            Err(omq_tokio::Error::Timeout | omq_tokio::Error::WouldBlock) => Ok(None),
            Err(omq_tokio::Error::Closed) => Err(Error::Closed),
            Err(error) => Err(Error::Other(error.to_string())),
        }
    }

    /// Answers the last question. False if who asked has left.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn reply(&mut self, answer: &Outgoing) -> Result<bool, Error> {
        match self
            .inner
            .get()?
            .socket
            .send_timeout(answer.0.clone(), Duration::from_secs(1))
        {
            Ok(()) => Ok(true),
            Err(omq_tokio::Error::Timeout) => Ok(false),
            Err(omq_tokio::Error::Closed) => Err(Error::Closed),
            Err(error) => Err(Error::Other(error.to_string())),
        }
    }

    /// Closes, after what was answered has gone out or `linger` is over.
    pub fn close(&mut self, linger: Duration) {
        if let Some(inner) = self.inner.take() {
            // What nobody takes in time is nobody's.
            let _ = inner.socket.close_with_linger(Some(linger));
        }
    }
}

impl Drop for Replier {
    fn drop(&mut self) {
        self.close(Duration::from_millis(200));
    }
}
