//! The files of a frame on their way: written, synced, counted; and removed where one fails. With a
//! scratch folder they are written there, and copied when all are whole.

use super::event::WrittenFile;
use super::failure::Failure;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The files of one frame. Those that are there when it is dropped unfinished are removed.
#[derive(Debug)]
pub(super) struct Files<'a> {
    folder: &'a Path,
    scratch: Option<&'a Path>,
    frame: i64,
    made: Vec<(PathBuf, File, WrittenFile)>,
    finished: bool,
}

impl<'a> Files<'a> {
    pub(super) fn new(folder: &'a Path, scratch: Option<&'a Path>, frame: i64) -> Self {
        Self {
            folder,
            scratch,
            frame,
            made: Vec::new(),
            finished: false,
        }
    }

    /// Writes a file. `begun` is when its bytes began to be made.
    pub(super) fn add(
        &mut self,
        pass: &str,
        extension: &str,
        bytes: &[u8],
        begun: Instant,
    ) -> Result<(), Failure> {
        let name = format!("{:06}.{pass}.{extension}", self.frame);
        let path = self.scratch.unwrap_or(self.folder).join(&name);
        let failed = |error| Failure::io(&path, &error);
        if let Some(scratch) = self.scratch {
            // It goes after each frame: who is killed leaves none.
            fs::create_dir_all(scratch).map_err(failed)?;
        }
        let file = File::create(&path).map_err(failed)?;
        let about = WrittenFile {
            pass: pass.into(),
            file: name,
            bytes: bytes.len() as u64,
            crc: crc32fast::hash(bytes),
            seconds: 0.0,
        };
        self.made.push((path.clone(), file, about));
        if let Some((_, file, about)) = self.made.last_mut() {
            file.write_all(bytes).map_err(failed)?;
            about.seconds = begun.elapsed().as_secs_f64();
        }
        Ok(())
    }

    /// Waits until all are on the disk.
    pub(super) fn finish(mut self) -> Result<Vec<WrittenFile>, Failure> {
        for (path, file, about) in &mut self.made {
            let begun = Instant::now();
            match self.scratch {
                Some(_) => copy(path, &self.folder.join(&about.file))?,
                None => file
                    .sync_data()
                    .map_err(|error| Failure::io(path, &error))?,
            }
            about.seconds += begun.elapsed().as_secs_f64();
        }
        self.finished = true;
        if self.scratch.is_some() {
            self.remove();
        }
        let made = std::mem::take(&mut self.made);
        Ok(made.into_iter().map(|(_, _, about)| about).collect())
    }
}

/// To another file system, where it is on the disk afterwards.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let copied = || -> std::io::Result<()> {
        let mut file = File::create(to)?;
        std::io::copy(&mut File::open(from)?, &mut file)?;
        file.sync_data()
    };
    copied().map_err(|error| Failure::io(to, &error))
}

impl Files<'_> {
    /// What cannot be removed is written over by the next try of this frame.
    fn remove(&self) {
        for (path, ..) in &self.made {
            let _ = fs::remove_file(path);
        }
        if let Some(scratch) = self.scratch {
            let _ = fs::remove_dir(scratch);
        }
    }
}

impl Drop for Files<'_> {
    fn drop(&mut self) {
        if self.finished {
            return;
        }
        self.remove();
        if self.scratch.is_some() {
            for (.., about) in &self.made {
                let _ = fs::remove_file(self.folder.join(&about.file));
            }
        }
    }
}
