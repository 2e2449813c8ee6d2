//! Sockets of the library, each set up as all of ours are.
//!
//! Owns what is set of each kind, and always: the largest message, high-water marks, a short handshake
//! time, how a lost connection is made again; how an address is bound, and shared memory beside it;
//! and what the library answers, in our words. It must never know what a socket is used for.

use crate::{Address, Error};
use omq_tokio::blocking::{RecvWakerRegistration, Socket as Inner};
use omq_tokio::{
    Context, Endpoint, Message, MonitorEvent, MonitorStream, Options, ReconnectPolicy, SocketType,
    TrySendError,
};
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};
use std::task::Waker;
use std::time::Duration;

/// A peer that connects and then says nothing holds one of few places: not for long.
pub(crate) const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(2);
/// A PUSH receives nothing but handshakes and commands.
const MAX_COMMAND_BYTES: usize = 64 << 10;

/// Shared memory that the library may take by itself, for small frames. For large ones there is the
/// pool: where the system has none left for that, the library must not ask either, since it loses
/// the connection, and the message, when it is refused.
const LIBRARY_SHM_BYTES: usize = 1 << 20;

/// The threads that drive sockets; who owns both drops the sockets first.
pub(crate) fn context() -> Context {
    Context::with_name("blendtorch")
}

/// What is set of every socket.
fn options(max_message_bytes: usize) -> Options {
    Options::new()
        .max_message_size(max_message_bytes)
        .handshake_timeout(HANDSHAKE_TIMEOUT)
}

/// How a lost connection to `address` is made again: to one of this host never, since its way is
/// chosen anew.
fn reconnect(address: &Address) -> ReconnectPolicy {
    match address.is_local() {
        true => ReconnectPolicy::Disabled,
        false => ReconnectPolicy::Exponential {
            min: Duration::from_millis(100),
            max: Duration::from_secs(2),
        },
    }
}

/// A socket.
#[derive(Debug)]
pub(crate) struct Socket {
    inner: Inner,
    /// How many are connected, of a generation.
    known: Mutex<Option<(u64, usize)>>,
}

/// One of each kind, by how many messages it queues for a peer and the most bytes of one it takes.
impl Socket {
    pub(crate) fn push(context: &Context, high_water_mark: u32) -> Self {
        let options = options(MAX_COMMAND_BYTES)
            .send_hwm(high_water_mark.max(1))
            .shm_max_memory(LIBRARY_SHM_BYTES);
        Self::new(context.blocking_socket(SocketType::Push, options))
    }

    /// To be connected to shared memory.
    pub(crate) fn pull(context: &Context, high_water_mark: u32, max_message_bytes: usize) -> Self {
        let mut options = options(max_message_bytes).recv_hwm(high_water_mark.max(1));
        // Its way is chosen anew.
        options.reconnect = ReconnectPolicy::Disabled;
        Self::new(context.blocking_socket(SocketType::Pull, options))
    }

    /// To be connected to `address`.
    pub(crate) fn request(context: &Context, address: &Address, max_message_bytes: usize) -> Self {
        let mut options = options(max_message_bytes);
        options.reconnect = reconnect(address);
        Self::new(context.blocking_socket(SocketType::Req, options))
    }

    pub(crate) fn reply(context: &Context, max_message_bytes: usize) -> Self {
        Self::new(context.blocking_socket(SocketType::Rep, options(max_message_bytes)))
    }

    pub(crate) fn pair(context: &Context, high_water_mark: u32, max_message_bytes: usize) -> Self {
        let mut options = options(max_message_bytes)
            .send_hwm(high_water_mark.max(1))
            .recv_hwm(high_water_mark.max(1));
        options.reconnect = ReconnectPolicy::Exponential {
            min: Duration::from_millis(20),
            max: Duration::from_secs(1),
        };
        Self::new(context.blocking_socket(SocketType::Pair, options))
    }
}

impl Socket {
    fn new(inner: Inner) -> Self {
        Self {
            inner,
            known: Mutex::new(None),
        }
    }

    /// Binds `address`. The bound address, with the port that the system chose for port 0.
    pub(crate) fn bind(&self, address: &Address) -> Result<Address, Error> {
        refuse_live_path(address)?;
        let endpoint = self
            .inner
            .bind(address.endpoint())
            .map_err(|error| bind_error(address, &error))?;
        Ok(match (endpoint, address) {
            (Endpoint::Tcp { port, .. }, Address::Tcp { host, .. }) => Address::Tcp {
                host: host.clone(),
                port,
            },
            _ => address.clone(),
        })
    }

    /// Binds the shared memory beside `address`; whether it could.
    pub(crate) fn offer_shm(&self, address: &Address) -> bool {
        let endpoint = address.shm_endpoint();
        endpoint.is_some_and(|endpoint| self.inner.bind(endpoint).is_ok())
    }

    /// Connects to `address` by the library's name for it, whether or not somebody listens there.
    pub(crate) fn connect(&self, address: &Address, endpoint: String) -> Result<(), Error> {
        self.inner
            .connect(endpoint)
            .map_err(|error| Error::Connect {
                address: address.clone(),
                reason: error.to_string(),
            })
    }

