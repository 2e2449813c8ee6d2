//! Python bindings of `blendtorch_render`.

mod buffers;
mod writer;

use pyo3::prelude::*;

/// Adds this module's classes to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    writer::register(module)
}
