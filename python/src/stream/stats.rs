//! The counters of a dataset, as a dict.

use btt::Stats;
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
    ] {
        dict.set_item(name, value)?;
    }
    dict.set_item("blocked", stats.blocked.as_secs_f64())?;
    let publishers = PyList::empty(py);
    for publisher in &stats.publishers {
        let entry = PyDict::new(py);
        entry.set_item("publisher", publisher.publisher)?;
        entry.set_item("btid", publisher.btid)?;
        entry.set_item("received", publisher.received)?;
        entry.set_item("duplicated", publisher.duplicated)?;
        entry.set_item("reordered", publisher.reordered)?;
        entry.set_item("missing", publisher.missing)?;
        entry.set_item("ended", publisher.ended)?;
        publishers.append(entry)?;
    }
    dict.set_item("publishers", publishers)?;
    Ok(dict)
}
