//! What Blenders have answered, so that they need not be started again to be asked.
//!
//! Owns the file `remembered.json` in the cache folder and the stamps that tell whether a file is the
//! one it was. A lost, torn or foreign file only means to ask again; it must never be an error.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::cache::cache_folder;

/// Answers older than these many newer ones are forgotten.
const MOST_ANSWERS: usize = 200;

/// Tells a file from what may later be at its path: length, time of change, inode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamp(u64, String, u64);

impl Stamp {
    pub(crate) fn of(path: &Path) -> Option<Self> {
        let data = std::fs::metadata(path).ok()?;
        // As text: JSON readers keep no more than 53 bits of a number.
        let changed = format!("{}.{:09}", data.mtime(), data.mtime_nsec());
        Some(Self(data.len(), changed, data.ino()))
    }
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Remembered {
    /// Question → stamps of the files it is about, and the answer.
    answers: IndexMap<String, (Vec<Stamp>, String)>,
}

/// The answers in one cache folder.
#[derive(Debug)]
pub struct Answers {
    file: Option<PathBuf>,
}

impl Answers {
    /// That of the user's cache folder; without one nothing is remembered.
    pub fn open() -> Self {
        Self::in_file(cache_folder().map(|cache| cache.join("remembered.json")))
    }

    /// That of one file, or of none.
    pub fn in_file(file: Option<PathBuf>) -> Self {
        Self { file }
    }

    /// The answer to `question` if all `files` are still what they were then.
    pub(crate) fn recall(&self, question: &str, files: &[&Path]) -> Option<String> {
        let (stamps, answer) = self.read()?.answers.swap_remove(question)?;
        (stamps == stamp_all(files)?).then_some(answer)
    }

    /// Keeps an answer. Of two programs that do so at once one may lose its own.
    pub(crate) fn keep(&self, question: &str, files: &[&Path], answer: &str) {
        let (Some(file), Some(stamps)) = (&self.file, stamp_all(files)) else {
            return;
        };
        let mut remembered = self.read().unwrap_or_default();
        remembered.answers.shift_remove(question);
        let surplus = (remembered.answers.len() + 1).saturating_sub(MOST_ANSWERS);
        remembered.answers.drain(..surplus);
        let answer = (stamps, answer.to_owned());
        remembered.answers.insert(question.to_owned(), answer);
        let _ = write(file, &remembered);
    }

    fn read(&self) -> Option<Remembered> {
        let text = std::fs::read_to_string(self.file.as_ref()?).ok()?;
        serde_json::from_str(&text).ok()
    }
}

fn stamp_all(files: &[&Path]) -> Option<Vec<Stamp>> {
    files.iter().map(|file| Stamp::of(file)).collect()
}

/// Whole or not at all: a reader never sees half.
fn write(file: &Path, remembered: &Remembered) -> std::io::Result<()> {
    let folder = file.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    let beside = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&beside, remembered)?;
    beside.persist(file)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_folder(folder: &Path) -> Answers {
        Answers::in_file(Some(folder.join("cache/remembered.json")))
    }

    #[test]
    fn an_answer_holds_while_its_files_are_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let blender = folder.path().join("blender");
        std::fs::write(&blender, "one").unwrap();
        let answers = in_folder(folder.path());
        assert_eq!(answers.recall("version", &[&blender]), None);
        answers.keep("version", &[&blender], "4.5");
        assert_eq!(
            answers.recall("version", &[&blender]).as_deref(),
            Some("4.5")
        );
        assert_eq!(answers.recall("version", &[]), None);
        assert_eq!(answers.recall("python", &[&blender]), None);
        std::fs::write(&blender, "other").unwrap();
        assert_eq!(answers.recall("version", &[&blender]), None);
        std::fs::remove_file(&blender).unwrap();
        assert_eq!(answers.recall("version", &[&blender]), None);
    }

    #[test]
    fn a_spoilt_file_is_an_empty_one() {
        let folder = tempfile::tempdir().unwrap();
        let answers = in_folder(folder.path());
        answers.keep("a", &[], "1");
        for text in ["", "[]", "{\"answers\": {\"a\": 3}}"] {
            std::fs::write(answers.file.as_ref().unwrap(), text).unwrap();
            assert_eq!(answers.recall("a", &[]), None);
        }
        answers.keep("b", &[], "2");
        assert_eq!(answers.recall("b", &[]).as_deref(), Some("2"));
    }

    #[test]
    fn it_does_not_grow_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let answers = in_folder(folder.path());
        for i in 0..MOST_ANSWERS + 10 {
            answers.keep(&i.to_string(), &[], "");
        }
        assert_eq!(answers.read().unwrap().answers.len(), MOST_ANSWERS);
        assert_eq!(answers.recall("9", &[]), None);
        assert!(answers.recall("10", &[]).is_some());
    }
}
