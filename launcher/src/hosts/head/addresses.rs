//! By which addresses hosts reach this machine.

use std::net::IpAddr;

use tokio::net::TcpListener;

/// Listens where hosts will look: at the address that was said, where it is one of this machine's, or
/// else at all.
pub(super) async fn listener(said: Option<&str>) -> std::io::Result<TcpListener> {
    let ip: Option<IpAddr> = said.and_then(|said| said.trim_matches(['[', ']']).parse().ok());
    if let Some(ip) = ip
        && let Ok(listener) = TcpListener::bind((ip, 0)).await
    {
        return Ok(listener);
    }
    TcpListener::bind(("0.0.0.0", 0)).await
}

/// All that it has, those that other machines cannot mean last; or the one that was said.
pub(super) fn of_this_machine(said: Option<&str>, port: u16) -> Vec<String> {
    if let Some(said) = said {
        let ip: Option<IpAddr> = said.trim_matches(['[', ']']).parse().ok();
        return vec![match ip {
            Some(IpAddr::V6(ip)) => format!("[{ip}]:{port}"),
            _ => format!("{said}:{port}"),
        }];
    }
    // Where nothing is said, it is listened at those of IPv4.
    let found = local_ip_address::list_afinet_netifas().unwrap_or_default();
    let mut all: Vec<IpAddr> = found.into_iter().map(|(_, ip)| ip).collect();
    all.retain(IpAddr::is_ipv4);
    all.push(IpAddr::from([127, 0, 0, 1]));
    all.sort_by_key(IpAddr::is_loopback);
    all.dedup();
    all.iter().map(|ip| format!("{ip}:{port}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_this_machine_can_mean_comes_last_and_what_is_said_goes_before() {
        let all = of_this_machine(None, 7);
        assert_eq!(all.last().unwrap(), "127.0.0.1:7");
        assert_eq!(all.iter().filter(|one| one.starts_with("127.")).count(), 1);
        assert_eq!(of_this_machine(Some("login-1"), 7), ["login-1:7"]);
        assert_eq!(of_this_machine(Some("fe80::1"), 7), ["[fe80::1]:7"]);
    }
}
