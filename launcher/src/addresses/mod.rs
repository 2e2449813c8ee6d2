//! Which address each socket of each instance has.
//!
//! Owns the port arithmetic, the look at whether the ports are free, and the private folder of ipc
//! sockets. It must never hold a port once the instances start: they bind it themselves.

mod error;

use std::fs::Permissions;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::unix::fs::PermissionsExt;

use indexmap::IndexMap;

use crate::LaunchDescription;
pub use error::AddressError;

/// The addresses of a fleet, per socket name one an instance.
#[derive(Debug)]
pub(crate) struct Addresses {
    /// What the instances bind.
    pub(crate) bind: IndexMap<String, Vec<String>>,
    /// What consumers connect to.
    pub(crate) connect: IndexMap<String, Vec<String>>,
    /// A line for the user when others than this machine can reach the sockets.
    pub(crate) warning: Option<String>,
    /// Folder of the ipc sockets, removed when dropped.
    pub(crate) folder: Option<tempfile::TempDir>,
}

impl Addresses {
    /// Lays out the addresses and sees that the ports are free.
    pub(crate) fn plan(description: &LaunchDescription) -> Result<Self, AddressError> {
        let all: Vec<_> = (0..description.num_instances).collect();
        if description.proto == "ipc" {
            Self::ipc(description)
        } else {
            Self::tcp(description, &all, None)
        }
    }

    /// The same where only some of the instances are this machine's, which others reach at `ip`: there
    /// their sockets are bound where the description has this machine's own address, as it has if it
    /// says nothing.
    pub(crate) fn plan_part(
        description: &LaunchDescription,
        only: &[usize],
        ip: IpAddr,
    ) -> Result<Self, AddressError> {
        let mut description = description.clone();
        if ["127.0.0.1", "localhost", "::1"].contains(&description.bind_addr.as_str()) {
            description.bind_addr = ip.to_string();
        }
        let mut planned = Self::tcp(&description, only, Some(ip))?;
        planned.warning = None; // of what the head tells once
        Ok(planned)
    }

    fn ipc(description: &LaunchDescription) -> Result<Self, AddressError> {
        // Not TMPDIR: a Unix socket's path has room for 107 bytes only.
        let folder = tempfile::Builder::new()
            .prefix("blendtorch-")
            .permissions(Permissions::from_mode(0o700))
            .tempdir_in("/tmp")
            .map_err(AddressError::NoFolder)?;
        let path = folder.path().display().to_string();
        let bind = layout(description, |socket, instance| {
            format!("ipc://{path}/{socket}-{instance}")
        });
        Ok(Self {
            connect: bind.clone(),
            bind,
            warning: None,
            folder: Some(folder),
        })
    }

    fn tcp(
        description: &LaunchDescription,
        only: &[usize],
        reached_at: Option<IpAddr>,
    ) -> Result<Self, AddressError> {
        let host = match description.bind_addr.as_str() {
            "primaryip" => local_ip_address::local_ip()
                .map_err(AddressError::NoPrimary)?
                .to_string(),
            "*" => "0.0.0.0".to_owned(),
            given => given.trim_matches(['[', ']']).to_owned(),
        };
        let sockets = description.named_sockets.len();
        let last = sockets
            .checked_mul(description.num_instances)
            .and_then(|n| n.checked_add(usize::from(description.start_port)));
        if last.is_none_or(|end| end > 65536) {
            return Err(AddressError::TooManyPorts {
                start_port: description.start_port,
                sockets,
                instances: description.num_instances,
            });
        }
        let port = |socket: usize, instance: usize| {
            // Fits: checked above.
            (usize::from(description.start_port) + socket * description.num_instances + instance)
                as u16
        };
        let ip = check_free(description, only, &host, port)?;
        let reach = match (ip, reached_at) {
            (Some(ip), Some(at)) if ip.is_unspecified() => at.to_string(),
            (Some(ip), None) if ip.is_unspecified() => reachable_for(ip),
            _ => host.clone(),
        };
        let at = |host: &str| {
            let host = if host.contains(':') {
                format!("[{host}]")
            } else {
                host.to_owned()
            };
            layout(description, move |s, i| {
                format!("tcp://{host}:{}", port(s, i))
            })
        };
        let warning = ip.filter(|ip| !ip.is_loopback()).map(|_| {
            format!(
                "the sockets are bound to {host}: whoever reaches these ports can read the stream and \
                 feed the instances; use 127.0.0.1 or proto \"ipc\" where that is not wanted"
            )
        });
        Ok(Self {
            bind: at(&host),
            connect: at(&reach),
            warning,
            folder: None,
        })
    }
}

fn layout(
    description: &LaunchDescription,
    address: impl Fn(usize, usize) -> String,
) -> IndexMap<String, Vec<String>> {
    description
        .named_sockets
        .iter()
        .enumerate()
        .map(|(s, name)| {
            (
                name.clone(),
                (0..description.num_instances)
                    .map(|i| address(s, i))
                    .collect(),
            )
        })
        .collect()
}

