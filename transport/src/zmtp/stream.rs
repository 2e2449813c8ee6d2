//! Connections over tcp and Unix sockets, which never block, and where they are listened for.

use super::{Lost, low_water};
use crate::{Address, Error};
use rustix::io::Errno;
use rustix::net::sockopt::set_socket_send_buffer_size;
use rustix::net::{SendAncillaryBuffer, SendFlags, sendmsg};
use std::io::{IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Shutdown, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a Unix socket is to hold for its reader. The system's own, of 208 KiB, does not grow as one of
/// tcp does: two threads hand an image to and fro there in six pieces.
const UNIX_BUFFER: usize = 1 << 20;

/// A connection.
#[derive(Debug)]
pub(crate) enum Stream {
    Tcp(TcpStream),
    Unix(UnixStream),
}

impl Stream {
    /// Connects, waiting so long for the answer of each address that the host has.
    pub(super) fn connect(address: &Address, timeout: Duration) -> std::io::Result<Self> {
        let (host, port) = match address {
            Address::Ipc(path) => return Self::unix(UnixStream::connect(path)?),
            Address::Tcp { host, port } => (host.as_str(), *port),
        };
        let addresses = match address.loopback_ip() {
            Some(ip) => vec![(ip, port).into()],
            None => (host, port).to_socket_addrs()?.collect(),
        };
        let mut last = std::io::ErrorKind::NotFound.into();
        for address in addresses {
            match TcpStream::connect_timeout(&address, timeout) {
                Ok(stream) => return Self::tcp(stream),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn tcp(stream: TcpStream) -> std::io::Result<Self> {
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Self::Tcp(stream))
    }

    fn unix(stream: UnixStream) -> std::io::Result<Self> {
        stream.set_nonblocking(true)?;
        Ok(Self::Unix(stream))
    }

    /// Writes what the system takes at once; nothing where it takes nothing.
    pub(super) fn write(&self, parts: &[IoSlice<'_>]) -> Result<usize, Lost> {
        loop {
            let nothing = &mut SendAncillaryBuffer::default();
            match sendmsg(self, parts, nothing, SendFlags::NOSIGNAL) {
                Ok(written) => return Ok(written),
                Err(Errno::AGAIN) => return Ok(0),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Reads what has come; `None` where nothing has.
    pub(super) fn read(&self, places: &mut [IoSliceMut<'_>]) -> Result<Option<usize>, Lost> {
        loop {
            match rustix::io::readv(self, places) {
                Ok(0) => return Err(Lost),
                Ok(read) => return Ok(Some(read)),
                Err(Errno::AGAIN) => return Ok(None),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Lets waits for something to read end when so many bytes are there: over a network, where each
    /// piece of them wakes the reader else.
    pub(super) fn await_bytes(&self, bytes: usize) {
        if let Self::Tcp(stream) = self {
            low_water::set(stream, bytes);
        }
    }

    /// Ends it for both sides, whoever else still holds it.
    pub(super) fn shut_down(&self) {
        // That it has ended already is the only error.
        let _ = match self {
            Self::Tcp(stream) => stream.shutdown(Shutdown::Both),
            Self::Unix(stream) => stream.shutdown(Shutdown::Both),
        };
    }

    /// The other side's address, where it has one.
    pub(super) fn peer(&self) -> Option<String> {
        match self {
            Self::Tcp(stream) => stream.peer_addr().ok().map(|address| address.to_string()),
            Self::Unix(_) => None,
        }
    }
}

impl AsFd for Stream {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(stream) => stream.as_fd(),
            Self::Unix(stream) => stream.as_fd(),
        }
    }
}

/// Waits for connections.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    Unix {
        listener: UnixListener,
        path: PathBuf,
        /// The socket file's, while it is ours.
        file: Option<(u64, u64)>,
    },
}

impl Listener {
    /// Binds `address`; the address, with the port that the system chose for port 0.
    pub(super) fn bind(address: &Address) -> Result<(Self, Address), Error> {
        let failed = |error| bind_error(address, &error);
        match address {
            Address::Ipc(path) => {
                let listener = bind_unix(path).map_err(failed)?;
                listener.set_nonblocking(true).map_err(failed)?;
                let (path, file) = (path.clone(), identity(path));
                let listener = Self::Unix {
                    listener,
                    path,
                    file,
                };
                Ok((listener, address.clone()))
            }
            Address::Tcp { host, port } => {
                let listener = match (host.as_str(), address.loopback_ip()) {
                    (_, Some(ip)) => TcpListener::bind((ip, *port)),
                    ("*", None) => TcpListener::bind((IpAddr::V4(Ipv4Addr::UNSPECIFIED), *port)),
                    (host, None) => TcpListener::bind((host, *port)),
                };
                let listener = listener.map_err(failed)?;
                listener.set_nonblocking(true).map_err(failed)?;
                let port = listener.local_addr().map_err(failed)?.port();
                let host = host.clone();
                Ok((Self::Tcp(listener), Address::Tcp { host, port }))
            }
        }
    }

    /// The next connection, if one has come, and whose it is.
    pub(super) fn accept(&self) -> std::io::Result<Stream> {
        match self {
            Self::Tcp(listener) => Stream::tcp(listener.accept()?.0),
            Self::Unix { listener, .. } => {
                let stream = listener.accept()?.0;
                // As much of it as the system lets users have, and with what there is it works too.
                let _ = set_socket_send_buffer_size(&stream, UNIX_BUFFER);
                Stream::unix(stream)
            }
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix { listener, .. } => listener.as_fd(),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Self::Unix { path, file, .. } = self
            && file.is_some()
            && identity(path) == *file
        {
            // What somebody else removes meanwhile is gone as well.
            let _ = std::fs::remove_file(path);
        }
    }
}

/// What a crash has left at the path is replaced; what somebody listens on, or is no socket, is not.
fn bind_unix(path: &Path) -> std::io::Result<UnixListener> {
    if let Ok(found) = std::fs::symlink_metadata(path) {
        if !found.file_type().is_socket() || UnixStream::connect(path).is_ok() {
            return Err(std::io::ErrorKind::AddrInUse.into());
        }
        std::fs::remove_file(path)?;
    }
    UnixListener::bind(path)
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    let found = std::fs::symlink_metadata(path).ok()?;
    Some((found.dev(), found.ino()))
}

fn bind_error(address: &Address, error: &std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::AddrInUse => Error::AddressInUse(address.clone()),
        _ => Error::Bind {
            address: address.clone(),
            reason: error.to_string(),
        },
    }
}
