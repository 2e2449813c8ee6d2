//! The file of a video until it is whole.
//!
//! Owns its name, and that none is left unless it was finished. Two programs cannot write the same.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::VideoError;

/// A file under another name, beside its own.
#[derive(Debug)]
pub(super) struct Unfinished {
    file: File,
    pub(super) path: PathBuf,
    out: PathBuf,
    overwrite: bool,
    done: bool,
}

impl Unfinished {
    /// Makes it.
    pub(super) fn new(out: &Path, overwrite: bool) -> Result<Self, VideoError> {
        let wrong = |problem: String| VideoError::Out {
            path: out.to_owned(),
            problem,
        };
        let cannot = |error: io::Error| wrong(format!("it cannot be written: {error}"));
        let full = std::path::absolute(out).map_err(cannot)?;
        if full.is_dir() {
            return Err(wrong("it is a folder; name a file".to_owned()));
        }
        if full.exists() && !overwrite {
            return Err(wrong(exists().to_owned()));
        }
        let (Some(folder), Some(name)) = (full.parent(), full.file_name()) else {
            return Err(wrong("it names no file".to_owned()));
        };
        std::fs::create_dir_all(folder).map_err(cannot)?;
        let path = folder.join(format!(".{}.unfinished", name.to_string_lossy()));
        let mut options = OpenOptions::new();
        // What a killed program has left is written over.
        let file = options
            .create(true)
            .write(true)
            .truncate(false)
            .open(&path)
            .map_err(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(wrong(
                    "another program is making it; wait until it is done".to_owned(),
                ));
            }
            Err(TryLockError::Error(error)) => return Err(cannot(error)),
        }
        Ok(Self {
            file,
            path,
            out: full,
            overwrite,
            done: false,
        })
    }

    /// It is whole and gets its name; how many bytes it has.
    pub(super) fn finish(mut self) -> Result<u64, VideoError> {
        let finish = || -> io::Result<u64> {
            self.file.sync_all()?;
            let bytes = self.file.metadata()?.len();
            if self.overwrite {
                std::fs::rename(&self.path, &self.out)?;
            } else {
                // Fails where somebody else has made one meanwhile.
                std::fs::hard_link(&self.path, &self.out)?;
                std::fs::remove_file(&self.path)?;
            }
            Ok(bytes)
        };
        let finished = finish();
        self.done = finished.is_ok();
        finished.map_err(|error| VideoError::Out {
            path: self.out.clone(),
            problem: match error.kind() {
                io::ErrorKind::AlreadyExists => exists().to_owned(),
                _ => format!("it cannot be written: {error}"),
            },
        })
    }
}

fn exists() -> &'static str {
    "it is there already; name another file, or let --overwrite replace it"
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.done {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_left_of_what_was_not_finished_and_nothing_is_replaced_unasked() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("deep/a.mp4");
        let count = || std::fs::read_dir(out.parent().unwrap()).unwrap().count();
        let first = Unfinished::new(&out, false).unwrap();
        let said = Unfinished::new(&out, false).unwrap_err().to_string();
        assert!(said.contains("another program is making it"), "{said}");
        drop(first);
        assert_eq!(count(), 0);
        let again = Unfinished::new(&out, false).unwrap();
        std::fs::write(&again.path, "film").unwrap();
        assert_eq!(again.finish().unwrap(), 4);
        assert_eq!(count(), 1);
        let said = Unfinished::new(&out, false).unwrap_err().to_string();
        assert!(said.contains("--overwrite"), "{said}");
        Unfinished::new(&out, true).unwrap().finish().unwrap();
        assert_eq!((std::fs::read(&out).unwrap().len(), count()), (0, 1));
        assert!(Unfinished::new(folder.path(), true).is_err());
    }
}
