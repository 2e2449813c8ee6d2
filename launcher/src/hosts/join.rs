//! How a host, or who asks, finds its head: addresses, and the job's key.
//!
//! Owns the three ways by which they are handed over: the environment, a file that is this user's
//! alone, a line on stdin. It must never take a key from a command line, nor from a file that others
//! can read.

use std::fs;
use std::io::{self, BufRead, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::sealed::Key;

/// The variable with the addresses of the head, with commas between them.
pub const HEAD: &str = "BLENDTORCH_HEAD";
/// The variable with the key of the job, 64 hexadecimal digits.
pub const HEAD_KEY: &str = "BLENDTORCH_HEAD_KEY";

/// What is handed over is not longer than this.
const LONGEST: u64 = 64 << 10;

/// Why it is not known where the head is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JoinError {
    /// Nothing says it.
    #[error(
        "it is not said where the head is: {HEAD} and {HEAD_KEY} are not set; `blendtorch-launch` starts \
         hosts with them, or give --join FILE, or --stdin"
    )]
    Unknown,
    /// The file cannot be read.
    #[error("{}: {source}; give the file that the head wrote", .file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others can read the key.
    #[error(
        "{}: others than you can read the key in it (mode {mode:o}); run `chmod 600` on it and start the \
         job anew, whose key is another one", .file.display()
    )]
    Readable {
        /// The file.
        file: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// It is somebody else's.
    #[error("{}: it is not this user's: give the file that your own head wrote", .file.display())]
    NotYours {
        /// The file.
        file: PathBuf,
    },
    /// It is no such thing.
    #[error(
        "{from}: {problem}; it must be {{\"addresses\": [\"host:port\"], \"key\": 64 hexadecimal digits}}"
    )]
    Wrong {
        /// Where it came from.
        from: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// Where the head is, and what it is known by.
#[derive(Debug, Clone)]
pub struct Join {
    pub(crate) addresses: Vec<String>,
    pub(crate) key: Key,
    /// By what whoever supplied the host knows it, where that was handed over too.
    pub(crate) slot: Option<String>,
}

/// As it is written.
#[derive(Serialize, Deserialize)]
struct Written {
    addresses: Vec<String>,
    key: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    slot: Option<String>,
}

impl Join {
    /// Of the variables [`HEAD`] and [`HEAD_KEY`].
    ///
    /// # Errors
    /// They are not set, or hold something else.
    pub fn from_env() -> Result<Self, JoinError> {
        let value = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
        let (Some(addresses), Some(key)) = (value(HEAD), value(HEAD_KEY)) else {
            return Err(JoinError::Unknown);
        };
        let addresses = addresses.split(',').map(str::to_owned).collect();
        Written {
            addresses,
            key,
            slot: None,
        }
        .checked(HEAD)
    }

    /// Of a file that is this user's, and that nobody else can read.
    ///
    /// # Errors
    /// It cannot be read, is somebody else's, is readable by others, or holds something else.
    pub fn from_file(file: &Path) -> Result<Self, JoinError> {
        let text = read_private(file)?;
        Self::from_json(&text, &file.display().to_string())
    }

    /// Of the first line of stdin.
    ///
    /// # Errors
    /// There is none, or it holds something else.
    pub fn from_stdin() -> Result<Self, JoinError> {
        let mut line = String::new();
        let read = io::stdin().lock().take(LONGEST).read_line(&mut line);
        match read {
            Ok(1..) => Self::from_json(&line, "stdin"),
            _ => Err(JoinError::Unknown),
        }
    }

    pub(crate) fn from_json(text: &str, from: &str) -> Result<Self, JoinError> {
        let written: Result<Written, _> = serde_json::from_str(text);
        match written {
            Ok(written) => written.checked(from),
            // What serde says may hold a part of the text, and so of the key.
            Err(error) => Err(JoinError::Wrong {
                from: from.to_owned(),
                problem: format!("line {}, column {}", error.line(), error.column()),
            }),
        }
    }

    /// One line of JSON, for a file of this user's or stdin.
    pub(crate) fn to_json(&self) -> String {
        let written = Written {
            addresses: self.addresses.clone(),
            key: self.key.to_hex(),
            slot: self.slot.clone(),
        };
        serde_json::to_string(&written).unwrap_or_default()
    }

    /// The same for one host, whose supplier knows it by this.
    pub(crate) fn for_slot(&self, slot: &str) -> Self {
        Self {
            slot: Some(slot.to_owned()),
            ..self.clone()
        }
    }

    /// The variables by which a process that is started finds the head.
    pub(crate) fn variables(&self) -> Vec<(String, String)> {
        vec![
            (HEAD.to_owned(), self.addresses.join(",")),
            (HEAD_KEY.to_owned(), self.key.to_hex()),
        ]
    }
}

impl Written {
    fn checked(self, from: &str) -> Result<Join, JoinError> {
        let wrong = |problem: String| JoinError::Wrong {
            from: from.to_owned(),
            problem,
        };
        let key = Key::from_hex(&self.key).ok_or_else(|| wrong("its key is none".into()))?;
        let is_one = |address: &String| {
            let port = address.rsplit_once(':').map(|(_, port)| port);
            port.is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
        };
        if let Some(odd) = self.addresses.iter().find(|address| !is_one(address)) {
            return Err(wrong(format!("{odd:?} is no host and port")));
        }
        if self.addresses.is_empty() {
            return Err(wrong("it has no address".into()));
        }
        Ok(Join {
            addresses: self.addresses,
            key,
            slot: self.slot,
        })
    }
}

/// The text of a file that is this user's alone.
pub(super) fn read_private(file: &Path) -> Result<String, JoinError> {
    let failed = |source| JoinError::File {
        file: file.to_owned(),
        source,
    };
    let opened = fs::File::open(file).map_err(failed)?;
    let about = opened.metadata().map_err(failed)?;
    if about.uid() != rustix::process::geteuid().as_raw() {
        return Err(JoinError::NotYours { file: file.into() });
    }
    let mode = about.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(JoinError::Readable {
            file: file.into(),
            mode,
        });
    }
    let mut text = String::new();
    opened
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(text)
}

