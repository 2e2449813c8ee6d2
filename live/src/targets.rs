//! Where viewers are: addresses, or a launch info that lists them.

use std::path::Path;

use serde_json::Value;

use crate::{LiveError, SOCKET};

/// A launch info larger than this is none.
const MAX_INFO_BYTES: u64 = 16 << 20;

/// The addresses that `given` stand for: each is one, or the path of a launch info, whose instances'
/// sockets named `ACTIVITY` are taken.
///
/// # Errors
/// [`LiveError::NoAddresses`], [`LiveError::LaunchInfo`].
pub fn targets<T: AsRef<str>>(given: &[T]) -> Result<Vec<String>, LiveError> {
    let mut found: Vec<String> = Vec::new();
    for one in given {
        let one = one.as_ref();
        let addresses = match one.contains("://") {
            true => vec![one.to_owned()],
            false => listed(Path::new(one))?,
        };
        for address in addresses {
            if !found.contains(&address) {
                found.push(address);
            }
        }
    }
    match found.is_empty() {
        true => Err(LiveError::NoAddresses),
        false => Ok(found),
    }
}

fn listed(file: &Path) -> Result<Vec<String>, LiveError> {
    let wrong = |problem: String| LiveError::LaunchInfo {
        file: file.into(),
        problem,
    };
    let unreadable = |error: std::io::Error| {
        wrong(format!(
            "{error}; give the file that --out-launch-info wrote, or an address as tcp://host:port"
        ))
    };
    if std::fs::metadata(file).map_err(unreadable)?.len() > MAX_INFO_BYTES {
        return Err(wrong("it is too large for a launch info".to_owned()));
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let info: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let sockets = info.get("addresses").and_then(Value::as_object);
    let sockets = sockets.ok_or_else(|| wrong("it has no \"addresses\"".to_owned()))?;
    let Some(addresses) = sockets.get(SOCKET) else {
        let names: Vec<&str> = sockets.keys().map(String::as_str).collect();
        return Err(wrong(format!(
            "its instances have no socket named {SOCKET}, but {}; add it to named_sockets",
            names.join(", ")
        )));
    };
    let addresses = addresses.as_array().into_iter().flatten();
    let addresses: Vec<String> = addresses
        .filter_map(|one| one.as_str().map(str::to_owned))
        .collect();
    match addresses.is_empty() {
        true => Err(LiveError::NoAddresses),
        false => Ok(addresses),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_launch_infos_are_mixed_and_named_once() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("info.json");
        let info = r#"{"addresses": {"ACTIVITY": ["tcp://a:1", "tcp://a:2"]}, "commands": []}"#;
        std::fs::write(&file, info).unwrap();
        let file = file.to_str().unwrap();
        let found = targets(&["tcp://a:2", file]).unwrap();
        assert_eq!(found, ["tcp://a:2", "tcp://a:1"]);
    }

    #[test]
    fn a_launch_info_without_the_socket_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("info.json");
        std::fs::write(&file, r#"{"addresses": {"DATA": ["tcp://a:1"]}}"#).unwrap();
        let said = targets(&[file.to_str().unwrap()]).unwrap_err().to_string();
        assert!(
            said.contains("DATA") && said.contains("named_sockets"),
            "{said}"
        );
        assert!(matches!(targets::<&str>(&[]), Err(LiveError::NoAddresses)));
        let said = targets(&["/no/where.json"]).unwrap_err().to_string();
        assert!(said.contains("where.json"), "{said}");
    }
}
