//! The way to an address: shared memory where it is offered, else through the socket; and what has
//! come of it.
//!
//! Owns the choice, and the look at the connection. What is done when it is lost is said by whoever
//! dialled.

use crate::socket::Socket;
use crate::{Address, Error};
use std::net::TcpStream;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::{Duration, Instant};

/// How often an address of this host that does not answer yet is tried again.
pub(crate) const RETRY: Duration = Duration::from_millis(50);
/// A loopback connect answers at once or never.
const PROBE_TIMEOUT: Duration = Duration::from_millis(200);
/// A handshake on this host that takes longer has failed: try again.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// After a shared-memory handshake that failed, how long frames come inline before another try.
pub(crate) const SHM_PENALTY: Duration = Duration::from_secs(30);

/// The way frames take from a publisher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Path {
    /// Shared memory.
    Shm,
    /// Through the socket.
    Inline,
}

/// The way to take now, and the library's name for it. `None` while nobody listens at an address of
/// this host.
pub(crate) fn way_to(address: &Address, shm_allowed: bool) -> Option<(Path, String)> {
    if address.is_local() && !answers(address) {
        return None;
    }
    let name = address.shm_name().filter(|_| shm_allowed);
    Some(match name.filter(|name| shm_answers(name)) {
        Some(name) => (Path::Shm, format!("shm://@{name}")),
        None => (Path::Inline, address.endpoint()),
    })
}

/// Whether somebody listens at a local address.
fn answers(address: &Address) -> bool {
    match address {
        Address::Tcp { port, .. } => address.loopback_ip().is_some_and(|ip| {
            TcpStream::connect_timeout(&(ip, *port).into(), PROBE_TIMEOUT).is_ok()
        }),
        Address::Ipc(path) => UnixStream::connect(path).is_ok(),
    }
}

fn shm_answers(name: &str) -> bool {
    SocketAddr::from_abstract_name(name)
        .and_then(|address| UnixStream::connect_addr(&address))
        .is_ok()
}

/// A socket that connects to one address.
#[derive(Debug)]
pub(crate) struct Dialled {
    pub(crate) socket: Socket,
    /// Of the connections when they were looked at last.
    generation: u64,
    at: Instant,
    connected: bool,
}

impl Dialled {
    /// Connects a socket by the library's name for the address.
    pub(crate) fn new(socket: Socket, address: &Address, endpoint: String) -> Result<Self, Error> {
        socket.connect(address, endpoint)?;
        Ok(Self {
            generation: socket.generation().wrapping_sub(1),
            socket,
            at: Instant::now(),
            connected: false,
        })
    }

    /// Whether it is connected now, where that may be otherwise than at the last look.
    pub(crate) fn look(&mut self) -> Result<Option<bool>, Error> {
        let generation = self.socket.generation();
        if generation == self.generation {
            return Ok(None);
        }
        self.generation = generation;
        let connected = !self.socket.connections()?.is_empty();
        self.connected |= connected;
        Ok(Some(connected))
    }

    /// Waits up to `timeout` for something to be seen by the next look.
    pub(crate) fn wait(&self, timeout: Duration) {
        self.socket.wait_for_change(self.generation, timeout);
    }

    /// Whether it was seen connected, now or earlier.
    pub(crate) fn was_connected(&self) -> bool {
        self.connected
    }

    /// Whether it has taken longer than a connection on this host takes.
    pub(crate) fn is_overdue(&self) -> bool {
        self.at.elapsed() > CONNECT_TIMEOUT
    }
}
