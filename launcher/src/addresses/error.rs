//! Why the sockets cannot have their addresses.

use std::io;

/// Why the sockets cannot have the addresses the description asks for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    /// Ports beyond 65535 would be needed.
    #[error(
        "there are not ports enough: {sockets} sockets of {instances} instances from start_port \
         {start_port} on go beyond port 65535; write fewer instances, a smaller start_port, or proto \
         \"ipc\", which needs none"
    )]
    TooManyPorts {
        /// First port.
        start_port: u16,
        /// Sockets of each instance.
        sockets: usize,
        /// Number of instances.
        instances: usize,
    },
    /// Somebody listens on a port already.
    #[error(
        "port {port} of {bind_addr} (socket {socket} of instance {instance}) is occupied; end the \
         program that listens on it, perhaps another launcher, or choose another start_port"
    )]
    Occupied {
        /// The port.
        port: u16,
        /// The address asked for.
        bind_addr: String,
        /// Name of the socket.
        socket: String,
        /// Index of the instance.
        instance: usize,
    },
    /// The address cannot be bound on this machine.
    #[error(
        "bind_addr {bind_addr:?} cannot be bound (port {port}, socket {socket} of instance \
         {instance}): {source}; use 127.0.0.1, 0.0.0.0, \"primaryip\" or an address of this machine"
    )]
    Unusable {
        /// The port.
        port: u16,
        /// The address asked for.
        bind_addr: String,
        /// Name of the socket.
        socket: String,
        /// Index of the instance.
        instance: usize,
        /// What the system said.
        source: io::Error,
    },
    /// There is no default route whose address could be taken.
    #[error("bind_addr \"primaryip\": {0}; write the address to bind instead")]
    NoPrimary(local_ip_address::Error),
    /// The private folder of the ipc sockets could not be made.
    #[error("no private folder for ipc sockets could be made in /tmp: {0}; use proto \"tcp\"")]
    NoFolder(io::Error),
}

impl AddressError {
    /// The key of the description that is to blame.
    #[must_use]
    pub fn key(&self) -> &'static str {
        match self {
            Self::TooManyPorts { .. } => "num_instances",
            Self::Occupied { .. } => "start_port",
            Self::Unusable { .. } | Self::NoPrimary(_) => "bind_addr",
            Self::NoFolder(_) => "proto",
        }
    }
}
