//! The folders that instances make and that killed ones leave behind: of Blender's sessions, and of
//! pictures that are written on their way to memory.
//!
//! Owns the notes of them, by which the guard of a killed launcher finds them too. What an instance
//! says is removed only where it looks like such a folder, and is this user's: it must never be
//! anything else.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use blendtorch_channels::control::is_ours;

/// Whether a path is that of a folder that goes with its instance.
pub(super) fn is_one(folder: &Path) -> bool {
    let ours = is_blenders(folder) || is_of_pictures(folder);
    // A line of a note is a path, and no link leads anywhere.
    let one_line = !folder.as_os_str().as_encoded_bytes().contains(&b'\n');
    ours && one_line && folder.is_absolute() && is_ours(folder)
}

/// `blender_` and six letters or digits.
pub(super) fn is_blenders(folder: &Path) -> bool {
    let letters = name(folder).strip_prefix("blender_").unwrap_or_default();
    letters.len() == 6 && letters.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// `blendtorch-composite-` and what tells it from others.
fn is_of_pictures(folder: &Path) -> bool {
    let rest = name(folder).strip_prefix("blendtorch-composite-");
    let plain = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    rest.is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain))
}

fn name(folder: &Path) -> &str {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.unwrap_or_default()
}

/// The path of the note of an instance's folders.
fn note_path(fleet: &Path, index: usize) -> PathBuf {
    fleet.join(format!("session-{index}"))
}

/// Writes down an instance's folders, a line each.
pub(super) fn note(fleet: &Path, index: usize, folders: &[PathBuf]) {
    let lines = folders
        .iter()
        .flat_map(|folder| [folder.as_os_str().as_bytes(), b"\n"]);
    // Without it a folder may stay when launcher and instance are killed.
    let _ = fs::write(note_path(fleet, index), lines.collect::<Vec<_>>().concat());
}

/// Removes what an instance that has ended has left.
pub(crate) async fn remove(fleet: Option<&Path>, index: usize, folders: Vec<PathBuf>) {
    let note = fleet.map(|fleet| note_path(fleet, index));
    let removed = tokio::task::spawn_blocking(move || {
        for folder in folders.iter().filter(|folder| is_one(folder)) {
            let _ = fs::remove_dir_all(folder);
        }
        if let Some(note) = note {
            let _ = fs::remove_file(note);
        }
    });
    let _ = removed.await;
}

/// Removes all that the notes in a fleet's folder name.
pub(super) fn remove_all(fleet: &Path) {
    let entries = fs::read_dir(fleet).into_iter().flatten().flatten();
    let notes = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with("session-"));
    for note in notes {
        let text = fs::read_to_string(note.path()).unwrap_or_default();
        for folder in text.lines().map(Path::new).filter(|folder| is_one(folder)) {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_looks_like_a_sessions_folder_and_is_ours_is_one() {
        let outer = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            let path = outer.path().join(name);
            fs::create_dir(&path).unwrap();
            path
        };
        assert!(is_one(&at("blender_aB3xYz")) && is_one(&at("blendtorch-composite-x_1-a")));
        for name in [
            "blender_aB3xY",
            "blender_aB3xYzz",
            "blender_aB.xYz",
            "home",
            "blendtorch-composite-",
        ] {
            assert!(!is_one(&at(name)), "{name}");
        }
        assert!(!is_one(Path::new("/tmp/blender_thereisnone")));
        assert!(!is_one(Path::new("blender_aB3xYz")));
        let link = outer.path().join("blender_linked");
        std::os::unix::fs::symlink(outer.path(), &link).unwrap();
        assert!(!is_one(&link));
    }

    #[test]
    fn what_notes_name_is_removed_and_nothing_else() {
        let fleet = tempfile::tempdir().unwrap();
        let outer = tempfile::tempdir().unwrap();
        let left = outer.path().join("blender_aB3xYz");
        let other = outer.path().join("precious");
        let second = outer.path().join("blendtorch-composite-1");
        for folder in [&left, &other, &second] {
            fs::create_dir(folder).unwrap();
        }
        note(fleet.path(), 0, &[left.clone(), second.clone()]);
        note(fleet.path(), 1, std::slice::from_ref(&other));
        remove_all(fleet.path());
        assert!(!left.exists() && !second.exists() && other.exists());
    }
}
