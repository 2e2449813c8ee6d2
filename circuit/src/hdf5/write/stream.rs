//! Columns that grow while something runs.
//!
//! Owns where their values wait until the file is finished.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::Bytes;
use super::datatype::Element;
use crate::CircuitError;

/// What waits in memory, before it goes to a file.
const IN_MEMORY: usize = 4 << 20;

/// A column whose length is not known yet.
#[derive(Debug)]
pub struct Stream<T> {
    path: PathBuf,
    waiting: Vec<T>,
    scratch: Option<File>,
    length: u64,
}

impl<T: Element> Stream<T> {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            waiting: Vec::new(),
            scratch: None,
            length: 0,
        }
    }

    /// How many values there are.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// Adds values.
    ///
    /// # Errors
    /// [`CircuitError::Io`] where they no longer fit in memory and cannot be written.
    pub fn extend(&mut self, values: &[T]) -> Result<(), CircuitError> {
        self.waiting.extend_from_slice(values);
        self.length += values.len() as u64;
        if self.waiting.len() * size_of::<T>() >= IN_MEMORY {
            self.spill()
                .map_err(|source| CircuitError::io(&self.path, source))?;
        }
        Ok(())
    }

    fn spill(&mut self) -> std::io::Result<()> {
        let scratch = match &mut self.scratch {
            Some(scratch) => scratch,
            none => {
                let folder = self.path.parent().filter(|one| !one.as_os_str().is_empty());
                none.insert(tempfile::tempfile_in(folder.unwrap_or(Path::new(".")))?)
            }
        };
        scratch.write_all(bytemuck::cast_slice(&self.waiting))?;
        self.waiting.clear();
        Ok(())
    }

    /// Copies all values into a file, and says how many there are.
    pub(super) fn copy(mut self, to: &Bytes, mut at: u64) -> Result<u64, CircuitError> {
        if let Some(mut scratch) = self.scratch.take() {
            let failed = |source| CircuitError::io(&self.path, source);
            scratch.seek(SeekFrom::Start(0)).map_err(failed)?;
            let mut buffer = vec![0; IN_MEMORY];
            loop {
                let number = scratch.read(&mut buffer).map_err(failed)?;
                if number == 0 {
                    break;
                }
                to.write(buffer.get(..number).unwrap_or_default(), at)?;
                at += number as u64;
            }
        }
        to.write(bytemuck::cast_slice(&self.waiting), at)?;
        Ok(self.length)
    }
}
