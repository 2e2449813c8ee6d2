//! Both ways between two: PAIR, bound on one side and connected on the other.

use crate::message::frames;
use crate::process::OwnProcess;
use crate::socket::{self, Socket};
use crate::{Address, Error, Outgoing};
use bytes::Bytes;
use omq_tokio::Context;
use std::time::Duration;

/// How a [`Pair`] queues and what it accepts.
#[derive(Clone, Debug)]
pub struct PairOptions {
    /// Messages queued each way before a send blocks; 10. What sits in kernel buffers comes on top.
    pub high_water_mark: u32,
    /// Bytes of a message; 1 GiB.
    pub max_message_bytes: usize,
}

impl Default for PairOptions {
    fn default() -> Self {
        Self {
            high_water_mark: 10,
            max_message_bytes: 1 << 30,
        }
    }
}

/// One end of a channel between two. Order is kept each way; the connecting side connects again
/// when the other one restarts. A third that connects is turned away while the two are connected.
#[derive(Debug)]
pub struct Pair {
    address: Address,
    inner: OwnProcess<Inner>,
}

#[derive(Debug)]
struct Inner {
    socket: Socket,
    _context: Context,
}

impl Pair {
    /// The end that binds `address`.
    ///
    /// # Errors
    /// [`Error::AddressInUse`] or [`Error::Bind`].
    pub fn bind(address: &Address, options: &PairOptions) -> Result<Self, Error> {
        let inner = Inner::new(options);
        let address = inner.socket.bind(address)?;
        Ok(Self {
            address,
            inner: OwnProcess::new(inner),
        })
    }

    /// The end that connects to `address`, whether or not somebody listens there yet.
    ///
    /// # Errors
    /// [`Error::Connect`] for an address that can never be connected to.
    pub fn connect(address: &Address, options: &PairOptions) -> Result<Self, Error> {
        let inner = Inner::new(options);
        inner.socket.connect(address, address.endpoint())?;
        Ok(Self {
            address: address.clone(),
            inner: OwnProcess::new(inner),
        })
    }

    /// The address, with the port that the system chose for port 0.
    #[must_use]
    pub fn address(&self) -> &Address {
        &self.address
    }

    /// Whether the other end is connected now. Cheap enough to be asked before each message.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn is_connected(&self) -> Result<bool, Error> {
        Ok(self.inner.get()?.socket.connected()? > 0)
    }

    /// Sends a message, waiting up to `timeout` for room in the queue. False when the time ran out:
    /// then it was not sent.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn send_timeout(&self, message: &Outgoing, timeout: Duration) -> Result<bool, Error> {
        let socket = &self.inner.get()?.socket;
        socket.send_timeout(message.message(), timeout)
    }

    /// The next message, or `None` when none came within `timeout`.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn recv_timeout(&self, timeout: Duration) -> Result<Option<Vec<Bytes>>, Error> {
        let socket = &self.inner.get()?.socket;
        let received = match timeout.is_zero() {
            true => socket.try_recv(),
            false => socket.recv_timeout(timeout),
        };
        Ok(received?.map(frames))
    }

    /// Closes, after what was sent has gone out or `linger` is over.
    pub fn close(&mut self, linger: Duration) {
        if let Some(inner) = self.inner.take() {
            inner.socket.close(linger);
        }
    }
}

impl Inner {
    fn new(options: &PairOptions) -> Self {
        let context = socket::context();
        let (queued, bytes) = (options.high_water_mark, options.max_message_bytes);
        let socket = Socket::pair(&context, queued, bytes);
        Self {
            socket,
            _context: context,
        }
    }
}

impl Drop for Pair {
    fn drop(&mut self) {
        self.close(Duration::ZERO);
    }
}
