//! The workers as the head sees them: who is there, in which life, and where what each says goes.
//!
//! Owns the thread that listens to the launcher. It must never wait for who is told.

use std::sync::mpsc::{Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use blendtorch_launcher::{Fleet, Heard, News};
use serde_json::Value;

use super::verbs::SERVICE;
use super::words::{Said, Word};
use crate::job::Scene;

/// What is known of a worker.
#[derive(Debug, Default)]
pub(super) struct Worker {
    /// Which of its lives, where it can be asked.
    pub(super) up: Option<u64>,
    /// It will not come back.
    pub(super) gone: Option<String>,
    /// The last life that ended, and whether that was because its machine was taken away.
    over: Option<(u64, bool)>,
    /// How its last life ended.
    pub(super) last_end: Option<String>,
    /// The scene as that life has it, and what it said of it.
    pub(super) there: Option<There>,
    /// Which render it was prepared for in that life.
    pub(super) prepared: Option<(u64, String)>,
    /// Lives, one after another, in which it could not be asked.
    mute: usize,
    inbox: Option<Sender<Word>>,
}

/// How long the launcher may take to see that a life has ended, and why.
const TOLD: Duration = Duration::from_secs(5);
/// So many lives in which it could not be asked: it will never be.
const MOST_MUTE: usize = 5;

/// The scene that a life has open.
#[derive(Debug, Clone)]
pub(super) struct There {
    pub(super) life: u64,
    pub(super) scene: Scene,
    pub(super) info: Value,
}

/// What is said within so long is heard together: of thousands of workers each word would wake a thread.
pub(super) const GATHERED: Duration = Duration::from_millis(4);

/// All workers.
#[derive(Debug, Clone)]
pub(super) struct Hub(Arc<(Mutex<Vec<Worker>>, Condvar)>);

impl Hub {
    /// Listens from now on, until the launcher has ended.
    pub(super) fn start(workers: usize, news: Receiver<Heard>) -> std::io::Result<Self> {
        let workers = (0..workers).map(|_| Worker::default()).collect();
        let hub = Self(Arc::new((Mutex::new(workers), Condvar::new())));
        let its = hub.clone();
        std::thread::Builder::new()
            .name("blendtorch-render-news".into())
            .spawn(move || {
                let mut last: Option<Instant> = None;
                while let Ok(heard) = news.recv() {
                    let quiet = last.map_or(GATHERED, |last| last.elapsed());
                    std::thread::sleep(GATHERED.saturating_sub(quiet));
                    its.hear(heard);
                    news.try_iter().for_each(|heard| its.hear(heard));
                    last = Some(Instant::now());
                }
            })?;
        Ok(hub)
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn hear(&self, heard: Heard) {
        let mut workers = self.lock();
        let Some(worker) = workers.get_mut(heard.instance) else {
            return;
        };
        match heard.what {
            News::Says(about) => {
                if about.services.contains_key(SERVICE) {
                    worker.up = Some(heard.life);
                    worker.mute = 0;
                }
            }
            News::Said { topic, value } => {
                if topic == SERVICE
                    && let Some(inbox) = &worker.inbox
                {
                    let said = Said {
                        worker: heard.instance,
                        life: heard.life,
                        value,
                    };
                    let _ = inbox.send(Word::Said(said));
                }
            }
            News::Began { .. } => {}
            News::Ended { how, again, taken } => {
                // One whose machine is taken away has done nothing wrong.
                if !taken {
                    worker.mute += 1;
                }
                worker.over = Some((heard.life, taken));
                worker.up = None;
                worker.there = None;
                worker.prepared = None;
                worker.last_end = Some(how.clone());
                if !again || worker.mute >= MOST_MUTE {
                    worker.gone = Some(how);
                }
            }
        }
        self.0.1.notify_all();
    }

    /// Takes from the launcher what was said before anybody listened.
    pub(super) fn catch_up(&self, fleet: &Fleet) {
        for status in fleet.status() {
            if !status.is_alive() {
                let how = status.summary();
                if let Some(worker) = self.lock().get_mut(status.index) {
                    worker.gone = Some(how);
                }
            }
        }
    }

    /// How many can be asked.
    pub(super) fn alive(&self) -> usize {
        let workers = self.lock();
        workers.iter().filter(|worker| worker.up.is_some()).count()
    }

    /// Waits until this life of a worker is over.
    pub(super) fn wait_over(&self, worker: usize, life: u64, given_up: &dyn Fn() -> bool) {
        let mut workers = self.lock();
        while workers.get(worker).is_some_and(|one| one.up == Some(life)) && !given_up() {
            let wait = self.0.1.wait_timeout(workers, Duration::from_millis(100));
            workers = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Whether a life ended because its machine was taken away. A host may be a moment later to say so
    /// than the call that was cut short: that is waited for.
    pub(super) fn was_taken(&self, worker: usize, life: u64) -> bool {
        let deadline = Instant::now() + TOLD;
        let mut workers = self.lock();
        loop {
            match workers.get(worker).and_then(|one| one.over) {
                Some((over, taken)) if over == life => return taken,
                // A later one has ended since: of this one nothing more is known.
                Some((over, _)) if over > life => return false,
                None | Some(_) if life == 0 || Instant::now() >= deadline => return false,
                None | Some(_) => {}
            }
            let wait = self.0.1.wait_timeout(workers, Duration::from_millis(100));
            workers = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// What a worker says by itself goes there from now on.
    pub(super) fn route(&self, worker: usize, inbox: Option<Sender<Word>>) {
        if let Some(worker) = self.lock().get_mut(worker) {
            worker.inbox = inbox;
        }
    }

    /// Waits until a worker can be asked: which life it is; why it never will.
    pub(super) fn wait_up(
        &self,
        worker: usize,
        limit: Option<Duration>,
        given_up: &dyn Fn() -> bool,
    ) -> Result<u64, NotUp> {
        let deadline = limit.map(|limit| Instant::now() + limit);
        let mut workers = self.lock();
        loop {
            match workers.get(worker) {
                Some(Worker { up: Some(life), .. }) => return Ok(*life),
                Some(Worker {
                    gone: Some(how), ..
                }) => return Err(NotUp::Gone(how.clone())),
                Some(_) => {}
                None => return Err(NotUp::Gone("there is no such worker".into())),
            }
            if given_up() {
                return Err(NotUp::GivenUp);
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                return Err(NotUp::Late);
            }
            let wait = self.0.1.wait_timeout(workers, Duration::from_millis(100));
            workers = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// Why a worker cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NotUp {
    /// It will not come back.
    Gone(String),
    /// Not in time.
    Late,
    /// Nobody wants to ask it any more.
    GivenUp,
}
