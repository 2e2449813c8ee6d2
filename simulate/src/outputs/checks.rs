//! What may not be written: what a run reads, what is there already, what cannot be.
//!
//! Owns these checks and their words. They make nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{Access, access};

use super::record::Record;

/// Which files that are there already a run may replace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// None: `overwrite_output_dir` is false.
    Nothing,
    /// Those of an earlier run of ours: it is absent.
    Ours,
    /// Whatever has the name of an output: it is true.
    Named,
}

/// Names are this much longer while they are written.
const ADDED: usize = ".".len() + ".unfinished".len();

/// All that is wrong with writing these files, each with what it is called by (a key, or the report).
pub(super) fn problems(
    folder: &Path,
    files: &[(String, PathBuf)],
    read: &[PathBuf],
    overwrite: Overwrite,
) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut say = |name: &str, text: String| found.push((name.to_owned(), text));
    if folder.exists() && !folder.is_dir() {
        let text = format!("{} is a file; name a folder", folder.display());
        say("output.output_dir", text);
        return found;
    }
    if let Some(text) = unwritable(folder) {
        say("output.output_dir", text);
    }
    let read: BTreeMap<PathBuf, &PathBuf> = read.iter().map(|one| (place(one), one)).collect();
    let ours: BTreeSet<PathBuf> = match Record::names(folder) {
        names if names.is_empty() => BTreeSet::new(),
        names => names.iter().map(|name| place(&folder.join(name))).collect(),
    };
    let mut written: BTreeMap<PathBuf, &str> = BTreeMap::new();
    for (name, file) in files {
        let shown = file.display();
        let place = place(file);
        if let Some(first) = written.insert(place.clone(), name) {
            say(
                name,
                format!("{shown} is also the file of {first}; give each its own"),
            );
        }
        if read.contains_key(&place) {
            let text =
                format!("{shown} is read by this run, and would be replaced; name another file");
            say(name, text);
            continue;
        }
        let letters = file.file_name().map_or(0, std::ffi::OsStr::len);
        if letters + ADDED > 255 {
            say(name, "is a longer name than files can have".to_owned());
        }
        match fs::symlink_metadata(file) {
            Err(_) => {}
            Ok(there) if !there.is_file() && !there.is_symlink() => {
                say(
                    name,
                    format!("{shown} is there and is no file; name another one"),
                );
            }
            Ok(_) if overwrite == Overwrite::Nothing => say(
                name,
                format!(
                    "{shown} is there already and overwrite_output_dir is false; set it to true, or name \
                     another folder in output.output_dir"
                ),
            ),
            Ok(_) if overwrite == Overwrite::Ours && !ours.contains(&place) => say(
                name,
                format!(
                    "{shown} is there and was not written by an earlier run here; to replace it, set \
                     output.overwrite_output_dir to true, else name another folder in output.output_dir"
                ),
            ),
            Ok(_) => {}
        }
    }
    found
}

/// Why nothing can be made in a folder, which may be missing yet.
fn unwritable(folder: &Path) -> Option<String> {
    let whole = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = whole.ancestors().find(|one| one.exists())?;
    let shown = folder.display();
    if !there.is_dir() {
        return Some(format!(
            "{shown} cannot be made: {} is no folder",
            there.display()
        ));
    }
    let may = access(there, Access::WRITE_OK | Access::EXEC_OK);
    may.err()
        .map(|error| format!("{shown} cannot be written: {}: {error}", there.display()))
}

/// Where a path leads, whether it is there or not: links followed, `.` and `..` worked out.
fn place(path: &Path) -> PathBuf {
    if let Ok(whole) = fs::canonicalize(path) {
        return whole;
    }
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (whole.parent(), whole.components().next_back()) {
        (Some(above), Some(Component::ParentDir)) => {
            let above = place(above);
            above.parent().map_or(above.clone(), Path::to_owned)
        }
        (Some(above), Some(last)) => place(above).join(last),
        _ => whole,
    }
}
