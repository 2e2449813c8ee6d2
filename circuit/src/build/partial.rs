//! Files that are whole or not there.
//!
//! Owns the name under which a file is written before it takes its own: what was there before stays until
//! then, and what was cut short never looks like a file.

use std::path::{Path, PathBuf};

use crate::CircuitError;

/// A file that is being written beside its place.
pub(super) struct Partial {
    path: PathBuf,
    beside: PathBuf,
    done: bool,
}

impl Partial {
    pub(super) fn of(path: &Path) -> Self {
        let mut name = path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}.part", std::process::id()));
        Self {
            path: path.to_owned(),
            beside: path.with_file_name(name),
            done: false,
        }
    }

    /// Where to write.
    pub(super) fn beside(&self) -> &Path {
        &self.beside
    }

    /// Gives it its name.
    pub(super) fn finish(mut self) -> Result<(), CircuitError> {
        std::fs::rename(&self.beside, &self.path)
            .map_err(|source| CircuitError::io(&self.path, source))?;
        self.done = true;
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.done {
            // It may not have been created; there is nobody to tell otherwise.
            let _ = std::fs::remove_file(&self.beside);
        }
    }
}
