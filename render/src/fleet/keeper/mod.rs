//! Keeps the books of one render: what workers say becomes rows and progress.
//!
//! Owns the ledger, and what becomes of frames that fail and workers that end. It must never wait for a
//! worker.

mod failures;
mod files;
mod planning;
mod task;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;
use serde_json::Value;

use super::progress::{Outcome, Progress, ProgressWhat};
use super::shared::Shared;
use super::words::{Said, Word};
use crate::RenderError;
use crate::division::Division;
use crate::ledger::{Ledger, Needs, NoteBook, is_full, sweep};
use crate::transforms;

/// Of the time, commits take no more than one part in so many: thousands of workers are done with a frame
/// every millisecond. What is not committed when the head is killed is rendered again.
const COMMITS: u32 = 16;
const LONGEST_PAUSE: Duration = Duration::from_millis(100);
const MANY: usize = 32;
/// What a worker had said before it was asked is heard after this.
const MISSED: Duration = Duration::from_secs(2);

pub(in crate::fleet) struct Keeper<'a> {
    shared: Arc<Shared>,
    progress: &'a mut dyn FnMut(&Progress) -> bool,
    ledger: Option<Ledger>,
    /// Of a task without a head.
    notes: Option<NoteBook>,
    /// The ledger has been made of files: cameras may be new to it.
    rebuilt: bool,
    kinds: IndexMap<String, Value>,
    needs: Needs,
    /// It is known what is to be done.
    planned: bool,
    told: Progress,
    failed: Vec<(i64, String)>,
    /// When each worker began with its frame, and which.
    since: HashMap<usize, (Instant, i64, u64)>,
    /// How often each worker's host was taken away at its first frame.
    in_vain: HashMap<usize, u32>,
    /// What was said to be written, when, by which life, and frames of which no word had come.
    flushed: Vec<(Instant, usize, u64, Vec<i64>)>,
    /// Workers whose frame took too long.
    late: HashSet<(usize, u64)>,
    /// Folders that are there.
    folders: HashSet<PathBuf>,
    /// The workers that take part, and those of them that are left.
    workers: Vec<usize>,
    left: HashSet<usize>,
    began: Instant,
    sums: BTreeMap<String, (f64, u32)>,
    warned: HashSet<String>,
    twice: usize,
    lost: usize,
    over: bool,
    /// Something is to be committed now.
    due: bool,
    committed: Instant,
    /// How long the next commit waits after that one.
    pause: Duration,
    /// Frames that were done then.
    kept: usize,
}

impl<'a> Keeper<'a> {
    pub(in crate::fleet) fn new(
        shared: Arc<Shared>,
        workers: &[usize],
        progress: &'a mut dyn FnMut(&Progress) -> bool,
    ) -> Result<Self, RenderError> {
        let request = &shared.request;
        let ledger = match (request.dry_run, request.part) {
            (true, _) => None,
            (false, None) => Some(Ledger::open(&request.out)?),
            (false, Some(_)) => Some(Ledger::private(&request.out)?),
        };
        let kinds = planning::kinds(&shared);
        let told = Progress {
            workers: workers.len(),
            ..Progress::default()
        };
        Ok(Self {
            workers: workers.to_vec(),
            left: workers.iter().copied().collect(),
            shared,
            progress,
            ledger,
            notes: None,
            rebuilt: false,
            kinds,
            needs: Needs::default(),
            planned: false,
            told,
            failed: Vec::new(),
            since: HashMap::new(),
            in_vain: HashMap::new(),
            flushed: Vec::new(),
            late: HashSet::new(),
            folders: HashSet::new(),
            began: Instant::now(),
            sums: BTreeMap::new(),
            warned: HashSet::new(),
            twice: 0,
            lost: 0,
            over: false,
            due: false,
            committed: Instant::now(),
            pause: Duration::ZERO,
            kept: 0,
        })
    }

    pub(in crate::fleet) fn is_over(&self) -> bool {
        self.over
    }

