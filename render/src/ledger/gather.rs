//! How a ledger comes to be of a folder: opened, made of files, or held by a task alone.
//!
//! Owns which of them it is, and who may have a folder at the same time: one head, or any number of
//! tasks without one.

use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::jobfile::{JOB, JobFile};
use super::lease::Lease;
use super::notes::NOTES;
use super::rebuild::Rebuilt;
use super::{LEASE, LEDGER, Ledger, TABLES, VERSION, unusable};
use crate::RenderError;
use crate::transforms;

/// What a ledger was called that was made anew.
const BEFORE: &str = "ledger.sqlite.before";

/// A folder's ledger, and what it was made of.
#[derive(Debug)]
pub struct Gathered {
    /// The ledger.
    pub ledger: Ledger,
    /// What was found where files were looked at; none where the ledger was there and knew all.
    pub rebuilt: Option<Rebuilt>,
}

impl Ledger {
    /// That of the folder, to read. Where there is none, or where tasks without a head have rendered
    /// since, it is made of the files; with `anew`, in any case. `progress` hears how many files of how
    /// many were looked at. While tasks still render it is held in memory alone, as far as they are.
    ///
    /// # Errors
    /// Nothing was rendered here; the ledger is damaged, or with `anew` what the files are is not known;
    /// tasks contradict each other.
    pub fn gather(
        out: &Path,
        anew: bool,
        progress: &mut dyn FnMut(usize, usize),
    ) -> Result<Gathered, RenderError> {
        let there = out.join(LEDGER).is_file();
        let job = match JobFile::read(out) {
            // A ledger does without it.
            Err(_) if there && !anew => None,
            job => job?,
        };
        let Some(job) = job.filter(|_| anew || !there || has_notes(out)) else {
            if anew {
                return Err(RenderError::Out {
                    folder: out.to_owned(),
                    problem: format!(
                        "it has no {JOB}, which says what its files are: render the same job again, \
                         or copy the {JOB} of such a job"
                    ),
                });
            }
            let ledger = Self::read(out)?;
            return Ok(Gathered {
                ledger,
                rebuilt: None,
            });
        };
        let mut ledger = match Self::hold(out) {
            Ok(lease) => {
                if anew {
                    set_aside(out)?;
                }
                Self::with(out, lease)?
            }
            Err(error) if anew => return Err(error),
            Err(error) => match Self::private(out) {
                Ok(ledger) => ledger,
                // A head has it.
                Err(_) if there => {
                    let ledger = Self::read(out)?;
                    return Ok(Gathered {
                        ledger,
                        rebuilt: None,
                    });
                }
                Err(_) => return Err(error),
            },
        };
        if let Some(fps) = job.fps {
            ledger.keep_fps(fps)?;
        }
        let rebuilt = ledger.rebuild(&job, &job.frames(), progress)?;
        if ledger.is_ours() {
            transforms::write(&ledger, job.layout())?;
            ledger.forget_notes();
        }
        Ok(Gathered {
            ledger,
            rebuilt: Some(rebuilt),
        })
    }

    /// Learns of what is in the folder and not in the ledger, where there is such: files of a ledger
    /// that is gone, or of tasks without a head.
    pub(crate) fn catch_up(&mut self) -> Result<Option<Rebuilt>, RenderError> {
        let knows = self
            .connection
            .query_row("SELECT count(*) FROM settings", [], |row| {
                row.get::<_, i64>(0)
            })
            .map_err(|source| self.wrong(source))?;
        if knows > 0 && !has_notes(&self.out) {
            return Ok(None);
        }
        let Some(job) = JobFile::read(&self.out)? else {
            return Ok(None);
        };
        if let Some(fps) = job.fps {
            self.keep_fps(fps)?;
        }
        let rebuilt = self.rebuild(&job, &job.frames(), &mut |_, _| ())?;
        self.forget_notes();
        Ok(Some(rebuilt).filter(|rebuilt| rebuilt.files > 0))
    }

    /// What is in the notes is in the ledger.
    fn forget_notes(&self) {
        let _ = std::fs::remove_dir_all(self.out.join(NOTES));
    }

    /// One of a task without a head, which nobody else sees: in memory. No head may have the folder
    /// meanwhile; other tasks may.
    ///
    /// # Errors
    /// The folder cannot be made or written; a head has it.
    pub(crate) fn private(out: &Path) -> Result<Self, RenderError> {
        let out = made(out)?;
        let lease = match Lease::share(&out.join(LEASE)) {
            Ok(Ok(lease)) => lease,
            Ok(Err(holder)) => return Err(super::held(out, holder)),
            Err(error) => return Err(unusable(&out, &error)),
        };
        let wrong = |source| RenderError::Ledger {
            path: out.join(LEDGER),
            source,
        };
        let connection = Connection::open_in_memory().map_err(wrong)?;
        connection.execute_batch(TABLES).map_err(wrong)?;
        connection
            .execute_batch(super::facts::TABLE)
            .map_err(wrong)?;
        connection
            .pragma_update(None, "user_version", VERSION)
            .map_err(wrong)?;
        Ok(Self {
            out,
            connection,
            open: false,
            lease: None,
            _shared: Some(lease),
        })
    }
}

/// Whether tasks without a head have rendered, and nobody has taken their notes.
fn has_notes(out: &Path) -> bool {
    out.join(NOTES).is_dir()
}

/// A folder with an absolute path, which is there.
pub(super) fn made(out: &Path) -> Result<PathBuf, RenderError> {
    let out = std::path::absolute(out).map_err(|error| unusable(out, &error))?;
    std::fs::create_dir_all(&out).map_err(|error| unusable(&out, &error))?;
    Ok(out)
}

/// The ledger that is there gets another name.
fn set_aside(out: &Path) -> Result<(), RenderError> {
    // What belongs to it would be taken for a part of the new one.
    let _ = std::fs::remove_file(out.join(format!("{LEDGER}-journal")));
    match std::fs::rename(out.join(LEDGER), out.join(BEFORE)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unusable(out, &error)),
        _ => Ok(()),
    }
}
