//! The books of iterations in other processes: each worker of torch's loader writes its own, and the
//! process that made the dataset reads them.
//!
//! Owns a memory file without a name, in which every worker has a place. Its maker keeps it open, so
//! that a worker that was killed leaves what it wrote last, and nothing is left when the maker ends.
//! Others open it by way of the maker's process, once it is seen to be the one that was meant.

use super::stats::stats_to_python;
use btt::control::kernel_place;
use btt::{Ledger, StatsHandle};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{Error, Result};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A place is a page for which of its two halves counts, and the halves. The file takes memory only
/// for what is written.
const PAGE: u64 = 4096;
const HALF: u64 = 256 << 20;
const PLACE: u64 = PAGE + 2 * HALF;
/// Workers that have a place.
const MOST_WORKERS: u64 = 4096;
/// How often a worker writes at most, and which part of its time that may take.
const PAUSE: Duration = Duration::from_millis(500);
const TIMES: u32 = 50;
/// How often a page that is just being written is read again.
const TRIES: usize = 20;

/// Which iteration, an epoch, a worker's books are of: its loader's seed, and how many there were before.
type Iteration = (i64, u64);

/// What stands in a place.
#[derive(Debug, Serialize, Deserialize)]
struct Entry {
    iteration: Iteration,
    /// The one that made its connections: its counters go on since.
    since: Iteration,
    /// By `now`.
    began: u64,
    /// How many workers the loader has.
    workers: u64,
    /// The worker's iteration is over.
    ended: bool,
    /// What its error says, if publishers have failed.
    failed: Option<String>,
    ledger: Ledger,
}

/// Where the books of a dataset are: process, file descriptor, name, and where these mean something.
type Reference = (u32, i32, String, String);

/// The memory file, open.
#[derive(Debug)]
struct Pages(File);

/// The file of one dataset, and of the loaders over it.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
pub(super) struct Books {
    pages: Arc<Pages>,
    name: String,
    process: u32,
}

/// A worker's place.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
#[derive(Clone, Debug)]
pub(super) struct Desk(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    pages: Pages,
    worker: u64,
    workers: u64,
    iteration: Iteration,
    began: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// The iteration that made the connections.
    since: Iteration,
    due: Instant,
    over: bool,
    /// What was said at the end.
    failed: Option<String>,
}

#[pymethods]
impl Books {
    #[new]
    fn new() -> PyResult<Self> {
        // Tells one from another; nobody need be kept from guessing it.
        let name = format!("blendtorch-books-{}-{:x}", std::process::id(), now());
        let file = memfd_create(&name, MemfdFlags::CLOEXEC)
            .map_err(|error| PyOSError::new_err(error.to_string()))?;
        Ok(Self {
            pages: Arc::new(Pages(File::from(file))),
            name,
            process: std::process::id(),
        })
    }

    /// The process that made it, and reads it.
    #[getter]
    fn process(&self) -> u32 {
        self.process
    }

    /// The time, by the clock that entries are dated with.
    #[staticmethod]
    #[pyo3(name = "now")]
    fn time() -> u64 {
        now()
    }

    /// Where other processes find it.
    fn reference(&self) -> Reference {
        let place = kernel_place();
        (
            self.process,
            self.pages.0.as_raw_fd(),
            self.name.clone(),
            place,
        )
    }

    /// Of the latest iteration of workers: when it began, its counters, its receipts as JSON. None
    /// where there was none.
    fn read<'py>(&self, py: Python<'py>) -> PyResult<Option<(u64, Bound<'py, PyDict>, String)>> {
        if self.process != std::process::id() {
            return Ok(None); // a worker's own are not here
        }
        let entries = py.detach(|| self.pages.all());
        let latest = entries.iter().max_by_key(|entry| entry.began);
        let Some((iteration, since, began)) =
            latest.map(|entry| (entry.iteration, entry.since, entry.began))
        else {
            return Ok(None);
        };
        // A worker that has yet to begin the epoch has what it had before.
        let same = entries
            .into_iter()
            .filter(|entry| entry.iteration == iteration || entry.since == since);
        let ledger = Ledger::together(same.map(|entry| entry.ledger));
        let receipts = serde_json::to_string(&ledger.receipts)
            .map_err(|error| PyOSError::new_err(error.to_string()))?;
        Ok(Some((began, stats_to_python(py, &ledger.stats)?, receipts)))
    }
}

#[pymethods]
impl Desk {
    /// A worker's place in the books of another process, for one iteration; None where they are not
    /// there any more.
    #[staticmethod]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 makes it of what Python hands over"
    )]
    fn open(
        reference: Reference,
        worker: u64,
        workers: u64,
        seed: i64,
        iteration: u64,
    ) -> Option<Self> {
        let pages = Pages::of(&reference).ok()?;
        (worker < MOST_WORKERS).then(|| {
            Self(Arc::new(Inner {
                pages,
                worker,
                workers,
                iteration: (seed, iteration),
                began: now(),
                state: Mutex::new(State {
                    since: (seed, iteration),
                    due: Instant::now(),
                    over: false,
                    failed: None,
                }),
            }))
        })
    }
}

