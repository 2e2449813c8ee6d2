//! Python bindings of `btt`'s recordings: a writer of items, a reader of items.

mod reader;
mod recorder;

use pyo3::prelude::*;

/// The recordings of a prefix, in order.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "extracted from Python")]
fn recordings_of(prefix: std::path::PathBuf) -> PyResult<Vec<std::path::PathBuf>> {
    btt::recordings_of(&prefix).map_err(|error| crate::errors::recording(&error))
}

/// The recording of a worker.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "extracted from Python")]
fn recording_path(prefix: std::path::PathBuf, worker: usize) -> std::path::PathBuf {
    btt::recording_path(&prefix, worker)
}

/// Adds this module's names to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<recorder::PyRecorder>()?;
    module.add_class::<reader::PyRecording>()?;
    module.add_function(wrap_pyfunction!(recordings_of, module)?)?;
    module.add_function(wrap_pyfunction!(recording_path, module)?)
}
