//! Addresses: `tcp://host:port` and `ipc://path`, and the shared-memory name beside them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::str::FromStr;
use thiserror::Error;

/// Where a sender binds and receivers connect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// `tcp://host:port`. Port 0 binds a free one; host `*` binds every interface.
    Tcp {
        /// A name or an IP address, without brackets.
        host: String,
        /// The port.
        port: u16,
    },
    /// `ipc://path`: a Unix socket in the file system.
    Ipc(PathBuf),
}

/// Text that is no address.
#[derive(Debug, Error, PartialEq, Eq)]
#[error(
    "'{text}' is no address: {reason}. Addresses look like tcp://127.0.0.1:11000 or ipc:///tmp/name"
)]
pub struct AddressError {
    text: String,
    reason: &'static str,
}

impl FromStr for Address {
    type Err = AddressError;

    fn from_str(text: &str) -> Result<Self, AddressError> {
        let error = |reason| AddressError {
            text: text.to_owned(),
            reason,
        };
        if let Some(path) = text.strip_prefix("ipc://") {
            return match path.starts_with('@') || path.is_empty() {
                true => Err(error("an ipc address needs a path in the file system")),
                false => Ok(Self::Ipc(path.into())),
            };
        }
        let rest = text
            .strip_prefix("tcp://")
            .ok_or_else(|| error("it starts with neither tcp:// nor ipc://"))?;
        let (host, port) = rest
            .rsplit_once(':')
            .ok_or_else(|| error("the port is missing"))?;
        let port = port
            .parse()
            .map_err(|_| error("the port is not a number up to 65535"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || host.contains(|c: char| c.is_whitespace() || c == '/') {
            return Err(error("the host is not a name or an IP address"));
        }
        Ok(Self::Tcp {
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.contains(':') => write!(f, "tcp://[{host}]:{port}"),
            Self::Tcp { host, port } => write!(f, "tcp://{host}:{port}"),
            Self::Ipc(path) => write!(f, "ipc://{}", path.display()),
        }
    }
}

impl Address {
    /// Whether only processes of this host can reach it.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self {
            Self::Tcp { .. } => self.loopback_ip().is_some(),
            Self::Ipc(_) => true,
        }
    }

    /// The loopback address it names, if it does. `localhost` is 127.0.0.1 on both sides, so that
    /// both find the same shared-memory name.
    pub(crate) fn loopback_ip(&self) -> Option<IpAddr> {
        let Self::Tcp { host, .. } = self else {
            return None;
        };
        let ip = match host.as_str() {
            "localhost" => IpAddr::V4(Ipv4Addr::LOCALHOST),
            host => host.parse().ok()?,
        };
        ip.is_loopback().then_some(ip)
    }

    /// The abstract socket name under which a sender bound here offers shared memory, without the
    /// `@`. None when other hosts could reach the address: shared memory is for one user of one
    /// host.
    pub(crate) fn shm_name(&self) -> Option<String> {
        let user = rustix::process::geteuid().as_raw();
        match self {
            Self::Tcp { port, .. } => {
                let ip = self.loopback_ip()?;
                // Two loopback addresses may have the same port; the usual one needs no mention.
                match ip == IpAddr::V4(Ipv4Addr::LOCALHOST) {
                    true => Some(format!("blendtorch-{user}-{port}")),
                    false => Some(format!("blendtorch-{user}-{ip}-{port}")),
                }
            }
            Self::Ipc(path) => {
                let name = format!("blendtorch-{user}-{}", path.display());
                // An abstract name has 107 bytes; a longer path travels inline.
                (name.len() <= 107).then_some(name)
            }
        }
    }

    /// The library's name for the shared memory beside it.
    pub(crate) fn shm_endpoint(&self) -> Option<String> {
        Some(format!("shm://@{}", self.shm_name()?))
    }

    /// What the library is given: `localhost` resolved as both sides agreed.
    pub(crate) fn endpoint(&self) -> String {
        match (self, self.loopback_ip()) {
            (Self::Tcp { port, .. }, Some(ip)) => {
                let host = ip.to_string();
                Self::Tcp { host, port: *port }.to_string()
            }
            _ => self.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_round_trip() {
        for text in [
            "tcp://127.0.0.1:11000",
            "tcp://*:0",
            "tcp://render-node.example:65535",
            "tcp://[::1]:11000",
            "ipc:///tmp/with=equals and spaces",
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_no_address_is_refused_with_a_reason() {
        for (text, reason) in [
            ("127.0.0.1:11000", "neither tcp:// nor ipc://"),
            ("tcp://127.0.0.1", "the port"),
            ("tcp://127.0.0.1:70000", "up to 65535"),
            ("tcp://:11000", "the host"),
            ("tcp://a/b:1", "the host"),
            ("ipc://", "needs a path"),
            ("shm://@x", "neither"),
        ] {
            let error = text.parse::<Address>().unwrap_err().to_string();
            assert!(error.contains(reason), "{error}");
        }
    }

    #[test]
    fn shared_memory_is_offered_on_this_host_only() {
        let shm = |text: &str| text.parse::<Address>().unwrap().shm_name();
        assert!(shm("tcp://127.0.0.1:11000").unwrap().ends_with("-11000"));
        assert_eq!(shm("tcp://localhost:11000"), shm("tcp://127.0.0.1:11000"));
        assert_ne!(shm("tcp://127.0.0.2:11000"), shm("tcp://127.0.0.1:11000"));
        assert!(shm("ipc:///tmp/x").is_some());
        assert_eq!(shm("tcp://*:11000"), None);
        assert_eq!(shm("tcp://0.0.0.0:11000"), None);
        assert_eq!(shm("tcp://192.168.0.7:11000"), None);
        assert_eq!(shm("tcp://example.org:11000"), None);
    }
}