impl Desk {
    /// Its iteration goes on with the connections of one before, and with their counters.
    pub(super) fn follow(&self, before: &Self) {
        let since = before.state().since;
        self.state().since = since;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes, if it is time.
    pub(super) fn now_and_then(&self, stats: &StatsHandle) {
        let mut state = self.state();
        if state.over || Instant::now() < state.due {
            return;
        }
        let start = Instant::now();
        self.write(stats, &state, false);
        state.due = Instant::now() + PAUSE.max(start.elapsed().saturating_mul(TIMES));
    }

    /// Writes at the end of the iteration; once more when what was kept for the next one has been
    /// thrown away, if none has begun. Where publishers have failed: what to raise, for the last of the
    /// workers alone; an error of one ends the loop over what the others have.
    pub(super) fn end(&self, stats: &StatsHandle, failed: Option<String>) -> Option<String> {
        let mut state = self.state();
        if std::mem::replace(&mut state.over, true) {
            let written = self.0.pages.get(self.0.worker);
            if written.is_some_and(|entry| entry.iteration == self.0.iteration) {
                self.write(stats, &state, true);
            }
            return None;
        }
        state.failed.clone_from(&failed);
        if !self.write(stats, &state, true) {
            return failed;
        }
        let all = self.0.pages.all().into_iter();
        let ended: Vec<_> = all
            .filter(|entry| entry.iteration == self.0.iteration && entry.ended)
            .collect();
        let is_last = ended.len() as u64 >= self.0.workers;
        // Who had the publisher's own word knows more than who found its process gone.
        let texts = ended.into_iter().filter_map(|entry| entry.failed);
        let most = || texts.chain(failed).max_by_key(|text| text.lines().count());
        is_last.then(most).flatten()
    }

    fn write(&self, stats: &StatsHandle, state: &State, ended: bool) -> bool {
        let entry = Entry {
            iteration: self.0.iteration,
            since: state.since,
            began: self.0.began,
            workers: self.0.workers,
            ended,
            failed: state.failed.clone(),
            ledger: stats.ledger(),
        };
        // Counting must not end the work: what cannot be written is not told.
        self.0.pages.put(self.0.worker, &entry).is_ok()
    }
}

impl Pages {
    fn of((process, descriptor, name, place): &Reference) -> Result<Self> {
        if *place != kernel_place() {
            return Err(Error::other("it is on another machine"));
        }
        let path = format!("/proc/{process}/fd/{descriptor}");
        let named = |path: &str| -> Result<bool> {
            let target = std::fs::read_link(path)?;
            Ok(target.to_string_lossy() == format!("/memfd:{name} (deleted)"))
        };
        // Before, so that nothing else is opened; and of what was opened, so that it is certain.
        if !named(&path)? {
            return Err(Error::other("it is gone"));
        }
        let file = OpenOptions::new().read(true).write(true).open(&path)?;
        match named(&format!("/proc/self/fd/{}", file.as_raw_fd()))? {
            true => Ok(Self(file)),
            false => Err(Error::other("it is gone")),
        }
    }

    /// Writes the half that does not count, and then that it does.
    fn put(&self, worker: u64, entry: &Entry) -> Result<()> {
        let text = serde_json::to_vec(entry).map_err(Error::other)?;
        if text.len() as u64 > HALF {
            return Err(Error::other("it is too long"));
        }
        let at = worker * PLACE;
        let turn = self.head(at).map_or(0, |(turn, ..)| turn.wrapping_add(1));
        self.0.write_all_at(&text, at + PAGE + (turn % 2) * HALF)?;
        let mut head = [0; 20];
        head[..8].copy_from_slice(&turn.to_le_bytes());
        head[8..16].copy_from_slice(&(text.len() as u64).to_le_bytes());
        head[16..].copy_from_slice(&crc32fast::hash(&text).to_le_bytes());
        self.0.write_all_at(&head, at)
    }

    /// Turn, length and checksum of a place that somebody has written to.
    fn head(&self, at: u64) -> Option<(u64, u64, u32)> {
        let mut head = [0; 20];
        self.0.read_exact_at(&mut head, at).ok()?;
        let number = |part: &[u8]| part.try_into().map(u64::from_le_bytes).unwrap_or_default();
        let checksum = head[16..].try_into().map(u32::from_le_bytes).ok()?;
        let length = number(&head[8..16]);
        (1..=HALF)
            .contains(&length)
            .then(|| (number(&head[..8]), length, checksum))
    }

    fn get(&self, worker: u64) -> Option<Entry> {
        let at = worker * PLACE;
        for _ in 0..TRIES {
            let (turn, length, checksum) = self.head(at)?;
            let mut text = vec![0; usize::try_from(length).ok()?];
            let from = at + PAGE + (turn % 2) * HALF;
            if self.0.read_exact_at(&mut text, from).is_ok() && crc32fast::hash(&text) == checksum {
                return serde_json::from_slice(&text).ok();
            }
        }
        None
    }

    fn all(&self) -> Vec<Entry> {
        let length = self.0.metadata().map_or(0, |metadata| metadata.len());
        let places = length.div_ceil(PLACE).min(MOST_WORKERS);
        (0..places).filter_map(|worker| self.get(worker)).collect()
    }
}

/// Of one clock for all processes of the machine.
pub(super) fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let part = |part: i64| u64::try_from(part).unwrap_or_default();
    part(now.tv_sec)
        .saturating_mul(1_000_000_000)
        .saturating_add(part(now.tv_nsec))
}
