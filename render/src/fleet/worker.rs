//! What the head does with one worker: life after life, run after run.
//!
//! Owns the thread that asks the worker and waits for it. What is known of frames is shared, under one
//! lock; the ledger is the keeper's.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::{Map, Value, json};

use super::Inner;
use super::keeper::Word;
use super::scene::{NotReady, apply, ensure};
use super::verbs::{FOR_EVER, LONG, Refused, call};
use crate::RenderError;
use crate::division::{Division, Given, Verdict};
use crate::job::{Request, Scene, Step};
use crate::ledger::{IdTable, Things};

/// What a worker said before it ended is heard after this.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How often a worker may end before it has begun a frame.
const FRUITLESS: usize = 3;
/// What is added to the time that frames may take.
const MARGIN: Duration = Duration::from_secs(60);
/// The file in which a worker notes its frame: `NOTE` in `btb/worker/prepared.py`.
const NOTE: &str = "at";

/// What the threads of a render share.
pub(super) struct Shared {
    pub(super) inner: Arc<Inner>,
    pub(super) scene: Scene,
    pub(super) request: Request,
    /// Tells its folders from those of renders before.
    pub(super) tag: String,
    pub(super) words: Mutex<Sender<Word>>,
    pub(super) over: AtomicBool,
    pub(super) dealing: Mutex<Dealing>,
    pub(super) changed: Condvar,
}

/// What is dealt out.
#[derive(Default)]
pub(super) struct Dealing {
    /// None until it is known what is to be done.
    pub(super) division: Option<Division>,
    /// What workers are told before their first frame.
    pub(super) prepare: Map<String, Value>,
    pub(super) wants_ids: bool,
    pub(super) ids: IdTable,
    /// How often ids were given.
    pub(super) ids_given: u64,
    /// What a frame has taken lately.
    pub(super) seconds: Option<f64>,
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, Dealing> {
        self.dealing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Release);
        self.wake();
    }

    pub(super) fn wake(&self) {
        drop(self.lock());
        self.changed.notify_all();
    }

    fn tell(&self, word: Word) {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = words.send(word);
    }

    /// The folder of unfinished files of a worker's life.
    pub(super) fn folder(&self, worker: usize, life: u64) -> String {
        format!("{}-{worker}-{life}", self.tag)
    }

    /// Where a worker's life has its unfinished files.
    fn place(&self, worker: usize, life: u64) -> PathBuf {
        let unfinished = self.request.out.join(crate::ledger::UNFINISHED);
        unfinished.join(self.folder(worker, life))
    }

    /// The frame that a life has noted to be at. What it said of it may not have been sent when it was
    /// killed.
    fn noted(&self, worker: usize, life: u64) -> Option<i64> {
        let note = std::fs::read_to_string(self.place(worker, life).join(NOTE)).ok()?;
        note.trim().parse().ok()
    }

    /// Waits until something has changed, a moment at most.
    fn pause(&self) {
        let dealing = self.lock();
        let wait = self
            .changed
            .wait_timeout(dealing, Duration::from_millis(200));
        drop(wait);
    }
}

