//! What files hold, as far as that can be told in a line.
//!
//! Owns the checksums, and which of them need not be taken again.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use crate::ledger::stamp;

/// What a file holds, as far as that can be told in a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) bytes: u64,
    pub(crate) crc: u32,
}

impl Content {
    /// Reads all of a file.
    pub(crate) fn of(path: &Path) -> std::io::Result<Self> {
        let mut file = File::open(path)?;
        let mut hasher = crc32fast::Hasher::new();
        let mut buffer = vec![0; 1 << 20];
        let mut bytes = 0;
        loop {
            match file.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => {
                    hasher.update(&buffer[..n]);
                    bytes += n as u64;
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Self {
            bytes,
            crc: hasher.finalize(),
        })
    }
}

/// A file's size and time.
type Stamp = (u64, i64);

/// Checksums that were taken, by the file's size and time.
#[derive(Debug, Default)]
pub(crate) struct Contents(Mutex<HashMap<PathBuf, (Stamp, Content)>>);

impl Contents {
    /// That of a file, which is read where it has changed.
    pub(crate) fn of(&self, path: &Path) -> std::io::Result<Content> {
        let now = stamp(path)?;
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, content)) = known().get(path)
            && *at == now
        {
            return Ok(*content);
        }
        let content = Content::of(path)?;
        known().insert(path.to_owned(), (now, content));
        Ok(content)
    }
}
