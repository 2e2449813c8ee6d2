//! `render.job.json`: what the files of a folder are, beside them.
//!
//! Owns what must be known to make a ledger of files: settings, kinds, frames, ids that were chosen. It
//! lies in a file so that it outlives the ledger, and tasks without a head agree by it. It must never
//! say what is done.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lease::Holder;
use super::{Ledger, unusable};
use crate::RenderError;
use crate::job::{Frames, Settings, UserIds};
use crate::write::Layout;

/// The name of the file.
pub(crate) const JOB: &str = "render.job.json";
const VERSION: u32 = 1;
/// How often others may change it meanwhile.
const TRIES: usize = 100;

/// What a folder is to hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct JobFile {
    version: u32,
    /// What is the same for all files.
    pub(crate) settings: Settings,
    /// Kinds of files that each frame has, with how they are written.
    pub(crate) kinds: IndexMap<String, Value>,
    /// As in `render.json`.
    frames: Frames,
    /// Those that the user has chosen.
    pub(crate) ids: UserIds,
    /// Frames a second of the scene.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) fps: Option<f64>,
}

impl JobFile {
    pub(crate) fn new(
        settings: &Settings,
        kinds: &IndexMap<String, Value>,
        frames: &[i64],
        ids: &UserIds,
    ) -> Self {
        let mut kinds = kinds.clone();
        kinds.sort_unstable_keys();
        Self {
            version: VERSION,
            settings: settings.clone(),
            kinds,
            frames: compact(frames),
            ids: ids.clone(),
            fps: None,
        }
    }

    /// Of a scene with so many frames a second.
    pub(crate) fn at(self, fps: Option<f64>) -> Self {
        Self { fps, ..self }
    }

    /// The frames, in their order.
    pub(crate) fn frames(&self) -> Vec<i64> {
        self.frames.numbers((1, 1, 1)).unwrap_or_default()
    }

    pub(crate) fn layout(&self) -> Layout {
        let layout = self.settings.values.get("layout").cloned();
        layout
            .and_then(|layout| serde_json::from_value(layout).ok())
            .unwrap_or_default()
    }

    /// That of a folder; none where there is none.
    pub(crate) fn read(out: &Path) -> Result<Option<Self>, RenderError> {
        let text = match std::fs::read_to_string(out.join(JOB)) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(unusable(out, &error)),
        };
        let wrong = |problem: String| RenderError::Out {
            folder: out.to_owned(),
            problem: format!("{JOB} {problem}; move it away, and render the same job again"),
        };
        let read: Self =
            serde_json::from_str(&text).map_err(|error| wrong(format!("is damaged: {error}")))?;
        match read.version {
            VERSION => Ok(Some(read)),
            other => Err(wrong(format!(
                "has version {other}, this blendtorch knows {VERSION}"
            ))),
        }
    }

    /// Writes it, where it does not say that already.
    pub(crate) fn publish(&self, out: &Path) -> Result<(), RenderError> {
        // One that cannot be read is written anew.
        if Self::read(out).is_ok_and(|there| there.as_ref() == Some(self)) {
            return Ok(());
        }
        let put = || -> std::io::Result<()> {
            let new = self.write(out)?;
            std::fs::rename(&new, out.join(JOB)).inspect_err(|_| drop(std::fs::remove_file(&new)))
        };
        put().map_err(|error| unusable(out, &error))
    }

    /// Writes it where nobody has; else what is there must fit, and says all that both say from then
    /// on: more frames, or more passes, are the same job.
    pub(crate) fn agree(&self, out: &Path) -> Result<(), RenderError> {
        for _ in 0..TRIES {
            let Some(there) = Self::read(out)? else {
                match self.create(out) {
                    Ok(()) => return Ok(()),
                    Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                    Err(error) => return Err(unusable(out, &error)),
                }
            };
            let differences = self.differences(&there);
            if !differences.is_empty() {
                return Err(RenderError::OtherJob {
                    folder: out.to_owned(),
                    differences,
                });
            }
            let both = self.with(&there);
            if both == there {
                return Ok(());
            }
            // Another task may have written it at the same moment: it is looked at again.
            both.publish(out)?;
        }
        Err(RenderError::Out {
            folder: out.to_owned(),
            problem: format!(
                "{JOB} is changed again and again: other jobs are rendered into it; give each its own"
            ),
        })
    }

    /// Under another name, which is returned.
    fn write(&self, out: &Path) -> std::io::Result<PathBuf> {
        let new = beside(&out.join(JOB));
        let text = serde_json::to_string_pretty(self)?;
        let mut file = File::create(&new)?;
        file.write_all(format!("{text}\n").as_bytes())?;
        file.sync_data()?;
        Ok(new)
    }

    /// Gives it its name, unless a file has it.
    fn create(&self, out: &Path) -> std::io::Result<()> {
        let (new, to) = (self.write(out)?, out.join(JOB));
        // Not every file system has links; not every one can rename without replacing.
        let made = match std::fs::hard_link(&new, &to) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => {
                renameat_with(CWD, &new, CWD, &to, RenameFlags::NOREPLACE).map_err(Into::into)
            }
            other => other,
        };
        let _ = std::fs::remove_file(&new);
        made
    }

    /// What of this does not go with what is there: a line each.
    fn differences(&self, there: &Self) -> Vec<String> {
        let mut lines = self.settings.differences(&there.settings);
        for (kind, options) in &self.kinds {
            if let Some(before) = there.kinds.get(kind).filter(|before| *before != options) {
                lines.push(format!("{kind}: {before} before, {options} now"));
            }
        }
        if self.ids != there.ids {
            lines.push("ids: others were chosen before".to_owned());
        }
        lines
    }

    fn with(&self, there: &Self) -> Self {
        let mut both = there.clone();
        for (kind, options) in &self.kinds {
            both.kinds.entry(kind.clone()).or_insert(options.clone());
        }
        both.kinds.sort_unstable_keys();
        let frames: BTreeSet<_> = self.frames().into_iter().chain(there.frames()).collect();
        both.frames = compact(&frames.into_iter().collect::<Vec<_>>());
        both
    }
}

