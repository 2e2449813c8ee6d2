//! Where the files of a video lie.
//!
//! Owns the finding of them: by the ledger where there is one, which also knows the frames that should
//! be there, else by the names in a folder. It must never open a picture.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::VideoError;
use super::numbers::{between, numbered};
use crate::RenderError;
use crate::layout::{one_of, passes_folder};
use crate::ledger::{JOB, LEDGER, Ledger};
use crate::write::Pass;

/// What is shown of a folder that does not say more.
const FRAMES: [&str; 2] = ["frames", "composites"];
/// One file for all passes that are OpenEXR.
const LAYERS: &str = "layers";
const ENDINGS: [&str; 5] = ["png", "jpg", "jpeg", "exr", "npy"];

/// The files of a kind, by frame; none where a frame should have one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Files {
    pub(super) of: BTreeMap<i64, Option<PathBuf>>,
    /// What the names of its channels begin with, where files hold more than it.
    pub(super) prefix: String,
}

/// A folder of a render, or one of files alone.
#[derive(Debug)]
pub(super) struct Folder {
    /// As it was given.
    pub(super) given: PathBuf,
    out: PathBuf,
    /// The kind whose folder was given.
    own: Option<String>,
    ledger: Option<Ledger>,
}

impl Folder {
    /// That of a job, or that of one kind of its files.
    pub(super) fn open(given: &Path) -> Result<Self, VideoError> {
        let wrong = |problem: &str| VideoError::Folder {
            folder: given.to_owned(),
            problem: problem.to_owned(),
        };
        let full = std::path::absolute(given).map_err(|error| wrong(&error.to_string()))?;
        if !full.is_dir() {
            return Err(wrong(match full.exists() {
                true => "it is no folder; give the folder that was rendered into",
                false => "there is no such folder; give the folder that was rendered into",
            }));
        }
        let has = |folder: &Path| [LEDGER, JOB].iter().any(|name| folder.join(name).is_file());
        let parent = full.parent().filter(|parent| has(parent));
        let (out, own) = match (has(&full), parent) {
            (true, _) => (full, None),
            (false, Some(parent)) => (parent.to_owned(), name_of(&full)),
            (false, None) if FRAMES.iter().any(|kind| full.join(kind).is_dir()) => (full, None),
            (false, None) => (full.parent().unwrap_or(&full).to_owned(), name_of(&full)),
        };
        // Tasks without a head have left files and what they are, and no ledger yet.
        let gather = || Ledger::gather(&out, false, &mut |_, _| ()).map(|found| found.ledger);
        let ledger = has(&out).then(gather).transpose()?;
        Ok(Self {
            given: given.to_owned(),
            out,
            own,
            ledger,
        })
    }

    /// Frames a second of the scene, where that is known.
    pub(super) fn fps(&self) -> Result<Option<f64>, RenderError> {
        self.ledger.as_ref().map_or(Ok(None), Ledger::fps)
    }

    /// The kinds that are shown where none is named.
    pub(super) fn usual(&self) -> Result<Vec<String>, VideoError> {
        if let Some(own) = &self.own {
            return Ok(vec![own.clone()]);
        }
        for kind in FRAMES {
            if self.look(kind)?.is_some() {
                return Ok(vec![kind.to_owned()]);
            }
        }
        Err(self.none(FRAMES[0])?)
    }

    /// The files of a kind.
    pub(super) fn files(&self, kind: &str) -> Result<Files, VideoError> {
        match self.look(kind)? {
            Some(files) => Ok(files),
            None => Err(self.none(kind)?),
        }
    }

    fn look(&self, kind: &str) -> Result<Option<Files>, VideoError> {
        let own = |prefix: &str, of| Files {
            of,
            prefix: prefix.to_owned(),
        };
        if let Some(of) = self.one_kind(kind)? {
            return Ok(Some(own("", of)));
        }
        if kind.parse::<Pass>().is_err() {
            return Ok(None);
        }
        let layers = self.one_kind(LAYERS)?;
        Ok(layers.map(|of| own(&format!("{kind}."), of)))
    }

    fn one_kind(&self, kind: &str) -> Result<Option<BTreeMap<i64, Option<PathBuf>>>, VideoError> {
        if let Some(ledger) = &self.ledger {
            let rows = ledger.files_of(kind)?;
            let there = |path: Option<String>| {
                let path = self.out.join(path?);
                path.is_file().then_some(path)
            };
            let rows = rows.into_iter();
            let found: BTreeMap<_, _> = rows.map(|(frame, path)| (frame, there(path))).collect();
            return Ok((!found.is_empty()).then_some(found));
        }
        let folder = match &self.own {
            Some(own) if own == kind => self.given.clone(),
            _ => self.out.join(passes_folder(kind)),
        };
        let found = in_folder(&folder, kind)?;
        let numbers: Vec<_> = found.keys().copied().collect();
        let numbers = between(&numbers).into_iter();
        let all: BTreeMap<_, _> = numbers.map(|n| (n, found.get(&n).cloned())).collect();
        Ok((!all.is_empty()).then_some(all))
    }

