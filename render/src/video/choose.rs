//! Which files are shown: for each frame one of each kind, all of a kind of one size.
//!
//! Owns what is missing. It must never read more than the head of a picture.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::folder::Folder;
use super::numbers::{compact, step};
use super::picture::{Look, size};
use super::{Sequence, VideoError};

/// One kind of files, all that are shown of it.
pub(super) struct Kind {
    pub(super) name: String,
    pub(super) files: Vec<PathBuf>,
    pub(super) look: Look,
    pub(super) size: (usize, usize),
}

/// What is shown, and what is not.
pub(super) struct Chosen {
    pub(super) kinds: Vec<Kind>,
    pub(super) frames: Vec<i64>,
    pub(super) missing: Vec<i64>,
}

/// What is shown: for each frame a file of each kind.
pub(super) fn choose(wanted: &Sequence, folder: &Folder) -> Result<Chosen, VideoError> {
    let names = match wanted.passes.is_empty() {
        true => folder.usual()?,
        false => wanted.passes.clone(),
    };
    let mut found = Vec::new();
    for name in &names {
        found.push((name, folder.files(name)?));
    }
    let known: BTreeSet<i64> = found
        .iter()
        .flat_map(|(_, files)| files.of.keys().copied())
        .collect();
    let known: Vec<_> = known.into_iter().collect();
    let all = match &wanted.frames {
        None => known,
        Some(frames) => {
            let ends = (known.first(), known.last());
            let scene = (*ends.0.unwrap_or(&0), *ends.1.unwrap_or(&0), step(&known));
            frames
                .numbers(scene)
                .map_err(|problem| VideoError::Folder {
                    folder: wanted.folder.clone(),
                    problem,
                })?
        }
    };
    let mut missing = BTreeSet::new();
    for (name, files) in &found {
        let has = |frame: &i64| files.of.get(frame).is_some_and(Option::is_some);
        let lacks: Vec<i64> = all.iter().copied().filter(|frame| !has(frame)).collect();
        if !lacks.is_empty() && (!wanted.allow_missing || lacks.len() == all.len()) {
            return Err(VideoError::Missing {
                folder: wanted.folder.clone(),
                kind: (*name).clone(),
                total: all.len(),
                count: lacks.len(),
                frames: compact(&lacks),
            });
        }
        missing.extend(lacks);
    }
    let frames: Vec<i64> = all
        .into_iter()
        .filter(|frame| !missing.contains(frame))
        .collect();
    if frames.is_empty() {
        return Err(VideoError::Folder {
            folder: wanted.folder.clone(),
            problem: format!("no frame has all of {}", names.join(", ")),
        });
    }
    let kinds = found.into_iter().map(|(name, mut files)| {
        let of = frames
            .iter()
            .filter_map(|frame| files.of.remove(frame).flatten());
        Kind {
            name: name.clone(),
            files: of.collect(),
            look: Look {
                pass: name.parse().ok(),
                prefix: files.prefix.clone(),
                ..Look::default()
            },
            size: (0, 0),
        }
    });
    Ok(Chosen {
        kinds: kinds.collect(),
        frames,
        missing: missing.into_iter().collect(),
    })
}

/// The size that all of them have.
pub(super) fn one_size(files: &[PathBuf]) -> Result<(usize, usize), VideoError> {
    let mut first: Option<(&Path, (usize, usize))> = None;
    for path in files {
        let size = size(path)?;
        let (first, wanted) = *first.get_or_insert((path, size));
        check_size(path, size, first, wanted)?;
    }
    Ok(first.map_or((0, 0), |(_, size)| size))
}

pub(super) fn check_size(
    path: &Path,
    size: (usize, usize),
    first: &Path,
    wanted: (usize, usize),
) -> Result<(), VideoError> {
    match size == wanted {
        true => Ok(()),
        false => Err(VideoError::Size {
            path: path.to_owned(),
            size,
            first: first.to_owned(),
            wanted,
        }),
    }
}
