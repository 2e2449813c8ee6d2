//! What a producer has published, by its own word: a file for each life, which survives its end.
//!
//! Owns the file. It must never ask blendtorch: what that says is held against this.

use anyhow::{Context, Result};
use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// The writing end: one life of one instance.
pub(crate) struct Book {
    file: File,
}

/// What one life has published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Published {
    /// The publisher's random 64 bits.
    pub(crate) publisher: u64,
    /// How often `publish` was about to be called.
    pub(crate) begun: u64,
    /// How often it came back.
    pub(crate) done: u64,
}

/// Which life of which instance.
pub(crate) type WhichLife = (usize, u64);

fn path(folder: &Path, (instance, life): WhichLife) -> PathBuf {
    folder.join(format!("{instance}-{life}.truth"))
}

impl Book {
    /// Says who publishes, before it does.
    pub(crate) fn open(folder: &Path, which: WhichLife, publisher: u64) -> Result<Self> {
        let beside = folder.join(format!("{}-{}.new", which.0, which.1));
        let file = File::create(&beside)?;
        let mut start = [0; 24];
        start[..8].copy_from_slice(&publisher.to_le_bytes());
        file.write_all_at(&start, 0)?;
        std::fs::rename(beside, path(folder, which))?;
        Ok(Self { file })
    }

    /// So many have been begun.
    pub(crate) fn begins(&self, count: u64) -> Result<()> {
        Ok(self.file.write_all_at(&count.to_le_bytes(), 8)?)
    }

    /// So many are done.
    pub(crate) fn did(&self, count: u64) -> Result<()> {
        Ok(self.file.write_all_at(&count.to_le_bytes(), 16)?)
    }
}

/// All lives that have made a publisher.
pub(crate) fn read(folder: &Path) -> Result<BTreeMap<WhichLife, Published>> {
    let mut all = BTreeMap::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "truth")
        {
            continue;
        }
        let name = path.file_stem().and_then(|name| name.to_str());
        let which = name.and_then(|name| name.split_once('-'));
        let (instance, life) = which.context("a file of another name")?;
        let bytes = std::fs::read(&path)?;
        let word = |at: usize| -> Result<u64> {
            let word = bytes.get(at..at + 8).context("a short file")?;
            Ok(u64::from_le_bytes(word.try_into()?))
        };
        let published = Published {
            publisher: word(0)?,
            begun: word(8)?,
            done: word(16)?,
        };
        all.insert((instance.parse()?, life.parse()?), published);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_also_in_the_middle_of_a_publish() {
        let folder = tempfile::tempdir().unwrap();
        let book = Book::open(folder.path(), (3, 12), 77).unwrap();
        book.begins(1).unwrap();
        book.did(1).unwrap();
        book.begins(2).unwrap();
        let published = Published {
            publisher: 77,
            begun: 2,
            done: 1,
        };
        assert_eq!(read(folder.path()).unwrap(), [((3, 12), published)].into());
    }
}