    /// Sends a message, waiting up to `timeout` while all queues are full or nobody is connected.
    /// False when the time ran out: then it was not sent.
    pub(crate) fn send_timeout(&self, message: Message, timeout: Duration) -> Result<bool, Error> {
        match self.inner.send_timeout(message, timeout) {
            Ok(()) => Ok(true),
            Err(omq_tokio::Error::Timeout) => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }

    /// Sends a message without waiting; false where all queues are full.
    pub(crate) fn try_send(&self, message: Message) -> Result<bool, Error> {
        match self.inner.try_send(message) {
            Ok(()) => Ok(true),
            Err(TrySendError::Full(_)) => Ok(false),
            Err(TrySendError::Closed) => Err(Error::Closed),
            Err(TrySendError::Error(error)) => Err(Error::Other(error.to_string())),
        }
    }

    /// The next message, or `None` when none came within `timeout`.
    pub(crate) fn recv_timeout(&self, timeout: Duration) -> Result<Option<Message>, Error> {
        received(self.inner.recv_timeout(timeout))
    }

    /// The next message, if one has arrived.
    pub(crate) fn try_recv(&self) -> Result<Option<Message>, Error> {
        received(self.inner.try_recv())
    }

    /// Wakes `waker` when a message has arrived, as long as what is returned lives.
    pub(crate) fn wakes(&self, waker: Waker) -> RecvWakerRegistration {
        self.inner.register_recv_waker(waker)
    }

    /// How many are connected, and have shaken hands. The library's thread, which has to be woken for
    /// an answer, is asked only after a change.
    pub(crate) fn connected(&self) -> Result<usize, Error> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // Taken before the connections are: what changes in between is found the next time.
        let generation = self.generation();
        if let Some((of, connected)) = *known
            && of == generation
        {
            return Ok(connected);
        }
        let connections = self.inner.connections().map_err(|_| Error::Closed)?;
        let shaken = connections.iter().filter(|one| one.peer_info.is_some());
        let connected = shaken.count();
        *known = Some((generation, connected));
        Ok(connected)
    }

    /// Tells from now on whom it reaches.
    pub(crate) fn reaches(&self) -> Reaches {
        Reaches(self.inner.monitor())
    }

    /// Whether it still has a connection, which may be shaking hands.
    pub(crate) fn has(&self, connection: u64) -> Result<bool, Error> {
        let info = self.inner.connection_info(connection);
        Ok(info.map_err(|_| Error::Closed)?.is_some())
    }

    /// A number that changes with the connections: by one when one has shaken hands, and by one when
    /// such a one has gone.
    pub(crate) fn generation(&self) -> u64 {
        self.inner.connections_generation()
    }

    /// Waits up to `timeout` until the connections are others than at a `generation`.
    pub(crate) fn wait_for_change(&self, generation: u64, timeout: Duration) {
        // An error means that time ran out, which whoever waits sees for itself.
        let _ = self.inner.connections_changed(generation, timeout);
    }

    /// Closes, after what was sent has gone out or `linger` is over.
    pub(crate) fn close(self, linger: Duration) {
        // An error says that something was not written: the time was chosen by whoever closes, and
        // who wants to know has counted.
        let _ = self.inner.close_with_linger(Some(linger));
    }
}

/// Whom a socket that connects has reached, before hands are shaken.
#[derive(Debug)]
pub(crate) struct Reaches(MonitorStream);

impl Reaches {
    /// The number of the latest connection since it was asked last.
    pub(crate) fn latest(&mut self) -> Option<u64> {
        let mut latest = None;
        // A socket that does not connect again reaches somebody once: nothing is left out.
        while let Ok(event) = self.0.try_recv() {
            if let MonitorEvent::Connected { connection_id, .. } = event {
                latest = Some(connection_id);
            }
        }
        latest
    }
}

/// The library replaces whatever lies at an ipc path, also a socket that somebody listens on.
fn refuse_live_path(address: &Address) -> Result<(), Error> {
    match address {
        Address::Ipc(path) if UnixStream::connect(path).is_ok() => {
            Err(Error::AddressInUse(address.clone()))
        }
        _ => Ok(()),
    }
}

fn bind_error(address: &Address, error: &omq_tokio::Error) -> Error {
    match error {
        omq_tokio::Error::Io(io) if io.kind() == std::io::ErrorKind::AddrInUse => {
            Error::AddressInUse(address.clone())
        }
        error => Error::Bind {
            address: address.clone(),
            reason: error.to_string(),
        },
    }
}

fn received(received: omq_tokio::Result<Message>) -> Result<Option<Message>, Error> {
    match received {
        Ok(message) => Ok(Some(message)),
        Err(omq_tokio::Error::Timeout | omq_tokio::Error::WouldBlock) => Ok(None),
        Err(error) => Err(failed(&error)),
    }
}

fn failed(error: &omq_tokio::Error) -> Error {
    match error {
        omq_tokio::Error::Closed => Error::Closed,
        error => Error::Other(error.to_string()),
    }
}
