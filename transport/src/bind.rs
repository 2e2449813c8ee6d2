//! Binding: shared memory first, then the public address.

use crate::{Address, Error};
use omq_tokio::Endpoint;
use omq_tokio::blocking::Socket;
use std::os::unix::net::UnixStream;

/// Binds `address`, and with `shm` the shared memory beside it where only this host can reach it.
/// The bound address, with the port that the system chose for port 0.
pub(crate) fn bind(socket: &Socket, address: &Address, shm: bool) -> Result<Address, Error> {
    refuse_live_path(address)?;
    // Shared memory first: who finds the public address open finds the other name too. A port
    // that the system chooses is known only afterwards, to everybody.
    let chosen_later = matches!(address, Address::Tcp { port: 0, .. });
    if shm && !chosen_later {
        offer_shm(socket, address);
    }
    let endpoint = socket
        .bind(address.endpoint())
        .map_err(|error| bind_error(address, &error))?;
    let address = match (endpoint, address) {
        (Endpoint::Tcp { port, .. }, Address::Tcp { host, .. }) => Address::Tcp {
            host: host.clone(),
            port,
        },
        _ => address.clone(),
    };
    if shm && chosen_later {
        offer_shm(socket, &address);
    }
    Ok(address)
}

/// Without shared memory the stream is slower, not wrong: a name that is taken is no error.
fn offer_shm(socket: &Socket, address: &Address) {
    if let Some(name) = address.shm_name() {
        let _ = socket.bind(format!("shm://@{name}"));
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