/// How a worker's life came to an end, for this render.
enum End {
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

/// Has a worker render until there is nothing more to do.
pub(super) fn work(shared: &Arc<Shared>, worker: usize) {
    let mut fruitless = 0;
    while !shared.is_over() {
        let mut began = false;
        match life(shared, worker, &mut began) {
            End::Over => return,
            End::Lost(life) => {
                fruitless = if began { 0 } else { fruitless + 1 };
                thread::sleep(LAST_WORDS);
                lost(shared, worker, life);
                if fruitless >= FRUITLESS {
                    let how =
                        format!("worker {worker} ended {FRUITLESS} times before its first frame");
                    shared.tell(Word::Out { worker, how });
                    return;
                }
            }
            End::Renewed(life) => {
                let over = || shared.is_over();
                shared.inner.hub.wait_over(worker, life, &over);
            }
            End::Gone(how) => {
                shared.tell(Word::Out { worker, how });
                return;
            }
            End::Fatal(error) => {
                shared.tell(Word::Fatal(error));
                return;
            }
        }
    }
}

/// A life has ended: what it had waits again.
fn lost(shared: &Shared, worker: usize, life: u64) {
    let at = shared.noted(worker, life);
    let blamed = match &mut shared.lock().division {
        Some(division) => {
            if let Some(frame) = at {
                division.began(worker, frame);
            }
            division.lost(worker)
        }
        None => None,
    };
    shared.changed.notify_all();
    shared.tell(Word::Lost {
        worker,
        life,
        blamed,
    });
}

/// One life of a worker.
fn life(shared: &Arc<Shared>, worker: usize, began: &mut bool) -> End {
    match up(shared, worker) {
        Ok(life) => match Runs::of(shared, worker, life).all(began) {
            Ok(end) => end,
            Err(Refused::Gone) => End::Lost(life),
            Err(other) => End::Fatal(other.into()),
        },
        Err(why) => ended(shared, worker, why),
    }
}

/// Has the scene opened by a worker's life, and tells of it.
fn up(shared: &Shared, worker: usize) -> Result<u64, NotReady> {
    let inner = &shared.inner;
    let over = || shared.is_over();
    let turn = inner.turn(worker);
    if shared.is_over() {
        return Err(NotReady::GivenUp);
    }
    let ready = ensure(inner, worker, &shared.scene, &over)?;
    let range = [Step::new("animation_range_tuple", Value::Null)];
    let mut range = apply(inner, (worker, ready.life), &range)?;
    drop(turn);
    shared.tell(Word::Up {
        info: ready.info,
        range: range.pop().unwrap_or_default(),
    });
    Ok(ready.life)
}

fn ended(shared: &Shared, worker: usize, why: NotReady) -> End {
    match why {
        NotReady::Gone(how) => End::Gone(how),
        NotReady::Lost => {
            // The launcher may not have seen yet that it has ended.
            let up = shared.inner.hub.lock()[worker].up;
            if let Some(life) = up {
                let over = || shared.is_over();
                shared.inner.hub.wait_over(worker, life, &over);
            }
            End::Lost(up.unwrap_or_default())
        }
        NotReady::Wrong(error) => End::Fatal(error),
        NotReady::GivenUp => End::Over,
    }
}

/// The runs of one life.
struct Runs<'a> {
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
    fn of(shared: &'a Arc<Shared>, worker: usize, life: u64) -> Self {
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

    fn all(&mut self, began: &mut bool) -> Result<End, Refused> {
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

/// Waits until it is known what is to be done; none where that is nothing.
fn planned(shared: &Shared) -> Option<Map<String, Value>> {
    let mut dealing = shared.lock();
    while dealing.division.is_none() {
        if shared.is_over() {
            return None;
        }
        let wait = shared
            .changed
            .wait_timeout(dealing, Duration::from_millis(200));
        dealing = wait.unwrap_or_else(PoisonError::into_inner).0;
    }
    let over = dealing.division.as_ref().is_none_or(Division::is_over);
    (!over).then(|| dealing.prepare.clone())
}

/// Gives ids to what a worker has found; whether any were given.
fn number(shared: &Shared, things: &Value) -> Result<bool, Refused> {
    let things: Things = serde_json::from_value(things.clone()).unwrap_or_default();
    if things.is_empty() {
        return Ok(false);
    }
    let mut dealing = shared.lock();
    let given = dealing.ids.number(&things, &shared.request.ids);
    if !given.map_err(Refused::Worker)? {
        return Ok(false);
    }
    dealing.ids_given += 1;
    let table = dealing.ids.clone();
    drop(dealing);
    shared.tell(Word::Ids(Box::new(table)));
    Ok(true)
}

/// What a failed frame is told as.
pub(super) fn verdict_words(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Again => "it is rendered again",
        Verdict::Aside => "it is set aside",
        Verdict::Done => "it is done already",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_note_is_where_the_worker_leaves_it() {
        let worker = include_str!("../../../python/blendtorch/btb/worker/prepared.py");
        assert!(worker.contains(&format!("\nNOTE = \"{NOTE}\"\n")));
    }

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