/// Writes a text that only this user can read; it appears whole.
pub(super) fn write_private(file: &Path, text: &str) -> io::Result<()> {
    let mut beside = file.as_os_str().to_owned();
    beside.push(format!(".{}", std::process::id()));
    let beside = PathBuf::from(beside);
    let _ = fs::remove_file(&beside);
    let made = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&beside)
        .and_then(|mut made| io::Write::write_all(&mut made, text.as_bytes()))
        .and_then(|()| fs::rename(&beside, file));
    made.inspect_err(|_| {
        let _ = fs::remove_file(&beside);
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn join() -> Join {
        Join {
            addresses: vec!["10.0.0.1:7".into(), "[::1]:7".into(), "login-1:7".into()],
            key: Key::new(),
            slot: None,
        }
    }

    #[test]
    fn a_file_is_read_as_it_was_written_and_is_the_users_alone() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("12.json");
        let join = join();
        write_private(&file, &join.to_json()).unwrap();
        let mode = || fs::metadata(&file).unwrap().mode() & 0o777;
        assert_eq!(mode(), 0o600);
        let read = Join::from_file(&file).unwrap();
        assert_eq!(read.addresses, join.addresses);
        assert!(read.key == join.key);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        let said = Join::from_file(&file).unwrap_err().to_string();
        assert!(
            said.contains("12.json") && said.contains("chmod 600"),
            "{said}"
        );
        let said = Join::from_file(&folder.path().join("no"))
            .unwrap_err()
            .to_string();
        assert!(said.contains("No such file"), "{said}");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_key() {
        let key = Key::new().to_hex();
        for (text, says) in [
            (
                format!("{{\"addresses\": [], \"key\": \"{key}\"}}"),
                "no address",
            ),
            (
                format!("{{\"addresses\": [\"a\"], \"key\": \"{key}\"}}"),
                "\"a\"",
            ),
            (
                format!("{{\"addresses\": [\"a:0\"], \"key\": \"{key}\"}}"),
                "a:0",
            ),
            (
                format!("{{\"addresses\": [\"a:1\"], \"key\": \"{key}0\"}}"),
                "its key",
            ),
            (
                format!("{{\"addresses\": \"a:1\", \"key\": \"{key}\"}}"),
                "line 1",
            ),
            (format!("{{\"key\": \"{key}"), "line 1"),
        ] {
            let said = Join::from_json(&text, "there").unwrap_err().to_string();
            assert!(said.starts_with("there: ") && said.contains(says), "{said}");
            assert!(!said.contains(&key[..16]), "{said}");
        }
    }
}
