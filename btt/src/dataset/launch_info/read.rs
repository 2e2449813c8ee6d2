//! A launch info's addresses, as one who follows the file reads them.
//!
//! Owns the look at the file. It must never take a file for whole that is not, nor read one again that
//! has not changed.

use blendtorch_transport::{Address, AddressError};
use indexmap::{IndexMap, IndexSet};
use serde::Deserialize;
use serde::de::IgnoredAny;
use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// A launch info of a hundred thousand instances has less.
const MOST_BYTES: u64 = 64 << 20;

/// A file that is no launch info, or cannot be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum LaunchInfoError {
    /// The file cannot be read.
    #[error("launch info {}: {source}; see that this user can read it on this machine", file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is none.
    #[error(
        "launch info {}: {source}; it must be what the launcher wrote (--out-launch-info): an object \
         with \"addresses\" and \"commands\"",
        file.display()
    )]
    Json {
        /// The file.
        file: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// Its instances have no socket of that name.
    #[error(
        "launch info {}: its instances have no socket \"{socket}\", only {}; follow one of those",
        file.display(), there.join(", ")
    )]
    NoSocket {
        /// The file.
        file: PathBuf,
        /// The name that was asked for.
        socket: String,
        /// The names that there are.
        there: Vec<String>,
    },
    /// What it has for an address is none.
    #[error("launch info {}: {source}", file.display())]
    Address {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: AddressError,
    },
}

/// What a launch info says of one socket.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// Of the instances that are known, each once.
    pub(super) addresses: IndexSet<Address>,
    /// How many instances there are, or are to be: there is a command line for each.
    pub(super) instances: usize,
}

/// What a look at the file brought.
#[derive(Debug)]
pub(super) enum Look {
    /// It is as it was.
    Same,
    /// It was read.
    Listed(Listing),
    /// There is none.
    Missing,
    /// It is no launch info, or not yet a whole one.
    Wrong(LaunchInfoError),
}

/// A file that is looked at again and again.
#[derive(Debug)]
pub(super) struct LaunchInfoFile {
    path: PathBuf,
    socket: String,
    /// Which file was read last.
    read: Option<Mark>,
}

/// Device, inode, length, and when it was written and changed: of another file, or of one that was
/// written to since, one of these is another.
type Mark = (u64, u64, u64, (i64, i64), (i64, i64));

#[derive(Deserialize)]
struct LaunchInfo {
    addresses: IndexMap<String, Vec<String>>,
    #[serde(default)]
    commands: Vec<IgnoredAny>,
}

impl LaunchInfoFile {
    pub(super) fn new(path: &Path, socket: &str) -> Self {
        Self {
            path: path.to_owned(),
            socket: socket.to_owned(),
            read: None,
        }
    }

    /// Looks at it, and reads it if it is another one than last time.
    pub(super) fn look(&mut self) -> Look {
        match self.changed() {
            Ok(None) => Look::Same,
            Ok(Some((mark, text))) => match self.listing(&text) {
                Ok(listing) => {
                    self.read = Some(mark);
                    Look::Listed(listing)
                }
                Err(error) => self.wrong(error),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.read = None;
                Look::Missing
            }
            Err(source) => {
                let file = self.path.clone();
                self.wrong(LaunchInfoError::Io { file, source })
            }
        }
    }

    fn wrong(&mut self, error: LaunchInfoError) -> Look {
        self.read = None;
        Look::Wrong(error)
    }

