//! What becomes of frames that fail, and of workers that end.
//!
//! Owns what is told of them; the verdict is the division's.

use serde_json::Value;

use super::Keeper;
use crate::RenderError;
use crate::division::{Division, Verdict};
use crate::fleet::progress::ProgressWhat;
use crate::fleet::worker::verdict_words;

/// So often, one after another: a frame takes longer than hosts are to be had.
const IN_VAIN: u32 = 2;
/// Where it is not known that a time limit did it.
const OFTEN_IN_VAIN: u32 = 8;

impl Keeper<'_> {
    pub(super) fn frame_failed(
        &mut self,
        worker: usize,
        frame: i64,
        kind: &Value,
        text: &str,
    ) -> Result<(), RenderError> {
        self.since
            .retain(|who, (_, at, _)| *who != worker || *at != frame);
        if kind == "disk_full" {
            return Err(self.full());
        }
        let verdict = match &mut self.shared.lock().division {
            Some(division) => division.failed(worker, frame),
            None => Verdict::Done,
        };
        self.shared.wake();
        match verdict {
            Verdict::Aside => self.aside(frame, text),
            Verdict::Again => self.say(ProgressWhat::Warning(format!(
                "frame {frame}: {text}; {}",
                verdict_words(verdict)
            ))),
            Verdict::Done => Ok(()),
        }
    }

    pub(super) fn lost(
        &mut self,
        (worker, life): (usize, u64),
        blamed: Option<(i64, Verdict)>,
        taken: bool,
    ) -> Result<(), RenderError> {
        let at_work = self.since.remove(&worker);
        self.lost += 1;
        let end = self.shared.inner.hub.lock()[worker].last_end.clone();
        if taken {
            return self.taken(worker, at_work.is_some(), end.as_deref());
        }
        let late = self.late.remove(&(worker, life));
        let how = match (late, end) {
            (true, _) => format!(
                "it took longer than frame_timeout, {:.1} s",
                self.shared
                    .request
                    .frame_timeout
                    .unwrap_or_default()
                    .as_secs_f64()
            ),
            (false, Some(how)) => how,
            (false, None) => "it ended".to_owned(),
        };
        match blamed {
            Some((frame, Verdict::Aside)) => {
                self.over_now();
                self.aside(
                    frame,
                    &format!("it ended its Blender twice; at last: {how}"),
                )
            }
            Some((frame, verdict)) => self.warn(format!(
                "worker {worker} (life {life}) at frame {frame}: {how}; {}",
                verdict_words(verdict)
            )),
            None => Ok(()),
        }
    }

    /// A worker's machine was taken away; at work, it had done nothing if no frame of its is done since
    /// the last time.
    fn taken(
        &mut self,
        worker: usize,
        at_work: bool,
        how: Option<&str>,
    ) -> Result<(), RenderError> {
        let how = how.unwrap_or("its host is gone");
        let times = self.in_vain.entry(worker).or_default();
        *times = if at_work { *times + 1 } else { 0 };
        let most = match how.contains("time limit") {
            true => IN_VAIN,
            false => OFTEN_IN_VAIN,
        };
        let times = *times;
        if times >= most {
            return Err(RenderError::NoWorkers(format!(
                "the host of worker {worker} was taken away {times} times before it had finished a \
                 frame: where a time limit did that, a frame takes longer; give more time in the key \
                 \"slurm.time\" (at last: {how})"
            )));
        }
        Ok(())
    }

    pub(super) fn over_now(&mut self) {
        let dealing = self.shared.lock();
        let division = dealing.division.as_ref();
        self.over |= division.is_some_and(Division::is_over);
    }

    pub(super) fn aside(&mut self, frame: i64, why: &str) -> Result<(), RenderError> {
        self.over_now();
        if let Some(ledger) = &mut self.ledger {
            ledger.failed(frame, why)?;
        }
        if let Some(notes) = &mut self.notes {
            // The next run tries it again, whoever has heard of it.
            let _ = notes.failed(frame, why);
        }
        self.failed.push((frame, why.to_owned()));
        self.told.failed += 1;
        self.due = true;
        let why = why.to_owned();
        self.say(ProgressWhat::Failed { frame, why })
    }

    pub(super) fn out(&mut self, worker: usize, how: &str) -> Result<(), RenderError> {
        self.left.remove(&worker);
        if let Some(division) = &mut self.shared.lock().division {
            division.leaves(worker);
        }
        self.shared.wake();
        match self.left.is_empty() {
            true => Err(RenderError::NoWorkers(format!(
                "no worker is left: {how}\n{}",
                self.shared.inner.report()
            ))),
            false => self.warn(format!("worker {worker} is gone: {how}; the others go on")),
        }
    }
}
