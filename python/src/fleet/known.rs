//! Which of the instances that this process has launched is behind an address, and what was heard of it.
//!
//! Owns that. How an instance is, its launcher tells, through `btt`. It starts, ends and waits for
//! nothing.

use blendtorch_launcher::Fleet;
use btt::{Address, How, Liveness};
use pyo3::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What was heard of and said about the instances of one fleet.
#[derive(Debug, Default)]
pub(super) struct News {
    /// Those whose failure the user has been told of.
    told: Mutex<BTreeSet<usize>>,
    /// Those whose publisher has said that it failed, and why.
    failed: Mutex<BTreeMap<usize, Option<String>>>,
}

impl News {
    /// The user is being told of it.
    pub(super) fn tell(&self, index: usize) {
        lock(&self.told).insert(index);
    }

    pub(super) fn is_told(&self, index: usize) -> bool {
        lock(&self.told).contains(&index)
    }

    /// Those whose publisher has said that it failed, and why.
    pub(super) fn failed(&self) -> BTreeMap<usize, Option<String>> {
        lock(&self.failed).clone()
    }
}

/// An instance of a fleet of this process.
struct Known {
    index: usize,
    news: Arc<News>,
}

static KNOWN: Mutex<Option<HashMap<String, Known>>> = Mutex::new(None);
/// The process that writes to `KNOWN`. A child forked from it has a copy, whose lock may be held by a
/// thread that is not there.
static OWNER: AtomicU32 = AtomicU32::new(0);

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_mine() -> bool {
    OWNER.load(Ordering::Relaxed) == std::process::id()
}

/// What is known, unless a fork came at a bad time.
fn known() -> Option<MutexGuard<'static, Option<HashMap<String, Known>>>> {
    match is_mine() {
        true => Some(lock(&KNOWN)),
        false => KNOWN.try_lock().ok(),
    }
}

/// Enters the instances of a fleet of this process.
pub(super) fn enter(fleet: &Fleet, news: &Arc<News>) {
    let Some(mut known) = known() else { return };
    OWNER.store(std::process::id(), Ordering::Relaxed);
    let known = known.get_or_insert_default();
    for addresses in fleet.launch_info().addresses.values() {
        for (index, address) in addresses.iter().enumerate() {
            let news = Arc::clone(news);
            known.insert(address.clone(), Known { index, news });
        }
    }
}

/// Forgets the instances of a fleet that ends: others may publish at their addresses.
pub(super) fn forget(news: &Arc<News>) {
    if let Some(mut known) = known()
        && let Some(known) = known.as_mut()
    {
        known.retain(|_, one| !Arc::ptr_eq(&one.news, news));
    }
}

/// Tells a dataset how the instances are that it waits for.
pub(crate) fn liveness() -> Liveness {
    Liveness::on_this_host().hearing(|address, end| {
        if *end.how() == How::Failed {
            heard(address, end.reason());
        }
    })
}

/// A publisher has said that it failed.
fn heard(address: &Address, reason: Option<&str>) {
    if let Some(known) = known()
        && let Some(one) = known
            .as_ref()
            .and_then(|known| known.get(&address.to_string()))
    {
        let reason = reason.map(str::to_owned);
        lock(&one.news.failed).insert(one.index, reason);
    }
}

/// An error is made that says this: the user is told of the instances whose addresses it names, also
/// where it came from another process.
#[pyfunction]
fn tells_of(text: &str) {
    if let Some(known) = known()
        && let Some(known) = known.as_ref()
    {
        let named = known.iter().filter(|(address, _)| names(text, address));
        for (_, one) in named {
            one.news.tell(one.index);
            lock(&one.news.failed).entry(one.index).or_default();
        }
    }
}

/// Whether a text names an address, and not one that is longer by a digit.
fn names(text: &str, address: &str) -> bool {
    text.match_indices(address).any(|(at, _)| {
        let next = text[at + address.len()..].chars().next();
        next.is_none_or(|next| !next.is_alphanumeric())
    })
}

/// Adds this module's functions to `_blendtorch`.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(tells_of, module)?)
}