    pub(in crate::fleet) fn hear(&mut self, word: Word) -> Result<(), RenderError> {
        match word {
            Word::Up { info, range } => self.up(&info, &range),
            Word::Warning(text) => self.warn(text),
            Word::Ids(table) => self.numbered(&table),
            Word::Given {
                worker,
                life,
                frames,
            } => match &mut self.ledger {
                Some(ledger) => ledger.given(&frames, &blender(worker, life)),
                None => Ok(()),
            },
            Word::Returned(frames) => match &mut self.ledger {
                Some(ledger) => ledger.returned(&frames),
                None => Ok(()),
            },
            Word::Said(said) => self.said(said),
            Word::Flushed {
                worker,
                life,
                frames,
            } => {
                self.flushed.push((Instant::now(), worker, life, frames));
                Ok(())
            }
            Word::Lost {
                worker,
                life,
                blamed,
                taken,
            } => self.lost((worker, life), blamed, taken),
            Word::Out { worker, how } => self.out(worker, &how),
            Word::Fatal(error) => Err(error),
        }
    }

    fn up(&mut self, info: &Value, range: &Value) -> Result<(), RenderError> {
        for warning in info["warnings"].as_array().into_iter().flatten() {
            self.warn(warning.as_str().unwrap_or_default().to_owned())?;
        }
        let reasons: Vec<_> = info["sequential"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if !reasons.is_empty() && !self.shared.request.sequential && self.told.workers > 1 {
            self.warn(format!(
                "the state of this scene depends on the frame before ({}): bake it, or render with \
                 --sequential",
                reasons.join(", ")
            ))?;
        }
        if self.shared.lock().division.is_some() {
            return Ok(());
        }
        let number = |i: usize| range[i].as_i64().unwrap_or(1);
        let scene = (number(0), number(1), number(2));
        let frames = self.shared.request.frames.numbers(scene);
        let frames = frames.map_err(|problem| RenderError::job("frames", problem))?;
        let settings = self.settings(info)?;
        // Before the job's file is written, which says it too.
        if let (Some(ledger), Some(fps)) = (&mut self.ledger, info["fps"].as_f64()) {
            ledger.keep_fps(fps)?;
        }
        self.plan(&frames, &settings)
    }

    fn warn(&mut self, text: String) -> Result<(), RenderError> {
        // Each worker says it.
        match self.warned.insert(text.clone()) {
            true => self.say(ProgressWhat::Warning(text)),
            false => Ok(()),
        }
    }

    fn said(&mut self, said: Said) -> Result<(), RenderError> {
        let Said {
            worker,
            life,
            value,
        } = said;
        // Of a render before this one.
        let folder = Path::new(value["folder"].as_str().unwrap_or_default());
        let own = self.shared.folder(worker, life);
        let foreign = folder.file_name().is_none_or(|name| name != own.as_str());
        if value["event"] == "warning" {
            return self.warn(value["text"].as_str().unwrap_or_default().to_owned());
        }
        let Some(frame) = value["frame"].as_i64().filter(|_| !foreign) else {
            return Ok(());
        };
        match value["event"].as_str().unwrap_or_default() {
            // Frames before one are played; nobody renders them.
            "playing" => {
                if let Some(since) = self.since.get_mut(&worker) {
                    since.0 = Instant::now();
                }
                Ok(())
            }
            // Of a life that is known to be over it says nothing any more.
            "began" if self.shared.inner.hub.lock()[worker].up != Some(life) => Ok(()),
            "began" => {
                if let Some(division) = &mut self.shared.lock().division {
                    division.began(worker, frame);
                }
                self.since.insert(worker, (Instant::now(), frame, life));
                Ok(())
            }
            "written" => self.written(worker, life, frame, &value),
            "failed" => {
                let text = value["text"].as_str().unwrap_or_default();
                self.frame_failed(worker, frame, &value["kind"], text)
            }
            _ => Ok(()),
        }
    }

    /// What is to be done from time to time.
    pub(in crate::fleet) fn tick(&mut self) -> Result<(), RenderError> {
        if let Some(most) = self.shared.request.frame_timeout {
            for (&worker, &(began, _, life)) in &self.since {
                if began.elapsed() > most && self.late.insert((worker, life)) {
                    self.shared.inner.fleet.end_life(worker, life);
                }
            }
        }
        self.miss()?;
        self.commit()?;
        self.wind_up()?;
        self.say(ProgressWhat::Nothing)
    }

    /// Where it is asked to end, no more is given out.
    fn wind_up(&mut self) -> Result<(), RenderError> {
        if !self.shared.request.ending.is_asked() {
            return Ok(());
        }
        match &mut self.shared.lock().division {
            Some(division) => division.close(),
            None => return Err(RenderError::Stopped),
        }
        self.over_now();
        self.shared.wake();
        Ok(())
    }

    /// Frames that a worker has rendered and of whose files no word came.
    fn miss(&mut self) -> Result<(), RenderError> {
        let due = |at: &Instant| at.elapsed() > MISSED;
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.flushed)
            .into_iter()
            .partition(|(at, ..)| due(at));
        self.flushed = later;
        for (_, worker, life, frames) in due {
            if self.shared.inner.hub.lock()[worker].up != Some(life) {
                continue;
            }
            for frame in frames {
                let held = match &self.shared.lock().division {
                    Some(division) => division.held_by(worker).contains(&frame),
                    None => false,
                };
                let at = self
                    .since
                    .get(&worker)
                    .is_some_and(|(_, at, _)| *at == frame);
                if held && !at {
                    let text = "no word came of its files";
                    self.frame_failed(worker, frame, &Value::from("io"), text)?;
                }
            }
        }
        Ok(())
    }

