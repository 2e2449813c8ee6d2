//! What can go wrong with the files of a network.

use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::Problems;

/// Why a network or its activity could not be read or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CircuitError {
    /// A file cannot be read or written.
    #[error("{}: {source}", .file.display())]
    Io {
        /// The file.
        file: PathBuf,
        /// The system's words.
        source: std::io::Error,
    },
    /// A file is not what it should be: which place in it, what is wrong, and the remedy.
    #[error("{}: {}{text}", .file.display(), place(.key))]
    File {
        /// The file.
        file: PathBuf,
        /// The key, group or dataset; may be empty.
        key: String,
        /// What is wrong, and the remedy.
        text: String,
    },
    /// Everything that is wrong with a configuration and what it names.
    #[error("{0}")]
    Invalid(Problems),
}

impl CircuitError {
    /// A file that is not what it should be.
    pub fn file(file: &Path, key: impl Into<String>, text: impl Into<String>) -> Self {
        Self::File {
            file: file.to_owned(),
            key: key.into(),
            text: text.into(),
        }
    }

    /// A file that the system refuses.
    pub fn io(file: &Path, source: std::io::Error) -> Self {
        Self::Io {
            file: file.to_owned(),
            source,
        }
    }
}

impl Problems {
    /// Adds what an error says, as errors.
    pub fn add(&mut self, error: CircuitError) {
        match error {
            CircuitError::Io { file, source } => self.error(&file, "", source.to_string()),
            CircuitError::File { file, key, text } => self.error(&file, key, text),
            CircuitError::Invalid(problems) => self.extend(problems),
        }
    }

    /// The errors as one, if there are any; the warnings else.
    ///
    /// # Errors
    /// [`CircuitError::Invalid`] where there is an error.
    pub fn into_result(self) -> Result<Self, CircuitError> {
        match self.errors() {
            0 => Ok(self),
            _ => Err(CircuitError::Invalid(self)),
        }
    }
}

fn place(key: &str) -> String {
    match key {
        "" => String::new(),
        key => format!("{key}: "),
    }
}
