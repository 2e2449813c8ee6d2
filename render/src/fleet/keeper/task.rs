//! What a folder has before this render, and what a task without a head agrees on with the others.
//!
//! Owns that agreement: the job, the ids, and who writes the cameras of all.

use super::Keeper;
use crate::RenderError;
use crate::fleet::progress::ProgressWhat;
use crate::job::Settings;
use crate::ledger::{IdTable, JobFile, Ledger, NoteBook, Rebuilt};
use crate::transforms;

impl Keeper<'_> {
    /// Learns what lies in the folder and the ledger does not know; `frames` are all of the job.
    pub(super) fn catch_up(
        &mut self,
        frames: &[i64],
        settings: &Settings,
    ) -> Result<(), RenderError> {
        let request = &self.shared.request;
        let Some(ledger) = &mut self.ledger else {
            return Ok(());
        };
        let Some(part) = request.part else {
            let Some(rebuilt) = ledger.catch_up()? else {
                return Ok(());
            };
            self.rebuilt = true;
            return self.say(ProgressWhat::Warning(found(&rebuilt)));
        };
        let fps = ledger.fps()?;
        let job = JobFile::new(settings, &self.kinds, frames, &request.ids).at(fps);
        job.agree(&request.out)?;
        self.notes = Some(NoteBook::begin(&request.out, &self.shared.tag)?);
        let own = part.frames(frames, request.sequential);
        let rebuilt = ledger.rebuild(&job, &own, &mut |_, _| ())?;
        for damaged in rebuilt.damaged {
            self.say(ProgressWhat::Warning(format!(
                "{damaged}: it is rendered again"
            )))?;
        }
        Ok(())
    }

    /// Names have got ids.
    pub(super) fn numbered(&mut self, table: &IdTable) -> Result<(), RenderError> {
        if let Some(ledger) = &mut self.ledger {
            ledger.keep_ids(table)?;
        }
        match &self.notes {
            Some(notes) => notes.ids(table, &self.shared.request.ids),
            None => Ok(()),
        }
    }
}

fn found(rebuilt: &Rebuilt) -> String {
    let Rebuilt { files, of, .. } = rebuilt;
    format!(
        "the ledger did not know of files that are there: {files} of {of} are whole, and entered{}",
        match &rebuilt.damaged[..] {
            [] => String::new(),
            damaged => format!("; {}", damaged.join(", ")),
        }
    )
}

/// Writes the cameras and ids of all tasks where all their files are there. Two that end at the same
/// moment write the same.
pub(super) fn merge_if_last(ledger: &Ledger) -> Result<(), RenderError> {
    let out = ledger.out();
    let Some(job) = JobFile::read(out)? else {
        return Ok(());
    };
    if !job.is_there(out) {
        return Ok(());
    }
    let mut all = Ledger::private(out)?;
    let rebuilt = all.rebuild(&job, &job.frames(), &mut |_, _| ())?;
    match rebuilt.files == rebuilt.of {
        true => transforms::write(&all, job.layout()),
        false => Ok(()),
    }
}
