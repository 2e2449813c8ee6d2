//! What a fleet tells its consumers: where to connect, and what was run.
//!
//! Owns the launch info's JSON form. It must never hold more than can be shown to anybody who may
//! connect.

use std::io;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

/// A launch info that could not be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InfoError {
    /// The file could not be read or written.
    #[error("launch info {}: {source}; give a path in a folder that exists and is yours", .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The text is not a launch info.
    #[error(
        "launch info{}: {source}; it must be what --out-launch-info wrote: an object with \"addresses\" and \"commands\"",
        .file.as_ref().map(|f| format!(" {}", f.display())).unwrap_or_default()
    )]
    Json {
        /// The file, where there was one.
        file: Option<PathBuf>,
        /// What the parser said.
        source: serde_json::Error,
    },
}

/// Where to connect to a fleet, and the command line of each instance.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaunchInfo {
    /// Socket name → one address an instance, in the order of the instances. A wildcard bind address
    /// is replaced by one that can be connected to.
    pub addresses: IndexMap<String, Vec<String>>,
    /// One command line an instance, quoted so that a shell takes it as it stands.
    pub commands: Vec<String>,
    /// The fleet's name on the control channel, by which this user's programs on its host ask how it
    /// is. It lets nobody else do anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fleet: Option<String>,
}

impl LaunchInfo {
    /// The info as indented JSON with the keys `addresses` and `commands`.
    ///
    /// # Errors
    /// None in practice; the serializer's own.
    pub fn to_json(&self) -> Result<String, InfoError> {
        serde_json::to_string_pretty(self).map_err(|source| InfoError::Json { file: None, source })
    }

    /// Reads what [`Self::to_json`] wrote.
    ///
    /// # Errors
    /// The text is not a launch info.
    pub fn from_json(text: &str) -> Result<Self, InfoError> {
        serde_json::from_str(text).map_err(|source| InfoError::Json { file: None, source })
    }

    /// Writes the info to a file. It appears whole: a reader that waits for it never sees half.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save_json(&self, path: impl AsRef<Path>) -> Result<(), InfoError> {
        let path = path.as_ref();
        let text = self.to_json()? + "\n";
        write_whole(path, &text).map_err(|source| InfoError::Io {
            file: path.into(),
            source,
        })
    }

    /// Reads a launch info from a file.
    ///
    /// # Errors
    /// The file cannot be read or is not a launch info.
    pub fn load_json(path: impl AsRef<Path>) -> Result<Self, InfoError> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|source| InfoError::Io {
            file: path.into(),
            source,
        })?;
        serde_json::from_str(&text).map_err(|source| InfoError::Json {
            file: Some(path.into()),
            source,
        })
    }
}

fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    // What is there and is no plain file (/dev/stdout, a pipe) must not be replaced by one.
    if std::fs::metadata(path).is_ok_and(|m| !m.is_file()) {
        return std::fs::write(path, text);
    }
    let mut beside = path.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    std::fs::write(&beside, text)?;
    std::fs::rename(&beside, path).inspect_err(|_| {
        let _ = std::fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saves_and_loads_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("info.json");
        let mut info = LaunchInfo {
            commands: vec!["a b".into()],
            ..Default::default()
        };
        for name in ["DATA", "CTRL", "A"] {
            info.addresses
                .insert(name.into(), vec![format!("tcp://127.0.0.1/{name}")]);
        }
        info.save_json(&file).unwrap();
        let read = LaunchInfo::load_json(&file).unwrap();
        assert_eq!(read, info);
        assert!(read.addresses.keys().eq(["DATA", "CTRL", "A"]));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn errors_name_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("no/info.json");
        let said = LaunchInfo::default()
            .save_json(&file)
            .unwrap_err()
            .to_string();
        assert!(said.contains("no/info.json"), "{said}");
        let file = folder.path().join("bad.json");
        std::fs::write(&file, "[]").unwrap();
        let said = LaunchInfo::load_json(&file).unwrap_err().to_string();
        assert!(
            said.contains("bad.json") && said.contains("addresses"),
            "{said}"
        );
    }
}
