//! One head a folder.
//!
//! Owns the lease: a file that is locked while a head lives, whatever ends it, and that says which one
//! it is. It must never be believed without the lock: what is written in it may be of one that is gone.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

/// Who holds a folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Holder {
    pub(crate) host: String,
    pub(crate) pid: u32,
}

impl Holder {
    pub(crate) fn this() -> Self {
        let uname = rustix::system::uname();
        Self {
            host: uname.nodename().to_string_lossy().into_owned(),
            pid: std::process::id(),
        }
    }
}

/// A folder that is ours as long as this lives.
#[derive(Debug)]
pub(crate) struct Lease {
    _file: File,
}

impl Lease {
    /// Takes the folder whose lease lies there; who has it, where somebody does.
    pub(crate) fn take(path: &Path) -> std::io::Result<Result<Self, Option<Holder>>> {
        let mut file = open(path)?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(Err(holder(&mut file)?)),
            Err(error) => return Err(error.into()),
        }
        let text = serde_json::to_string(&Holder::this()).unwrap_or_default();
        file.set_len(0)?;
        file.rewind()?;
        file.write_all(text.as_bytes())?;
        Ok(Ok(Self { _file: file }))
    }

    /// Shares the folder with others that share it: tasks without a head. Who has it, where a head does.
    pub(crate) fn share(path: &Path) -> std::io::Result<Result<Self, Option<Holder>>> {
        let mut file = open(path)?;
        match flock(&file, FlockOperation::NonBlockingLockShared) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Ok(Err(holder(&mut file)?)),
            // Some shared file systems have no locks: tasks do without, and only a head needs one.
            Err(Errno::NOSYS | Errno::OPNOTSUPP | Errno::NOLCK) => {}
            Err(error) => return Err(error.into()),
        }
        // It is nobody's alone: a head that is refused must not hear of the one before.
        file.set_len(0)?;
        Ok(Ok(Self { _file: file }))
    }
}

fn open(path: &Path) -> std::io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o644)
        .open(path)
}

fn holder(file: &mut File) -> std::io::Result<Option<Holder>> {
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    Ok(serde_json::from_str(&text).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_head_hears_who_has_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease");
        let first = Lease::take(&path).unwrap().unwrap();
        let holder = Lease::take(&path).unwrap().unwrap_err();
        assert_eq!(holder, Some(Holder::this()));
        drop(first);
        assert!(Lease::take(&path).unwrap().is_ok());
    }

    #[test]
    fn tasks_share_a_folder_and_no_head_has_it_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lease");
        drop(Lease::take(&path).unwrap().unwrap());
        let tasks = [Lease::share(&path), Lease::share(&path)].map(|one| one.unwrap().unwrap());
        assert_eq!(Lease::take(&path).unwrap().unwrap_err(), None);
        drop(tasks);
        let head = Lease::take(&path).unwrap().unwrap();
        assert_eq!(
            Lease::share(&path).unwrap().unwrap_err(),
            Some(Holder::this())
        );
        drop(head);
    }
}