    /// Its text, where it is another one than was read.
    fn changed(&self) -> io::Result<Option<(Mark, Vec<u8>)>> {
        // To open a pipe would wait for its writer.
        if !fs::metadata(&self.path)?.is_file() {
            return Err(io::Error::other("it is no plain file"));
        }
        // Opened, and not only asked after: so NFS looks whether it is another one by now.
        let file = File::open(&self.path)?;
        let about = file.metadata()?;
        let mark = mark(&about);
        if self.read == Some(mark) {
            return Ok(None);
        }
        if about.len() > MOST_BYTES {
            return Err(io::Error::other("it is larger than any launch info"));
        }
        let mut text = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut text)?;
        Ok(Some((mark, text)))
    }

    fn listing(&self, text: &[u8]) -> Result<Listing, LaunchInfoError> {
        let file = || self.path.clone();
        let info: LaunchInfo =
            serde_json::from_slice(text).map_err(|source| LaunchInfoError::Json {
                file: file(),
                source,
            })?;
        let addresses = match info.addresses.get(&self.socket) {
            Some(addresses) => addresses.as_slice(),
            // Nobody is known yet.
            None if info.addresses.is_empty() => &[],
            None => {
                return Err(LaunchInfoError::NoSocket {
                    file: file(),
                    socket: self.socket.clone(),
                    there: info.addresses.into_keys().collect(),
                });
            }
        };
        let addresses = addresses.iter().map(|address| address.parse());
        Ok(Listing {
            addresses: addresses.collect::<Result<_, _>>().map_err(|source| {
                LaunchInfoError::Address {
                    file: file(),
                    source,
                }
            })?,
            instances: info.commands.len(),
        })
    }
}

fn mark(about: &Metadata) -> Mark {
    (
        about.dev(),
        about.ino(),
        about.len(),
        (about.mtime(), about.mtime_nsec()),
        (about.ctime(), about.ctime_nsec()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, LaunchInfoFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("launch_info.json");
        fs::write(&path, text).unwrap();
        let file = LaunchInfoFile::new(&path, "DATA");
        (folder, file)
    }

    #[test]
    fn a_launch_info_is_read_once_and_again_when_it_has_changed() {
        let (_folder, mut file) = written(
            r#"{"addresses": {"CTRL": ["tcp://h:9"], "DATA": ["tcp://h:1", "tcp://h:2", "tcp://h:1"]},
                "commands": ["a", "b", "c"], "fleet": "f", "new": 1}"#,
        );
        let Look::Listed(listing) = file.look() else {
            panic!("it is not read")
        };
        let addresses: Vec<_> = listing.addresses.iter().map(ToString::to_string).collect();
        assert_eq!(addresses, ["tcp://h:1", "tcp://h:2"]);
        assert_eq!(listing.instances, 3);
        assert!(matches!(file.look(), Look::Same));
        let beside = file.path.with_extension("new");
        fs::write(&beside, r#"{"addresses": {}, "commands": []}"#).unwrap();
        fs::rename(&beside, &file.path).unwrap();
        assert!(matches!(file.look(), Look::Listed(none) if none == Listing::default()));
        fs::remove_file(&file.path).unwrap();
        assert!(matches!(file.look(), Look::Missing));
    }

    #[test]
    fn what_is_no_launch_info_is_an_error_that_names_the_file() {
        for (text, says) in [
            ("", "EOF"),
            (r#"{"addresses": {"DATA": ["tcp://h:1""#, "EOF"),
            ("[]", "must be what the launcher wrote"),
            (r#"{"scene": ""}"#, "missing field `addresses`"),
            (r#"{"addresses": {"DATA": ["h:1"]}}"#, "'h:1' is no address"),
            (
                r#"{"addresses": {"A": [], "B": []}}"#,
                "no socket \"DATA\", only A, B",
            ),
        ] {
            let (_folder, mut file) = written(text);
            let Look::Wrong(error) = file.look() else {
                panic!("{text} is taken for one")
            };
            let error = error.to_string();
            assert!(
                error.contains(says) && error.contains("launch_info.json: "),
                "{error}"
            );
            // It may be one that is being written.
            assert!(matches!(file.look(), Look::Wrong(_)));
        }
        let folder = tempfile::tempdir().unwrap();
        let look = LaunchInfoFile::new(folder.path(), "DATA").look();
        assert!(matches!(look, Look::Wrong(LaunchInfoError::Io { .. })));
    }
}
