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
use super::verbs::{Refused, call};
use crate::RenderError;
use crate::division::{Division, Given, Verdict};
use crate::job::{Request, Scene, Step};
use crate::ledger::{IdTable, Things};

/// What a worker said before it ended is heard after this.
const LAST_WORDS: Duration = Duration::from_millis(100);
/// How often a worker may end before it has begun a frame.
const FRUITLESS: usize = 3;
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
    let inner = &shared.inner;
    let over = || shared.is_over();
    let ready = match ensure(inner, worker, &shared.scene, &over) {
        Ok(ready) => ready,
        Err(why) => return ended(shared, worker, why),
    };
    let life = ready.life;
    match life_of(shared, worker, life, ready.info, began) {
        Ok(end) => end,
        Err(Refused::Gone) => End::Lost(life),
        Err(other) => End::Fatal(other.into()),
    }
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

fn life_of(
    shared: &Arc<Shared>,
    worker: usize,
    life: u64,
    info: Value,
    began: &mut bool,
) -> Result<End, Refused> {
    let inner = &shared.inner;
    let range = [Step::new("animation_range_tuple", Value::Null)];
    let range = match apply(inner, worker, &range) {
        Ok(mut values) => values.pop().unwrap_or_default(),
        Err(NotReady::Wrong(error)) => return Err(Refused::Worker(error)),
        Err(_) => return Err(Refused::Gone),
    };
    shared.tell(Word::Up { info, range });
    let Some(mut arguments) = planned(shared) else {
        return Ok(End::Over);
    };
    let (wants_ids, mut known) = {
        let dealing = shared.lock();
        arguments.insert("ids".into(), dealing.ids.for_worker());
        (dealing.wants_ids, dealing.ids_given)
    };
    if !shared.request.dry_run {
        arguments.insert("folder".into(), json!(shared.place(worker, life)));
    }
    let things = call(&inner.name, worker, "prepare", arguments.into())?;
    for warning in things["warnings"].as_array().into_iter().flatten() {
        let warning = warning.as_str().unwrap_or_default().to_owned();
        shared.tell(Word::Warning(warning));
    }
    if wants_ids {
        number(shared, &things)?;
    }
    let most = shared.request.max_frames_per_worker;
    let (mut frames, mut flushed) = (0, true);
    while !shared.is_over() {
        let (given, ids) = {
            let mut dealing = shared.lock();
            let seconds = dealing.seconds;
            let given = match &mut dealing.division {
                Some(division) => take(division, worker, seconds, most.map(|most| most - frames)),
                None => Given::Over,
            };
            (
                given,
                (dealing.ids_given != known).then(|| dealing.ids.for_worker()),
            )
        };
        let run = match given {
            Given::Over => return Ok(End::Over),
            Given::Nothing => {
                if !flushed {
                    call(&inner.name, worker, "flush", json!({}))?;
                    flushed = true;
                }
                shared.pause();
                // One whose life is over must not wait for frames that it has itself.
                let up = inner.hub.lock()[worker].up;
                if up != Some(life) {
                    return Ok(End::Lost(life));
                }
                continue;
            }
            Given::Run(run) => run,
        };
        shared.tell(Word::Given {
            worker,
            life,
            frames: run.clone(),
        });
        if let Some(ids) = ids {
            known = shared.lock().ids_given;
            call(&inner.name, worker, "table", ids)?;
        }
        (*began, flushed) = (true, false);
        frames += run.len() as u64;
        let answer = call(
            &inner.name,
            worker,
            "run",
            json!({"frames": run, "flush": false}),
        )?;
        let left: Vec<i64> = serde_json::from_value(answer["left"].clone()).unwrap_or_default();
        let unknown = &answer["unknown"];
        let news = wants_ids && number(shared, unknown)?;
        if !left.is_empty() {
            if let Some(division) = &mut shared.lock().division {
                division.returned(worker, &left);
            }
            shared.changed.notify_all();
            shared.tell(Word::Returned(left));
        }
        if most.is_some_and(|most| frames >= most) {
            call(&inner.name, worker, "flush", json!({}))?;
            // All that it has rendered is written. Asked to stop, it would not come back.
            inner.fleet.end_life(worker, life);
            return Ok(End::Renewed(life));
        }
        if !answer["left"].as_array().is_none_or(Vec::is_empty) && !news {
            // It was asked to end, and does.
            return Ok(End::Renewed(life));
        }
    }
    Ok(End::Over)
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
        let mut division = Division::new(&frames, 1, false);
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
