//! Who brings images into batches.

use clap::ValueEnum;

/// Who brings images into batches, and through what.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    /// A thread copies images to other memory of its process.
    Memcpy1,
    /// Two threads do.
    Memcpy2,
    /// pyzmq, pickle and torch's default_collate over tcp: what the original does.
    Baseline,
    /// A Unix stream socket, read into the batch's memory.
    UnixSocket,
    /// The same over tcp.
    TcpSocket,
    /// libzmq's PUSH and PULL without pickle, copied from its memory into the batch's.
    LibzmqTcp,
    /// The same over ipc.
    LibzmqIpc,
    /// Ours, all of it through the socket.
    Tcp,
    /// The same over ipc.
    Ipc,
    /// Ours: the producer copies its array into shared memory, the consumer into a batch.
    Shm,
    /// Ours: the producer writes in shared memory, the consumer copies into a batch.
    InPlace,
    /// As `Shm`, consumed by `btt.DataLoader` in Python.
    ShmTorch,
}

impl Way {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Memcpy1 => "memcpy, 1 thread",
            Self::Memcpy2 => "memcpy, 2 threads",
            Self::Baseline => "pyzmq + pickle + default_collate",
            Self::UnixSocket => "unix socket",
            Self::TcpSocket => "tcp socket",
            Self::LibzmqTcp => "libzmq tcp (by pyzmq)",
            Self::LibzmqIpc => "libzmq ipc (by pyzmq)",
            Self::Tcp => "blendtorch tcp",
            Self::Ipc => "blendtorch ipc",
            Self::Shm => "blendtorch shm",
            Self::InPlace => "blendtorch in place",
            Self::ShmTorch => "blendtorch shm, torch",
        }
    }

    /// Numbers of producers with which it is measured.
    pub(super) fn producers(self) -> &'static [usize] {
        match self {
            Self::Memcpy1 | Self::Memcpy2 => &[1],
            Self::UnixSocket | Self::TcpSocket | Self::LibzmqTcp | Self::LibzmqIpc => &[1, 4],
            Self::ShmTorch => &[1, 4],
            Self::Baseline | Self::Tcp | Self::Ipc | Self::Shm | Self::InPlace => &[1, 2, 4],
        }
    }

    /// Whether its address is a path; else it is a port.
    pub(super) fn has_path(self) -> bool {
        matches!(self, Self::UnixSocket | Self::LibzmqIpc | Self::Ipc)
    }

    /// About how many GB it takes in a second, and how many seconds an image takes however small:
    /// how much to send, so that each case takes about as long.
    pub(super) fn pace(self) -> (f64, f64) {
        match self {
            Self::Memcpy1 | Self::Memcpy2 => (20.0, 1e-7),
            Self::Baseline => (1.5, 4e-5),
            Self::UnixSocket | Self::TcpSocket => (4.0, 3e-6),
            Self::LibzmqTcp | Self::LibzmqIpc => (2.5, 2e-5),
            Self::Tcp | Self::Ipc => (4.0, 4e-6),
            Self::Shm | Self::InPlace | Self::ShmTorch => (13.0, 4e-6),
        }
    }
}
