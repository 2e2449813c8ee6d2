//! Finding each other: an abstract name beside the public address.

use super::stream::Stream;
use crate::Address;
use rustix::net::sockopt::socket_peercred;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};

/// Waits for askers of the same user on this host.
#[derive(Debug)]
pub(crate) struct Listener {
    socket: UnixListener,
    max_bytes: usize,
}

impl Listener {
    /// Listens beside `address`. Without this the way is slower, not wrong: a name that is taken is
    /// no error.
    pub(crate) fn beside(address: &Address, max_bytes: usize) -> Option<Self> {
        let socket = UnixListener::bind_addr(&name(address)?).ok()?;
        socket.set_nonblocking(true).ok()?;
        Some(Self { socket, max_bytes })
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// The next asker, if one has come. Those of other users are turned away.
    pub(crate) fn accept(&self) -> Option<Stream> {
        loop {
            let (socket, _) = self.socket.accept().ok()?;
            if is_ours(&socket)
                && let Ok(stream) = Stream::new(socket, self.max_bytes)
            {
                return Some(stream);
            }
        }
    }
}

impl Stream {
    /// Connects beside `address`, if somebody of the same user listens there.
    pub(crate) fn beside(address: &Address, max_bytes: usize) -> Option<Self> {
        let socket = UnixStream::connect_addr(&name(address)?).ok()?;
        is_ours(&socket)
            .then(|| Self::new(socket, max_bytes).ok())
            .flatten()
    }
}

/// Whether the process at the other end belongs to the user of this one.
fn is_ours(socket: &UnixStream) -> bool {
    socket_peercred(socket).is_ok_and(|peer| peer.uid == rustix::process::geteuid())
}

/// The abstract name beside a public address; `None` where there is no direct way.
fn name(address: &Address) -> Option<SocketAddr> {
    let name = format!("{}-direct", address.shm_name()?);
    SocketAddr::from_abstract_name(name).ok()
}
