//! Which instance is behind an address, for the datasets of this process and of its children.
//!
//! Owns what is known of the fleets of this process, and what a parent process has handed down of its
//! own. It starts, ends and waits for nothing.

use blendtorch_launcher::alive::{Place, Process};
use blendtorch_launcher::{Fleet, FleetWatch, InstanceStatus};
use btt::{Address, How, Life, Liveness};
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

/// An instance, by its address.
struct Known {
    index: usize,
    process: Process,
    /// The process that entered it: in a child forked from that, nobody reads what instances say.
    entered: u32,
    /// Of a fleet of that process; what was handed down is only a process.
    fleet: Option<(FleetWatch, Arc<News>)>,
}

static KNOWN: Mutex<Option<HashMap<String, Known>>> = Mutex::new(None);
/// The process that writes to `KNOWN`. A child forked from it has a copy, whose lock may be held by a
/// thread that is not there.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// An instance as it is handed to a child process: address, index, process id, when that started.
type Handed = (String, usize, u32, u64);

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
    let statuses = fleet.status();
    let watch = fleet.watch();
    let Some(mut known) = known() else { return };
    OWNER.store(std::process::id(), Ordering::Relaxed);
    let known = known.get_or_insert_default();
    for (address, index) in watch.addresses() {
        let Some(status) = statuses.get(index) else {
            continue;
        };
        let instance = Known {
            index,
            process: Process::of(status.pid),
            entered: std::process::id(),
            fleet: Some((watch.clone(), Arc::clone(news))),
        };
        known.insert(address.to_owned(), instance);
    }
}

/// Forgets the instances of a fleet that ends: others may publish at their addresses.
pub(super) fn forget(news: &Arc<News>) {
    if let Some(mut known) = known()
        && let Some(known) = known.as_mut()
    {
        let its = |one: &Known| {
            one.fleet
                .as_ref()
                .is_some_and(|(_, of)| Arc::ptr_eq(of, news))
        };
        known.retain(|_, one| !its(one));
    }
}

/// Tells a dataset how the instances are that it waits for.
pub(crate) fn liveness() -> Liveness {
    Liveness::new(life).hearing(|address, end| {
        if *end.how() == How::Failed {
            heard(address, end.reason());
        }
    })
}

fn life(address: &Address) -> Life {
    let Some(known) = known() else {
        return Life::Unknown;
    };
    let Some(one) = known
        .as_ref()
        .and_then(|known| known.get(&address.to_string()))
    else {
        return Life::Unknown;
    };
    match &one.fleet {
        Some((watch, _)) if one.entered == std::process::id() => {
            let text = address.to_string();
            match watch.runs(&text) {
                Some(true) => Life::Runs,
                Some(false) => {
                    let report = watch
                        .at(&text)
                        .map(|status| InstanceStatus::report(&status));
                    Life::Ended(report.unwrap_or_default())
                }
                None => Life::Unknown,
            }
        }
        _ if one.process.runs() => Life::Runs,
        _ => Life::Ended(format!(
            "instance {} has ended; the process that launched it has its last words",
            one.index
        )),
    }
}

/// A publisher has said that it failed.
fn heard(address: &Address, reason: Option<&str>) {
    if let Some(known) = known()
        && let Some(one) = known
            .as_ref()
            .and_then(|known| known.get(&address.to_string()))
        && let Some((_, news)) = &one.fleet
    {
        let reason = reason.map(str::to_owned);
        lock(&news.failed).insert(one.index, reason);
    }
}

/// An error is made that says this: the user is told of the instances whose addresses it names, also
/// where it came from another process.
#[pyfunction]
fn tells_of(text: &str) {
    if let Some(known) = known()
        && let Some(known) = known.as_ref()
    {
        for (address, one) in known {
            if let Some((_, news)) = &one.fleet
                && names(text, address)
            {
                news.tell(one.index);
                lock(&news.failed).entry(one.index).or_default();
            }
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

/// What a dataset hands to a process that it is sent to: `(this machine's and namespace's name, …)`.
#[pyfunction]
fn hand_down(addresses: Vec<String>) -> (String, Vec<Handed>) {
    let handed = |address: String| {
        let known = known()?;
        let one = known.as_ref()?.get(&address)?;
        let Process { pid, started } = one.process;
        Some((address, one.index, pid, started?))
    };
    let all = addresses.into_iter().filter_map(handed).collect();
    (Place::here().0, all)
}

/// Takes what another process has handed down, where process ids mean the same here.
#[pyfunction]
fn take_over(place: &str, handed: Vec<Handed>) {
    if Place::here().0 != place || handed.is_empty() {
        return;
    }
    let Some(mut known) = known() else { return };
    let known = known.get_or_insert_default();
    for (address, index, pid, started) in handed {
        let process = Process {
            pid,
            started: Some(started),
        };
        // What is launched here is known better.
        if known.get(&address).is_none_or(|one| one.fleet.is_none()) {
            let (entered, fleet) = (std::process::id(), None);
            let one = Known {
                index,
                process,
                entered,
                fleet,
            };
            known.insert(address, one);
        }
    }
}

/// Adds this module's functions to `_blendtorch`.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(tells_of, module)?)?;
    module.add_function(wrap_pyfunction!(hand_down, module)?)?;
    module.add_function(wrap_pyfunction!(take_over, module)?)
}
