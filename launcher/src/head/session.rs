//! The folders that Blender makes for its sessions, which a killed one leaves behind.
//!
//! Owns the notes of them, by which the guard of a killed launcher finds them too. What an instance
//! says is removed only where it looks like such a folder, and is this user's: it must never be
//! anything else.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::instances::note_path;

/// Whether a path is that of a session's folder: `blender_` and six letters or digits.
pub(super) fn is_one(folder: &Path) -> bool {
    let Some(name) = folder.file_name().and_then(|name| name.to_str()) else {
        return false;
    };
    let letters = name.strip_prefix("blender_").unwrap_or_default();
    let plain = letters.len() == 6 && letters.bytes().all(|b| b.is_ascii_alphanumeric());
    // A line of a note is a path, and no link leads anywhere.
    let one_line = !folder.as_os_str().as_encoded_bytes().contains(&b'\n');
    plain && one_line && folder.is_absolute() && is_ours(folder)
}

fn is_ours(folder: &Path) -> bool {
    let user = rustix::process::geteuid().as_raw();
    fs::symlink_metadata(folder).is_ok_and(|about| about.is_dir() && about.uid() == user)
}

/// Writes down the folder of an instance's session.
pub(super) fn note(fleet: &Path, index: usize, folder: Option<&Path>) {
    if let Some(folder) = folder {
        use std::os::unix::ffi::OsStrExt;
        // Without it a folder may stay when launcher and instance are killed.
        let _ = fs::write(
            note_path(fleet, index),
            [folder.as_os_str().as_bytes(), b"\n"].concat(),
        );
    }
}

/// Removes what the session of an instance that has ended has left.
pub(crate) async fn remove(fleet: Option<&Path>, index: usize, folder: Option<&Path>) {
    let note = fleet.map(|fleet| note_path(fleet, index));
    let folder = folder.filter(|folder| is_one(folder)).map(PathBuf::from);
    if note.is_none() && folder.is_none() {
        return;
    }
    let removed = tokio::task::spawn_blocking(move || {
        if let Some(folder) = folder {
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
        let folder = Path::new(text.trim_end_matches('\n'));
        if is_one(folder) {
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
        assert!(is_one(&at("blender_aB3xYz")));
        for name in ["blender_aB3xY", "blender_aB3xYzz", "blender_aB.xYz", "home"] {
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
        for (index, folder) in [&left, &other].into_iter().enumerate() {
            fs::create_dir(folder).unwrap();
            note(fleet.path(), index, Some(folder));
        }
        remove_all(fleet.path());
        assert!(!left.exists() && other.exists());
    }
}
