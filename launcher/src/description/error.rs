//! What is wrong with a launch description.

use std::path::{Path, PathBuf};

use blendtorch_blender::scenes::SceneError;

/// A launch description that cannot be used: which file, which key, what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}{problem}; {remedy}", place(.file.as_deref(), .key.as_deref()))]
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

impl DescriptionError {
    /// Of the scene file that the description names.
    pub(crate) fn of_scene(error: SceneError) -> Self {
        problem(Some("scene"), error.problem, &error.remedy)
    }

    /// The same error, of that file.
    pub(crate) fn in_file(mut self, file: Option<&Path>) -> Self {
        self.file = file.map(Path::to_path_buf);
        self
    }
}

/// The place of an error, before its words: `launch.json: key "scene": `.
pub(crate) fn place(file: Option<&Path>, key: Option<&str>) -> String {
    let file = file.map(|file| format!("{}: ", file.display()));
    let key = key.map(|key| format!("key {key:?}: "));
    file.unwrap_or_default() + &key.unwrap_or_default()
}

pub(crate) fn problem(key: Option<&str>, problem: String, remedy: &str) -> DescriptionError {
    DescriptionError {
        file: None,
        key: key.map(Into::into),
        problem,
        remedy: remedy.into(),
    }
}
