//! The names of recordings: one file a worker, after a prefix.

use super::error::RecordError;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// What names of recordings end with.
pub const RECORDING_ENDING: &str = ".mcap";

/// The file of a worker: the prefix, `_`, its number in at least two digits, `.mcap`.
#[must_use]
pub fn recording_path(prefix: impl AsRef<Path>, worker: usize) -> PathBuf {
    let mut path = OsString::from(prefix.as_ref());
    path.push(format!("_{worker:02}{RECORDING_ENDING}"));
    path.into()
}

/// The recordings that go with a prefix, in the order of their workers.
///
/// # Errors
/// [`RecordError::NoFiles`] when there are none, [`RecordError::Io`] when their folder cannot be
/// read.
pub fn recordings_of(prefix: impl AsRef<Path>) -> Result<Vec<PathBuf>, RecordError> {
    let prefix = prefix.as_ref();
    let nothing = || RecordError::NoFiles {
        prefix: prefix.to_owned(),
        pattern: format!("{}_[0-9][0-9]*{RECORDING_ENDING}", prefix.display()),
    };
    // Of "folder/" the last component would be the folder.
    let text = prefix.as_os_str().as_encoded_bytes();
    let name = match prefix.file_name() {
        Some(name) if !text.ends_with(b"/") => name.to_owned(),
        _ => OsString::new(),
    };
    let folder = match name.is_empty() {
        true => prefix.to_owned(),
        false => prefix.parent().unwrap_or(Path::new("")).to_owned(),
    };
    let folder = match folder.as_os_str().is_empty() {
        true => PathBuf::from("."),
        false => folder,
    };
    let entries = match folder.read_dir() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(nothing()),
        entries => entries.map_err(RecordError::io(&folder, "look for"))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(RecordError::io(&folder, "look for"))?;
        if let Some(worker) = worker(&entry.file_name(), &name) {
            found.push((worker, entry.path()));
        }
    }
    found.sort();
    match found.is_empty() {
        true => Err(nothing()),
        false => Ok(found.into_iter().map(|(_, path)| path).collect()),
    }
}

/// The worker's number in the name of a recording, if it goes with the prefix.
fn worker(name: &std::ffi::OsStr, prefix: &std::ffi::OsStr) -> Option<usize> {
    let digits = name
        .as_encoded_bytes()
        .strip_prefix(prefix.as_encoded_bytes())?
        .strip_prefix(b"_")?
        .strip_suffix(RECORDING_ENDING.as_bytes())?;
    let plain = digits.len() >= 2 && digits.iter().all(u8::is_ascii_digit);
    plain.then(|| std::str::from_utf8(digits).ok()?.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_finds_its_files_in_order_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let prefix = folder.path().join("run");
        for name in ["run_10.mcap", "run_02.mcap", "run_100.mcap", "run_00.mcap"] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        for name in [
            "run_1.mcap",
            "rune_00.mcap",
            "run_00.btr",
            "run_xx.mcap",
            "run_00.mcap~",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        let found = recordings_of(&prefix).unwrap();
        let expected: Vec<_> = [0, 2, 10, 100].map(|n| recording_path(&prefix, n)).into();
        assert_eq!(found, expected);
        assert!(expected[1].ends_with("run_02.mcap"));
    }

    #[test]
    fn a_prefix_without_files_is_named_with_what_was_looked_for() {
        let folder = tempfile::tempdir().unwrap();
        for prefix in ["none", "no/such/folder"] {
            let prefix = folder.path().join(prefix);
            let error = recordings_of(&prefix).unwrap_err().to_string();
            assert!(error.contains(prefix.to_str().unwrap()), "{error}");
            assert!(error.contains("_[0-9][0-9]*.mcap"), "{error}");
        }
    }
}
