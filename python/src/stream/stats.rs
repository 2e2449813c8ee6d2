//! The counters of a dataset as a dict, its receipts as JSON: those travel between programs.

use btt::{Receipts, Stats, StatsHandle};
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

pub(super) fn stats_to_python<'py>(py: Python<'py>, stats: &Stats) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in [
        ("received", stats.received),
        ("duplicated", stats.duplicated),
        ("reordered", stats.reordered),
        ("missing", stats.missing),
        ("malformed", stats.malformed),
        ("discarded", stats.discarded),
        ("bytes", stats.bytes),
        ("shm_bytes", stats.shm_bytes),
        ("ended", stats.ended),
        ("unfinished", stats.unfinished),
        ("killed", stats.killed),
    ] {
        dict.set_item(name, value)?;
    }
    dict.set_item("blocked", stats.blocked.as_secs_f64())?;
    dict.set_item("assembling", stats.assembling.as_secs_f64())?;
    let publishers = PyList::empty(py);
    for publisher in &stats.publishers {
        let entry = PyDict::new(py);
        entry.set_item("publisher", publisher.publisher)?;
        entry.set_item("btid", publisher.btid)?;
        let address = publisher.address.as_ref().map(ToString::to_string);
        entry.set_item("address", address)?;
        entry.set_item("received", publisher.received)?;
        entry.set_item("duplicated", publisher.duplicated)?;
        entry.set_item("reordered", publisher.reordered)?;
        entry.set_item("missing", publisher.missing)?;
        entry.set_item("ended", publisher.ended)?;
        let end = publisher.end.as_ref();
        entry.set_item("end", end.map(|end| end.how().word()))?;
        entry.set_item("reason", end.and_then(|end| end.reason()))?;
        entry.set_item("unfinished", publisher.unfinished)?;
        publishers.append(entry)?;
    }
    dict.set_item("publishers", publishers)?;
    Ok(dict)
}

pub(super) fn receipts_to_json(stats: &StatsHandle) -> PyResult<String> {
    serde_json::to_string(&stats.receipts()).map_err(|e| PyRuntimeError::new_err(e.to_string()))
}

/// Puts together receipts as JSON; the totals as JSON.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "extracted from Python")]
pub(super) fn total_receipts(receipts: Vec<String>) -> PyResult<String> {
    let read = |text: &String| {
        serde_json::from_str::<Receipts>(text).map_err(|error| {
            PyValueError::new_err(format!(
                "these are no receipts of a dataset ({error}): give what receipts() returned"
            ))
        })
    };
    let all: Vec<Receipts> = receipts.iter().map(read).collect::<PyResult<_>>()?;
    let total = Receipts::total(all);
    serde_json::to_string(&total).map_err(|e| PyRuntimeError::new_err(e.to_string()))
}