impl Ledger {
    /// Says beside the files what they are.
    pub(crate) fn publish_job(
        &self,
        settings: &Settings,
        ids: &UserIds,
    ) -> Result<(), RenderError> {
        let all = || -> rusqlite::Result<(IndexMap<String, Value>, Vec<i64>)> {
            let mut kinds = self
                .connection
                .prepare("SELECT name, options FROM kinds ORDER BY name")?;
            let kinds = kinds.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
            let kinds: Vec<(String, String)> = kinds.collect::<rusqlite::Result<_>>()?;
            let read = |text: &String| serde_json::from_str(text).unwrap_or_default();
            let kinds = kinds.iter().map(|(name, text)| (name.clone(), read(text)));
            let mut frames = self
                .connection
                .prepare("SELECT DISTINCT frame FROM files ORDER BY frame")?;
            let frames = frames.query_map([], |row| row.get(0))?;
            Ok((kinds.collect(), frames.collect::<rusqlite::Result<_>>()?))
        };
        let (kinds, frames) = all().map_err(|source| self.wrong(source))?;
        let fps = self.fps()?;
        JobFile::new(settings, &kinds, &frames, ids)
            .at(fps)
            .publish(&self.out)
    }
}

/// A name beside a file's that no other process has.
pub(crate) fn beside(path: &Path) -> PathBuf {
    let Holder { host, pid } = Holder::this();
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{host}.{pid}.new"));
    path.with_file_name(name)
}

/// The same numbers, written in few words where they are evenly spaced.
fn compact(frames: &[i64]) -> Frames {
    let step = match frames {
        [first, second, ..] => second - first,
        _ => 1,
    };
    match (frames.first(), frames.last()) {
        (Some(first), Some(last))
            if step > 0 && frames.windows(2).all(|pair| pair[1] - pair[0] == step) =>
        {
            Frames::Range(Some(*first), Some(*last), Some(step))
        }
        _ => Frames::These(frames.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn job(samples: u32, kinds: &[&str], frames: &[i64]) -> JobFile {
        let settings = Settings {
            values: json!({"layout": "flat", "samples": samples})
                .as_object()
                .unwrap()
                .clone(),
        };
        let kinds = kinds
            .iter()
            .map(|kind| ((*kind).to_owned(), Value::Null))
            .collect();
        JobFile::new(&settings, &kinds, frames, &UserIds::default())
    }

    #[test]
    fn frames_are_read_as_they_were_written() {
        for frames in [&[1, 3, 5][..], &[4], &[1, 2, 9], &[5, 4, 3]] {
            let folder = tempfile::tempdir().unwrap();
            assert_eq!(JobFile::read(folder.path()).unwrap(), None);
            job(1, &["frames"], frames).publish(folder.path()).unwrap();
            let read = JobFile::read(folder.path()).unwrap().unwrap();
            assert_eq!(read.frames(), frames);
        }
    }

    #[test]
    fn the_first_task_says_what_the_job_is_and_the_others_must_agree() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        job(1, &["frames"], &[1, 2]).agree(out).unwrap();
        let error = job(2, &["frames"], &[1, 2])
            .agree(out)
            .unwrap_err()
            .to_string();
        assert!(error.contains("samples: 1 before, 2 now"), "{error}");
        job(1, &["depths"], &[2, 3]).agree(out).unwrap();
        let read = JobFile::read(out).unwrap().unwrap();
        assert_eq!(read, job(1, &["frames", "depths"], &[1, 2, 3]));
        assert_eq!(
            std::fs::read_dir(out).unwrap().count(),
            1,
            "nothing else stays"
        );
    }

    #[test]
    fn many_tasks_at_once_make_one_file() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let one = job(1, &["frames"], &[1, 2]);
        one.create(out).unwrap();
        let error = one.create(out).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::AlreadyExists);
        assert_eq!(JobFile::read(out).unwrap().unwrap(), one);
    }

    #[test]
    fn a_file_that_is_none_is_said() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(JOB), "{").unwrap();
        let error = JobFile::read(folder.path()).unwrap_err().to_string();
        assert!(error.contains("render.job.json is damaged"), "{error}");
    }
}
