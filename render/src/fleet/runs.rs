//! The runs of one life of a worker: prepared once, then frame after frame.
//!
//! Owns the order in which a worker is asked, and its turn: others may ask it between two runs.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Inner;
use super::probe;
use super::scene::{NotReady, ensure};
use super::shared::{Shared, number, planned};
use super::verbs::{FOR_EVER, LONG, Refused, call};
use super::words::Word;
use crate::RenderError;
use crate::division::{Division, Given};

/// What is added to the time that frames may take.
const MARGIN: Duration = Duration::from_secs(60);

/// How a worker's life came to an end, for this render.
pub(super) enum End {
    /// There is nothing more to do.
    Over,
    /// It ended, and another one may begin.
    Lost(u64),
    /// It was ended in order, and another one begins.
    Renewed(u64),
    /// It will not come back.
    Gone(String),
    /// It cannot do what is wanted, and no other one can.
    Fatal(RenderError),
}

/// The runs of one life.
pub(super) struct Runs<'a> {
    shared: &'a Arc<Shared>,
    inner: &'a Inner,
    worker: usize,
    life: u64,
    /// How often ids had been given when it was told of them.
    known: u64,
    /// Frames that it was given.
    frames: u64,
    /// All of them are written.
    flushed: bool,
}

impl<'a> Runs<'a> {
    pub(super) fn of(shared: &'a Arc<Shared>, worker: usize, life: u64) -> Self {
        Self {
            shared,
            inner: &shared.inner,
            worker,
            life,
            known: 0,
            frames: 0,
            flushed: true,
        }
    }

    pub(super) fn all(&mut self, began: &mut bool) -> Result<End, Refused> {
        let shared = self.shared;
        let Some(arguments) = planned(shared) else {
            return Ok(End::Over);
        };
        let most = shared.request.max_frames_per_worker;
        while !shared.is_over() {
            let turn = self.inner.turn(self.worker);
            if shared.is_over() {
                break;
            }
            self.prepare(&arguments)?;
            drop(turn);
            let given = {
                let mut dealing = shared.lock();
                let seconds = dealing.seconds;
                let left = most.map(|most| most - self.frames);
                match &mut dealing.division {
                    Some(division) => take(division, self.worker, seconds, left),
                    None => Given::Over,
                }
            };
            let run = match given {
                Given::Over => return Ok(End::Over),
                Given::Nothing => {
                    self.flush()?;
                    shared.pause();
                    // One whose life is over must not wait for frames that it has itself.
                    let up = self.inner.hub.lock()[self.worker].up;
                    if up != Some(self.life) {
                        return Ok(End::Lost(self.life));
                    }
                    continue;
                }
                Given::Run(run) => run,
            };
            *began = true;
            if let Some(end) = self.run(&run)? {
                return Ok(end);
            }
            if most.is_some_and(|most| self.frames >= most) {
                self.flush()?;
                // All that it has rendered is written. Asked to stop, it would not come back.
                self.inner.fleet.end_life(self.worker, self.life);
                return Ok(End::Renewed(self.life));
            }
        }
        Ok(End::Over)
    }

    /// Asks within the worker's turn.
    fn call(&self, verb: &str, arguments: Value, limit: Duration) -> Result<Value, Refused> {
        call(self.inner, (self.worker, self.life), verb, arguments, limit)
    }

    /// Prepares it for this render, unless that is so already: others may have had the worker
    /// meanwhile.
    fn prepare(&mut self, arguments: &Map<String, Value>) -> Result<(), Refused> {
        let shared = self.shared;
        let ours = (self.life, shared.tag.clone());
        if self.inner.hub.lock()[self.worker].prepared.as_ref() == Some(&ours) {
            return Ok(());
        }
        let over = || shared.is_over();
        match ensure(self.inner, self.worker, &shared.scene, &over) {
            Ok(ready) if ready.life == self.life => {}
            Err(NotReady::Wrong(error)) => return Err(Refused::Worker(error)),
            _ => return Err(Refused::Gone),
        }
        let mut arguments = arguments.clone();
        let wants_ids = {
            let dealing = shared.lock();
            arguments.insert("ids".into(), dealing.ids.for_worker());
            self.known = dealing.ids_given;
            dealing.wants_ids
        };
        let place = shared.place(self.worker, self.life);
        match shared.request.dry_run {
            true => arguments.insert("tag".into(), json!(place)),
            false => arguments.insert("folder".into(), json!(place)),
        };
        let things = self.call("prepare", arguments.into(), LONG)?;
        if !shared.request.dry_run {
            probe::sees(&shared.request.out, self.worker, &place).map_err(Refused::Worker)?;
        }
        for warning in things["warnings"].as_array().into_iter().flatten() {
            let warning = warning.as_str().unwrap_or_default().to_owned();
            shared.tell(Word::Warning(warning));
        }
        if wants_ids {
            number(shared, &things)?;
        }
        self.inner.hub.lock()[self.worker].prepared = Some(ours);
        Ok(())
    }

