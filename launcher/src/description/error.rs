//! What is wrong with a launch description.

use std::path::PathBuf;

/// A launch description that cannot be used: which file, which key, what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{}{problem}; {remedy}",
    .file.as_ref().map(|f| format!("{}: ", f.display())).unwrap_or_default(),
    .key.as_ref().map(|k| format!("key {k:?}: ")).unwrap_or_default())]
pub struct DescriptionError {
    /// The file that was read; `None` for a description made in code.
    pub file: Option<PathBuf>,
    /// The key (with an index where it is a list), where one is to blame.
    pub key: Option<String>,
    /// What is wrong.
    pub problem: String,
    /// What to do about it.
    pub remedy: String,
}

pub(super) fn problem(key: Option<&str>, problem: String, remedy: &str) -> DescriptionError {
    DescriptionError {
        file: None,
        key: key.map(Into::into),
        problem,
        remedy: remedy.into(),
    }
}
