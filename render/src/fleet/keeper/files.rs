//! What workers have written gets its names.
//!
//! Owns the moment at which a file gets its name: the first result of a frame wins, whoever else
//! renders it too.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Keeper, blender};
use crate::RenderError;
use crate::fleet::progress::ProgressWhat;
use crate::ledger::{Entry, Shot, UNFINISHED, stamp};
use crate::write::WrittenFile;

impl Keeper<'_> {
    pub(super) fn written(
        &mut self,
        worker: usize,
        life: u64,
        frame: i64,
        value: &Value,
    ) -> Result<(), RenderError> {
        self.in_vain.remove(&worker);
        self.since
            .retain(|who, (_, at, its)| *who != worker || *at != frame || *its != life);
        let read = |files: &Value| -> Vec<WrittenFile> {
            serde_json::from_value(files.clone()).unwrap_or_default()
        };
        let mut files = read(&value["files"]);
        // What Blender itself has written.
        files.extend(read(&value["about"]["files"]));
        // Whatever runs in a worker may say anything.
        files.retain(|file| self.kinds.contains_key(&file.pass) && is_plain(&file.file));
        let folder = self.unfinished().join(self.shared.folder(worker, life));
        let wanted = {
            let dealing = self.shared.lock();
            let division = dealing.division.as_ref();
            division.is_some_and(|division| division.has(frame))
        };
        if !wanted {
            // Another worker was first.
            self.twice += 1;
            let remove = |file: &WrittenFile| drop(fs::remove_file(folder.join(&file.file)));
            files.iter().for_each(remove);
            return Ok(());
        }
        let missing = self.needs.missing.get(&frame).cloned().unwrap_or_default();
        let (files, others): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|file| missing.contains(&file.pass));
        for file in &others {
            let _ = fs::remove_file(folder.join(&file.file));
        }
        let about = &value["about"];
        let shot = shot(about);
        let mut named = self.entries(frame, &files, &folder);
        if let (Ok(entries), Some(notes)) = (&named, &mut self.notes) {
            // Before any file has its name: whoever finds the file finds the note.
            let noted = notes.done(frame, entries, &shot, &blender(worker, life));
            named = noted
                .map_err(|error| ("its note".to_owned(), error))
                .and(named);
        }
        let named = named.and_then(|entries| {
            for (file, entry) in files.iter().zip(&entries) {
                self.name(frame, entry, &folder.join(&file.file))
                    .map_err(|error| (file.file.clone(), error))?;
            }
            Ok(entries)
        });
        let entries = match named {
            Ok(entries) => entries,
            Err((_, error))
                if matches!(
                    error.kind(),
                    ErrorKind::StorageFull | ErrorKind::QuotaExceeded
                ) =>
            {
                return Err(self.full());
            }
            Err((what, error)) => {
                let text = format!("{what} cannot get its name: {error}");
                return self.frame_failed(worker, frame, &json!("io"), &text);
            }
        };
        let there = |kind: &String| entries.iter().any(|entry| entry.kind == *kind);
        if let Some(kind) = missing.iter().find(|kind| !there(kind)) {
            let text = format!("no file came for {kind}");
            return self.frame_failed(worker, frame, &json!("io"), &text);
        }
        if let Some(ledger) = &mut self.ledger {
            let settings = self.needs.settings;
            ledger.done(frame, &entries, &shot, settings, &blender(worker, life))?;
        }
        self.count(&about["seconds"], &entries);
        {
            let mut dealing = self.shared.lock();
            dealing.seconds = self.frame_seconds();
            if let Some(division) = &mut dealing.division {
                division.done(worker, frame);
                self.over = division.is_over();
            }
        }
        self.shared.wake();
        self.told.done += 1;
        self.due = true;
        self.say(ProgressWhat::Frame(frame))
    }

    /// What the files of a frame are, as their worker has left them.
    fn entries(
        &self,
        frame: i64,
        files: &[WrittenFile],
        folder: &Path,
    ) -> Result<Vec<Entry>, (String, io::Error)> {
        let entry = |file: &WrittenFile| {
            let extension = Path::new(&file.file).extension().unwrap_or_default();
            let layout = self.shared.request.layout;
            let path = layout.file(&file.pass, frame, &extension.to_string_lossy());
            let (bytes, modified_ns) = stamp(&folder.join(&file.file))?;
            if bytes != file.bytes {
                return Err(io::Error::other(format!(
                    "it has {bytes} bytes, and {} were written",
                    file.bytes
                )));
            }
            Ok(Entry {
                kind: file.pass.clone(),
                path,
                bytes,
                crc: file.crc,
                modified_ns,
                seconds: Some(file.seconds),
            })
        };
        let named = |file: &WrittenFile| entry(file).map_err(|error| (file.file.clone(), error));
        files.iter().map(named).collect()
    }

    /// Gives a file its name.
    fn name(&mut self, frame: i64, entry: &Entry, from: &Path) -> io::Result<()> {
        let out = &self.shared.request.out;
        let to = out.join(&entry.path);
        if let Some(folder) = to.parent().filter(|folder| !self.folders.contains(*folder)) {
            fs::create_dir_all(folder)?;
            self.folders.insert(folder.to_owned());
        }
        fs::rename(from, &to)?;
        if self.shared.request.anew {
            // It may have been another kind of file.
            for other in ["exr", "npy", "png", "jpg"] {
                let before = self.shared.request.layout.file(&entry.kind, frame, other);
                if before != entry.path {
                    let _ = fs::remove_file(out.join(before));
                }
            }
        }
        Ok(())
    }

    fn count(&mut self, parts: &Value, entries: &[Entry]) {
        let mut add = |name: &str, seconds: f64| {
            let (sum, count) = self.sums.entry(name.to_owned()).or_default();
            (*sum, *count) = (*sum + seconds, *count + 1);
        };
        for (name, seconds) in parts.as_object().into_iter().flatten() {
            add(name, seconds.as_f64().unwrap_or_default());
        }
        for entry in entries {
            add(&entry.kind, entry.seconds.unwrap_or_default());
        }
        self.told.seconds = self
            .sums
            .iter()
            .map(|(name, (sum, count))| (name.clone(), sum / f64::from(*count)))
            .collect();
    }

    /// What a frame takes in its worker's main thread.
    fn frame_seconds(&self) -> Option<f64> {
        let parts = ["evaluate", "render", "read"];
        let known = parts.iter().filter_map(|part| self.told.seconds.get(*part));
        Some(known.sum()).filter(|sum| *sum > 0.0)
    }

    pub(super) fn unfinished(&self) -> PathBuf {
        self.shared.request.out.join(UNFINISHED)
    }
}

/// Whether it is a name alone, with an extension, that leads nowhere else.
fn is_plain(name: &str) -> bool {
    let path = Path::new(name);
    let extension = path.extension().and_then(|extension| extension.to_str());
    path.file_name().is_some_and(|last| last == name)
        && extension
            .is_some_and(|text| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric()))
}

fn shot(about: &Value) -> Shot {
    Shot {
        camera: about["camera"].clone(),
        matrix: about["pose"].clone(),
        seconds: about["seconds"].clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_lead_elsewhere_are_no_files() {
        assert!(is_plain("000003.depths.exr"));
        for name in [
            "",
            "/etc/a.exr",
            "../a.exr",
            "a/b.exr",
            "..",
            "a",
            "a.",
            "a.e/x",
            "a.ex r",
        ] {
            assert!(!is_plain(name), "{name:?}");
        }
    }
}