/// Binds every port for a moment, all at the same time. Gives the address that was bound.
fn check_free(
    description: &LaunchDescription,
    only: &[usize],
    host: &str,
    port: impl Fn(usize, usize) -> u16,
) -> Result<Option<IpAddr>, AddressError> {
    let mut held = Vec::new();
    let mut bound = None;
    for (s, socket) in description.named_sockets.iter().enumerate() {
        for &instance in only {
            let port = port(s, instance);
            let listener = (host, port)
                .to_socket_addrs()
                .and_then(|found| TcpListener::bind(found.collect::<Vec<SocketAddr>>().as_slice()))
                .map_err(|source| {
                    let (bind_addr, socket) = (description.bind_addr.clone(), socket.clone());
                    if source.kind() == io::ErrorKind::AddrInUse {
                        AddressError::Occupied {
                            port,
                            bind_addr,
                            socket,
                            instance,
                        }
                    } else {
                        AddressError::Unusable {
                            port,
                            bind_addr,
                            socket,
                            instance,
                            source,
                        }
                    }
                })?;
            bound = listener.local_addr().ok().map(|a| a.ip());
            held.push(listener);
        }
    }
    Ok(bound)
}

/// An address a consumer can connect to when the sockets are bound to all of them.
fn reachable_for(wildcard: IpAddr) -> String {
    let found = if wildcard.is_ipv4() {
        local_ip_address::local_ip()
    } else {
        local_ip_address::local_ipv6()
    };
    match found {
        Ok(ip) => ip.to_string(),
        Err(_) if wildcard.is_ipv4() => "127.0.0.1".into(),
        Err(_) => "::1".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The plan of what is described for a start port, from a few that were free a moment before: other
    /// programs may take them in between.
    fn plan_on_free(n: u16, describe: impl Fn(u16) -> LaunchDescription) -> (u16, Addresses) {
        let planned = (0..20).find_map(|_| {
            let port = free_ports(n);
            match Addresses::plan(&describe(port)) {
                Err(AddressError::Occupied { .. }) => None,
                planned => Some((port, planned.unwrap())),
            }
        });
        planned.expect("ports that stay free")
    }

    /// A start port whose neighbours were free a moment ago.
    fn free_ports(n: u16) -> u16 {
        for _ in 0..1000 {
            let first = TcpListener::bind("127.0.0.1:0").unwrap();
            let port = first.local_addr().unwrap().port();
            let free = |p: u16| TcpListener::bind(("127.0.0.1", p)).is_ok();
            if port < 65000 && (1..n).all(|i| free(port + i)) {
                return port;
            }
        }
        panic!("no {n} free ports in a row");
    }

    fn describe(sockets: &[&str], n: usize, start_port: u16) -> LaunchDescription {
        LaunchDescription {
            named_sockets: sockets.iter().map(|&s| s.into()).collect(),
            num_instances: n,
            start_port,
            ..Default::default()
        }
    }

    #[test]
    fn ports_go_socket_by_socket() {
        let (p, plan) = plan_on_free(6, |p| describe(&["DATA", "CTRL"], 3, p));
        for (s, name) in ["DATA", "CTRL"].into_iter().enumerate() {
            let wanted: Vec<_> = (0..3)
                .map(|i| format!("tcp://127.0.0.1:{}", usize::from(p) + s * 3 + i))
                .collect();
            assert_eq!(plan.bind[name], wanted);
        }
        assert_eq!(plan.bind, plan.connect);
        assert_eq!(plan.warning, None);
    }

    #[test]
    fn an_occupied_port_is_named_with_its_instance() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = taken.local_addr().unwrap().port();
        let error = Addresses::plan(&describe(&["DATA"], 2, port - 1)).unwrap_err();
        // The port before it may be taken too; then that one is named.
        let AddressError::Occupied {
            port: named,
            instance,
            ..
        } = &error
        else {
            panic!("{error}")
        };
        assert_eq!(usize::from(*named), usize::from(port) - 1 + instance);
        assert!(error.to_string().contains("start_port"), "{error}");
    }

    #[test]
    fn a_wildcard_is_replaced_for_consumers_and_warned_of() {
        for wildcard in ["0.0.0.0", "*"] {
            let (_, plan) = plan_on_free(1, |p| LaunchDescription {
                bind_addr: wildcard.into(),
                ..describe(&["DATA"], 1, p)
            });
            assert!(
                plan.bind["DATA"][0].starts_with("tcp://0.0.0.0:"),
                "{plan:?}"
            );
            assert!(!plan.connect["DATA"][0].contains("0.0.0.0"), "{plan:?}");
            assert!(plan.warning.as_deref().unwrap().contains("0.0.0.0"));
        }
    }

    #[test]
    fn ports_end_at_65535() {
        let error = Addresses::plan(&describe(&["DATA"], 2, 65535)).unwrap_err();
        assert!(
            matches!(error, AddressError::TooManyPorts { .. }),
            "{error}"
        );
    }

    #[test]
    fn a_foreign_address_is_refused() {
        let mut description = describe(&["DATA"], 1, free_ports(1));
        description.bind_addr = "192.0.2.7".into(); // reserved for documentation, nobody's
        let error = Addresses::plan(&description).unwrap_err().to_string();
        assert!(
            error.contains("192.0.2.7") && error.contains("instance 0"),
            "{error}"
        );
    }

    #[test]
    fn ipc_sockets_live_in_a_private_folder_that_goes() {
        let mut description = describe(&["DATA"], 2, 11000);
        description.proto = "ipc".into();
        let plan = Addresses::plan(&description).unwrap();
        let folder = plan.folder.as_ref().unwrap().path().to_owned();
        assert_eq!(
            plan.bind["DATA"][1],
            format!("ipc://{}/0-1", folder.display())
        );
        assert_eq!(
            std::fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
            0o700
        );
        drop(plan);
        assert!(!folder.exists());
    }
}
