//! Python bindings of `btt`: an iterator of items, an iterator of batches.
//!
//! Threads take turns with an iterator, a slice of waiting each; its counters are read at any time.

mod batches;
mod books;
mod images;
mod items;
mod stats;

pub(crate) use items::{Owned, item_to_python};

use crate::errors;
use crate::fleet::liveness;
use crate::memory::Memory;
use crate::timeout::Timeout;
use books::{Books, Desk};
use btt::{DatasetOptions, Error, Recorder, RecorderOptions, RemoteIterableDataset, StatsHandle};
use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Waits are interrupted this often to serve signals and other threads.
const SLICE: Duration = Duration::from_millis(100);

fn connect(
    py: Python<'_>,
    addresses: &[String],
    queue_size: u32,
    timeout_ms: Timeout,
    max_items: Option<usize>,
    record: Option<&Path>,
) -> PyResult<RemoteIterableDataset> {
    let options = DatasetOptions {
        queue_size,
        timeout: timeout_ms.0,
        liveness: Some(liveness()),
        max_items,
        ..DatasetOptions::default()
    };
    py.detach(|| {
        let mut dataset = RemoteIterableDataset::connect(addresses, options)?;
        if let Some(path) = record {
            let options = RecorderOptions {
                max_messages: max_items.unwrap_or(usize::MAX),
                ..RecorderOptions::default()
            };
            dataset.record(Recorder::create(path, options)?);
        }
        Ok(dataset)
    })
    .map_err(|error| errors::consumer(&error))
}

/// The end of an iteration, as Python's exception. Of several workers, the last tells what of the
/// publishers has failed.
fn ended(desk: Option<&Desk>, stats: &StatsHandle) -> PyErr {
    match desk.and_then(|desk| desk.end(stats, None)) {
        Some(failed) => errors::instance_failed(failed),
        None => PyStopIteration::new_err(()),
    }
}

/// An error of an iteration, as Python's exception.
fn failed(error: &Error, desk: Option<&Desk>, stats: &StatsHandle) -> PyErr {
    match (error, desk) {
        (Error::Failed { .. }, Some(desk)) => match desk.end(stats, Some(error.to_string())) {
            Some(failed) => errors::instance_failed(failed),
            None => PyStopIteration::new_err(()),
        },
        _ => errors::consumer(error),
    }
}

/// Waits for this thread's turn, without the GIL.
fn turn<'a, T>(py: Python<'_>, stream: &'a Mutex<T>) -> MutexGuard<'a, T> {
    stream
        .lock_py_attached(py)
        .unwrap_or_else(PoisonError::into_inner)
}

/// Adds this module's names to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Memory>()?;
    module.add_class::<Books>()?;
    module.add_class::<Desk>()?;
    module.add_class::<items::ItemStream>()?;
    module.add_class::<batches::BatchStream>()?;
    module.add_function(wrap_pyfunction!(stats::total_receipts, module)?)
}