    pub(in crate::fleet) fn commit(&mut self) -> Result<(), RenderError> {
        let since = self.committed.elapsed();
        let due = (self.due && since >= self.pause) || since > Duration::from_secs(1);
        if let Some(ledger) = self.ledger.as_mut().filter(|_| due) {
            let began = Instant::now();
            ledger.commit()?;
            // A few workers are done with a frame now and then.
            self.pause = match self.told.workers > MANY {
                true => (began.elapsed() * COMMITS).min(LONGEST_PAUSE),
                false => Duration::ZERO,
            };
            (self.due, self.committed, self.kept) = (false, Instant::now(), self.told.done);
        }
        Ok(())
    }

    /// When something is to be done although nothing is said.
    pub(in crate::fleet) fn next(&self) -> Option<Duration> {
        let left = self.pause.saturating_sub(self.committed.elapsed());
        self.due.then_some(left)
    }

    fn say(&mut self, what: ProgressWhat) -> Result<(), RenderError> {
        self.told.what = what;
        self.told.alive = self.shared.inner.hub.alive();
        self.told.elapsed = self.began.elapsed();
        match (self.progress)(&self.told) {
            true => Ok(()),
            false => Err(RenderError::Stopped),
        }
    }

    fn full(&self) -> RenderError {
        RenderError::DiskFull {
            folder: self.shared.request.out.clone(),
            done: self.kept,
            total: self.told.total,
        }
    }

    /// A database that finds no room says so in its own way; and how much is kept is known at the end.
    pub(in crate::fleet) fn as_full_disk(&self, error: RenderError) -> RenderError {
        match error {
            RenderError::DiskFull { .. } => self.full(),
            RenderError::Ledger { source, .. } if is_full(&source) => self.full(),
            error => error,
        }
    }

    /// Writes what belongs to the whole, and says what came of it.
    pub(in crate::fleet) fn finish(
        &mut self,
        rendered: &Result<(), RenderError>,
    ) -> Result<Outcome, RenderError> {
        if let Some(ledger) = &mut self.ledger {
            let left = self.shared.lock();
            let left = left.division.as_ref().map(Division::left);
            ledger.returned(&left.unwrap_or_default())?;
            ledger.commit()?;
            // What the ledger had no room for is rolled back.
            if !matches!(rendered, Err(RenderError::Ledger { .. })) {
                self.kept = self.told.done;
            }
            // Of a folder of another job nothing is changed.
            let new = self.told.done > self.told.skipped;
            let there = ledger.out().join(transforms::CAMERAS).is_file();
            if self.shared.request.part.is_some() {
                if rendered.is_ok() && self.told.done == self.told.total {
                    task::merge_if_last(ledger)?;
                }
            } else if self.planned && (new || self.rebuilt || !there) {
                let cameras = &self.shared.inner.cameras;
                cameras.write(ledger, self.shared.request.layout)?;
            }
        }
        sweep(&self.shared.request.out, &self.shared.tag);
        self.failed.sort_by_key(|(frame, _)| *frame);
        Ok(Outcome {
            total: self.told.total,
            done: self.told.done,
            skipped: self.told.skipped,
            failed: std::mem::take(&mut self.failed),
            twice: self.twice,
            lost: self.lost,
            elapsed: self.began.elapsed(),
            seconds: std::mem::take(&mut self.told.seconds),
        })
    }
}

fn blender(worker: usize, life: u64) -> String {
    format!("{worker}.{life}")
}
