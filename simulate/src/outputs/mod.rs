//! The folder that a run writes into.
//!
//! Owns which file has which name when. A file is written beside its place and moved there when it is
//! whole; a record in the folder ([`RECORD`]) says which files are ours, and only those are ever
//! removed. The folder itself is not. It knows nothing of what is in the files.

mod checks;
mod record;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

pub use checks::Overwrite;
pub use record::RECORD;
use record::Record;

use crate::SimulateError;

/// The folder of an output while it is written.
#[derive(Debug)]
pub struct OutputFolder {
    folder: PathBuf,
    record: Record,
    files: Vec<PathBuf>,
    finished: bool,
}

impl OutputFolder {
    /// All that is wrong with writing files (each with the key that names it) into a folder while others
    /// are read: pairs of a key and a text. Nothing is made.
    pub fn problems(
        folder: &Path,
        files: &[(String, PathBuf)],
        read: &[PathBuf],
        overwrite: Overwrite,
    ) -> Vec<(String, String)> {
        checks::problems(folder, files, read, overwrite)
    }

    /// Makes the folder where it is missing, and takes it: no second run may write into it meanwhile. That
    /// the files may be written was checked ([`Self::problems`]). Files of an earlier run of ours that this
    /// one does not write are removed at the end.
    ///
    /// # Errors
    /// [`SimulateError::Output`] where it cannot be made, or another run writes into it.
    pub fn take(folder: &Path, files: &[PathBuf]) -> Result<Self, SimulateError> {
        let refused = |problem: String| SimulateError::Output {
            folder: folder.to_owned(),
            problem,
        };
        let folders = files.iter().filter_map(|file| file.parent());
        for one in folders.chain([folder]) {
            fs::create_dir_all(one).map_err(|error| refused(error.to_string()))?;
        }
        Ok(Self {
            folder: folder.to_owned(),
            record: Record::take(folder).map_err(refused)?,
            files: files.to_vec(),
            finished: false,
        })
    }

    /// Where a file is written before it is whole.
    pub fn unfinished(&self, file: &Path) -> PathBuf {
        let mut name = std::ffi::OsString::from(".");
        name.push(file.file_name().unwrap_or_default());
        name.push(".unfinished");
        file.with_file_name(name)
    }

    /// Moves all files to their places, removes those of an earlier run that have none any more, and
    /// says which there are. A file that was not written is left out.
    ///
    /// # Errors
    /// [`SimulateError::Output`] where a file cannot be moved.
    pub fn finish(mut self) -> Result<Vec<PathBuf>, SimulateError> {
        let mut there = Vec::new();
        let folder = self.folder.clone();
        let refused = |file: &Path, error: &std::io::Error| SimulateError::Output {
            folder: folder.clone(),
            problem: format!("{}: {error}", file.display()),
        };
        for file in &self.files {
            match fs::rename(self.unfinished(file), file) {
                Ok(()) => there.push(file.clone()),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(refused(file, &error)),
            }
        }
        let ours: BTreeSet<PathBuf> = there
            .iter()
            .filter_map(|file| file.strip_prefix(&self.folder).ok().map(Path::to_owned))
            .collect();
        for old in self.record.files().difference(&ours) {
            let file = self.folder.join(old);
            if file.is_file() {
                fs::remove_file(&file).map_err(|error| refused(&file, &error))?;
            }
        }
        let written = self.record.write(ours);
        written.map_err(|error| refused(Path::new(RECORD), &error))?;
        self.finished = true;
        Ok(there)
    }
}

/// One that is not finished is given up: what was begun is removed, and what was there before stays.
impl Drop for OutputFolder {
    fn drop(&mut self) {
        if !self.finished {
            for file in &self.files {
                let _ = fs::remove_file(self.unfinished(file));
            }
        }
    }
}

#[cfg(test)]
mod tests;