    /// That there are no files of a kind.
    fn none(&self, kind: &str) -> Result<VideoError, VideoError> {
        let kinds = match &self.ledger {
            Some(ledger) => ledger
                .summary()?
                .kinds
                .into_iter()
                .map(|one| one.kind)
                .collect(),
            None => Vec::new(),
        };
        let there = match kinds.is_empty() {
            true => "name a folder that was rendered into, or one of numbered png, jpg, exr or npy files"
                .to_owned(),
            false => format!("there are {}; choose with --passes", kinds.join(", ")),
        };
        Ok(VideoError::Folder {
            folder: self.given.clone(),
            problem: format!("it holds no {kind}: {there}"),
        })
    }
}

fn name_of(folder: &Path) -> Option<String> {
    // Also of one that was given as `.` or `..`.
    let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
}

/// The files of a kind in a folder, by their numbers: one each.
fn in_folder(folder: &Path, kind: &str) -> Result<BTreeMap<i64, PathBuf>, VideoError> {
    let wrong = |problem: String| VideoError::Folder {
        folder: folder.to_owned(),
        problem,
    };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        Err(error) => return Err(wrong(format!("it cannot be read: {error}"))),
    };
    let mut found: BTreeMap<String, BTreeMap<i64, PathBuf>> = BTreeMap::new();
    for entry in entries {
        let path = entry
            .map_err(|error| wrong(format!("it cannot be read: {error}")))?
            .path();
        let (stem, ending) = (path.file_stem(), path.extension());
        let (Some(stem), Some(ending)) = (stem.and_then(|s| s.to_str()), ending) else {
            continue;
        };
        let ending = ending.to_string_lossy().to_lowercase();
        let Some((before, number)) = numbered(stem).filter(|_| ENDINGS.contains(&&*ending)) else {
            continue;
        };
        let same = found
            .entry(before.to_owned())
            .or_default()
            .insert(number, path.clone());
        if let Some(other) = same {
            return Err(wrong(format!(
                "{} and {} are both frame {number}; leave one of them",
                name(&path),
                name(&other)
            )));
        }
    }
    if found.len() < 2 {
        return Ok(found.into_values().next().unwrap_or_default());
    }
    // As release 0.1.0a2 of VisionSim names them, which has several kinds in a folder.
    for before in [
        format!("{}_", one_of(kind)),
        format!("{kind}_"),
        String::new(),
    ] {
        if let Some(files) = found.remove(&before) {
            return Ok(files);
        }
    }
    let names: Vec<_> = found
        .values()
        .filter_map(|files| files.values().next())
        .map(|path| name(path))
        .collect();
    Err(wrong(format!(
        "its files belong to several sequences ({}); give a folder of one",
        names.join(", ")
    )))
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(names: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for name in names {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        folder
    }

    fn frames(folder: &Path) -> Vec<(i64, Option<String>)> {
        let folder = Folder::open(folder).unwrap();
        let files = folder.files(&folder.usual().unwrap()[0]).unwrap();
        let named = |path: PathBuf| name(&path);
        files
            .of
            .into_iter()
            .map(|(n, path)| (n, path.map(named)))
            .collect()
    }

    #[test]
    fn frame_0_is_a_frame_and_the_first_image_comes_once() {
        let folder = filled(&[
            "frames/000000.png",
            "frames/000001.png",
            "frames/000002.png",
        ]);
        let all: Vec<_> = (0..3).map(|n| (n, Some(format!("00000{n}.png")))).collect();
        assert_eq!(frames(folder.path()), all);
        assert_eq!(frames(&folder.path().join("frames")), all);
    }

    #[test]
    fn they_are_in_the_order_of_their_numbers_with_gaps() {
        let folder = filled(&[
            "shot8.png",
            "shot9.png",
            "shot11.png",
            "notes.txt",
            "cover.png",
        ]);
        let found = frames(folder.path());
        let numbers: Vec<_> = found.iter().map(|(n, path)| (*n, path.is_some())).collect();
        assert_eq!(numbers, [(8, true), (9, true), (10, false), (11, true)]);
    }

    #[test]
    fn what_is_no_sequence_is_said() {
        for (names, says) in [
            (&["1.png", "001.png"][..], "both frame 1"),
            (&["1.png", "1.exr"], "both frame 1"),
            (&["a1.png", "b1.png"], "several sequences"),
            (&["note.txt"], "it holds no "),
        ] {
            let folder = filled(names);
            let folder = Folder::open(folder.path()).unwrap();
            let kind = folder.usual().unwrap().remove(0);
            let said = folder.files(&kind).unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        }
        assert!(Folder::open(Path::new("/no/such")).is_err());
    }

    #[test]
    fn kinds_that_share_a_folder_are_told_apart() {
        let folder = filled(&[
            "frames/frame_000001.png",
            "depths/depth_000001.exr",
            "depths/debug_depth_000001.png",
        ]);
        let folder = Folder::open(folder.path()).unwrap();
        let file = |kind: &str| name(folder.files(kind).unwrap().of[&1].as_ref().unwrap());
        assert_eq!(file("depths"), "depth_000001.exr");
        assert_eq!(file("debug_depth"), "debug_depth_000001.png");
        assert_eq!(file("frames"), "frame_000001.png");
    }
}