    /// Has frames rendered; how the life ends for this render, where it does.
    fn run(&mut self, run: &[i64]) -> Result<Option<End>, Refused> {
        let (shared, worker) = (self.shared, self.worker);
        let turn = self.inner.turn(worker);
        let ours = (self.life, shared.tag.clone());
        if self.inner.hub.lock()[worker].prepared.as_ref() != Some(&ours) {
            // Somebody else has had it since.
            self.give_back(run);
            return Ok(None);
        }
        shared.tell(Word::Given {
            worker,
            life: self.life,
            frames: run.to_owned(),
        });
        let (ids, wants_ids) = {
            let dealing = shared.lock();
            let ids = (dealing.ids_given != self.known).then(|| dealing.ids.for_worker());
            self.known = dealing.ids_given;
            (ids, dealing.wants_ids)
        };
        if let Some(ids) = ids {
            self.call("table", ids, LONG)?;
        }
        self.flushed = false;
        self.frames += run.len() as u64;
        let limit = self.limit(run.len());
        let answer = self.call("run", json!({"frames": run, "flush": false}), limit)?;
        drop(turn);
        let left: Vec<i64> = serde_json::from_value(answer["left"].clone()).unwrap_or_default();
        let news = wants_ids && number(shared, &answer["unknown"])?;
        if left.is_empty() {
            return Ok(None);
        }
        self.give_back(&left);
        // It was asked to end, and does.
        Ok((!news).then_some(End::Renewed(self.life)))
    }

    fn give_back(&self, frames: &[i64]) {
        if let Some(division) = &mut self.shared.lock().division {
            division.returned(self.worker, frames);
        }
        self.shared.changed.notify_all();
        self.shared.tell(Word::Returned(frames.to_vec()));
    }

    /// How long so many frames may take. While the render goes on, one that takes too long is seen by
    /// itself; this ends a worker that hangs in a frame which another one has rendered.
    fn limit(&self, frames: usize) -> Duration {
        let request = &self.shared.request;
        let frames = u32::try_from(frames).unwrap_or(u32::MAX);
        match request.frame_timeout.filter(|_| !request.sequential) {
            Some(each) => each.saturating_mul(frames).saturating_add(MARGIN),
            None => FOR_EVER,
        }
    }

    /// Sees that all is written that was rendered.
    fn flush(&mut self) -> Result<(), Refused> {
        if self.flushed {
            return Ok(());
        }
        let turn = self.inner.turn(self.worker);
        self.call("flush", json!({}), LONG)?;
        drop(turn);
        self.flushed = true;
        let held = {
            let dealing = self.shared.lock();
            let division = dealing.division.as_ref();
            division.map_or_else(Vec::new, |division| division.held_by(self.worker))
        };
        // What it has written is told already; of what it still has, nothing will be.
        self.shared.tell(Word::Flushed {
            worker: self.worker,
            life: self.life,
            frames: held,
        });
        Ok(())
    }
}

/// What a worker does next: no more frames than its life has left.
fn take(division: &mut Division, worker: usize, seconds: Option<f64>, left: Option<u64>) -> Given {
    let mut given = division.take(worker, seconds);
    if let (Given::Run(run), Some(left)) = (&mut given, left) {
        let left = usize::try_from(left).unwrap_or(usize::MAX);
        if run.len() > left {
            division.returned(worker, &run.split_off(left));
        }
    }
    given
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_frames_are_given_than_a_life_has_left() {
        let frames: Vec<_> = (0..16).collect();
        let mut division = Division::new(&frames, &[0], false);
        assert_eq!(
            take(&mut division, 0, Some(0.01), Some(3)),
            Given::Run(vec![0, 1, 2])
        );
        let Given::Run(next) = take(&mut division, 0, Some(0.01), None) else {
            panic!("{division:?}");
        };
        assert_eq!(next[..2], [3, 4], "what was not given comes next");
    }
}
