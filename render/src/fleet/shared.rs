//! What the threads of a render share, under one lock.
//!
//! Owns what is known of frames and ids while they are rendered. The ledger is the keeper's alone.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use super::Inner;
use super::verbs::Refused;
use super::words::Word;
use crate::division::Division;
use crate::job::{Request, Scene};
use crate::ledger::{IdTable, Things};

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

    pub(super) fn tell(&self, word: Word) {
        let words = self.words.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = words.send(word);
    }

    /// The folder of unfinished files of a worker's life.
    pub(super) fn folder(&self, worker: usize, life: u64) -> String {
        format!("{}-{worker}-{life}", self.tag)
    }

    /// Where a worker's life has its unfinished files.
    pub(super) fn place(&self, worker: usize, life: u64) -> PathBuf {
        let unfinished = self.request.out.join(crate::ledger::UNFINISHED);
        unfinished.join(self.folder(worker, life))
    }

    /// The frame that a life has noted to be at. What it said of it may not have been sent when it was
    /// killed.
    pub(super) fn noted(&self, worker: usize, life: u64) -> Option<i64> {
        let note = std::fs::read_to_string(self.place(worker, life).join(NOTE)).ok()?;
        note.trim().parse().ok()
    }

    /// Waits until something has changed, a moment at most.
    pub(super) fn pause(&self) {
        let dealing = self.lock();
        let wait = self
            .changed
            .wait_timeout(dealing, Duration::from_millis(200));
        drop(wait);
    }
}

/// Waits until it is known what is to be done; none where that is nothing.
pub(super) fn planned(shared: &Shared) -> Option<Map<String, Value>> {
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
pub(super) fn number(shared: &Shared, things: &Value) -> Result<bool, Refused> {
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

#[cfg(test)]
mod tests {
    use super::NOTE;

    #[test]
    fn the_note_is_where_the_worker_leaves_it() {
        let worker = include_str!("../../../python/blendtorch/btb/worker/prepared.py");
        assert!(worker.contains(&format!("\nNOTE = \"{NOTE}\"\n")));
    }
}
