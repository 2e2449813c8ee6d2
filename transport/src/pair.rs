//! Both ways between two: PAIR, bound on one side and connected on the other.

use crate::bind::bind;
use crate::process::OwnProcess;
use crate::requester::frames;
use crate::sender::HANDSHAKE_TIMEOUT;
use crate::{Address, Error, Outgoing};
use bytes::Bytes;
use omq_tokio::blocking::Socket;
use omq_tokio::{Context, Options, ReconnectPolicy, SocketType};
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
        let address = bind(&inner.socket, address, false)?;
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
        inner
            .socket
            .connect(address.endpoint())
            .map_err(|error| Error::Connect {
                address: address.clone(),
                reason: error.to_string(),
            })?;
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

    /// Whether the other end is connected now.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn is_connected(&self) -> Result<bool, Error> {
        let connections = self.inner.get()?.socket.connections();
        let connections = connections.map_err(|_| Error::Closed)?;
        Ok(connections.iter().any(|c| c.peer_info.is_some()))
    }

    /// Sends a message, waiting up to `timeout` for room in the queue. False when the time ran out:
    /// then it was not sent.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn send_timeout(&self, message: &Outgoing, timeout: Duration) -> Result<bool, Error> {
        let socket = &self.inner.get()?.socket;
        match socket.send_timeout(message.0.clone(), timeout) {
            Ok(()) => Ok(true),
            Err(omq_tokio::Error::Timeout) => Ok(false),
            Err(omq_tokio::Error::Closed) => Err(Error::Closed),
            Err(error) => Err(Error::Other(error.to_string())),
        }
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
        match received {
            Ok(message) => Ok(Some(frames(message))),
            Err(omq_tokio::Error::Timeout | omq_tokio::Error::WouldBlock) => Ok(None),
            Err(omq_tokio::Error::Closed) => Err(Error::Closed),
            Err(error) => Err(Error::Other(error.to_string())),
        }
    }

    /// Closes, after what was sent has gone out or `linger` is over.
    pub fn close(&mut self, linger: Duration) {
        if let Some(inner) = self.inner.take() {
            // What nobody takes in time is lost, as the caller chose.
            let _ = inner.socket.close_with_linger(Some(linger));
        }
    }
}

impl Inner {
    fn new(options: &PairOptions) -> Self {
        let context = Context::with_name("blendtorch");
        let mut socket_options = Options::new()
            .send_hwm(options.high_water_mark.max(1))
            .recv_hwm(options.high_water_mark.max(1))
            .max_message_size(options.max_message_bytes)
            .handshake_timeout(HANDSHAKE_TIMEOUT);
        socket_options.reconnect = ReconnectPolicy::Exponential {
            min: Duration::from_millis(20),
            max: Duration::from_secs(1),
        };
        let socket = context.blocking_socket(SocketType::Pair, socket_options);
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
