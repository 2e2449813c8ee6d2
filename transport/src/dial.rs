//! The way to an address: shared memory where it is offered, else through the socket; and what has
//! come of it.
//!
//! Owns the choice, and the look at the connection. What is done when it is lost is said by whoever
//! dialled.

use crate::socket::{HANDSHAKE_TIMEOUT, Reaches, Socket};
use crate::{Address, Error};
use std::net::TcpStream;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::time::{Duration, Instant};

/// How often an address of this host that does not answer yet is tried again.
pub(crate) const RETRY: Duration = Duration::from_millis(50);
/// A loopback connect answers at once or never.
const PROBE_TIMEOUT: Duration = Duration::from_millis(200);
/// Who listens on this host is reached at once, as soon as the library's thread gets its turn; later
/// nobody has listened any more.
const REACH_TIMEOUT: Duration = Duration::from_secs(1);
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
    let shared = shm_allowed && address.shm_name().is_some_and(|name| shm_answers(&name));
    Some(match address.shm_endpoint().filter(|_| shared) {
        Some(endpoint) => (Path::Shm, endpoint),
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

/// How a connection to an address of this host failed before hands were shaken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nobody listened there any more.
    Unreached,
    /// Whoever was there hung up, or has gone.
    Gone,
    /// It was given all its time.
    Late,
}

/// A socket that connects to one address.
#[derive(Debug)]
pub(crate) struct Dialled {
    pub(crate) socket: Socket,
    /// Of the connections at first, and when they were looked at last.
    first: u64,
    generation: u64,
    at: Instant,
    connected: bool,
    reaches: Reaches,
    reached: Option<u64>,
}

impl Dialled {
    /// Connects a socket by the library's name for the address.
    pub(crate) fn new(socket: Socket, address: &Address, endpoint: String) -> Result<Self, Error> {
        // Both before: what comes and goes at once is seen as well.
        let first = socket.generation();
        let reaches = socket.reaches();
        socket.connect(address, endpoint)?;
        Ok(Self {
            socket,
            first,
            generation: first.wrapping_sub(1),
            at: Instant::now(),
            connected: false,
            reaches,
            reached: None,
        })
    }

    /// Whether it is connected now, where that may be otherwise than at the last look.
    pub(crate) fn look(&mut self) -> Result<Option<bool>, Error> {
        let generation = self.socket.generation();
        if generation == self.generation {
            return Ok(None);
        }
        self.generation = generation;
        let connected = self.socket.connected()? > 0;
        // None now, after two changes: it has come and gone between two looks.
        self.connected |= connected || generation.wrapping_sub(self.first) > 1;
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

    /// Whether it has failed, as far as is known, to come about on this host. One that was late may
    /// come about all the same.
    pub(crate) fn failure(&mut self) -> Result<Option<Failure>, Error> {
        if self.connected {
            return Ok(None);
        }
        self.reached = self.reaches.latest().or(self.reached);
        let age = self.at.elapsed();
        Ok(match self.reached {
            // The other side hung up, or the library did when its time was over.
            Some(connection) if !self.socket.has(connection)? => Some(match age {
                age if age < HANDSHAKE_TIMEOUT => Failure::Gone,
                _ => Failure::Late,
            }),
            Some(_) => (age > CONNECT_TIMEOUT).then_some(Failure::Late),
            None => (age > REACH_TIMEOUT).then_some(Failure::Unreached),
        })
    }
}
