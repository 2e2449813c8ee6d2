//! Python bindings of `blendtorch_render`.

mod buffers;
mod errors;
mod fleet;
mod video;
mod writer;

use pyo3::prelude::*;

/// Adds this module's classes to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    fleet::register(module)?;
    video::register(module)?;
    writer::register(module)
}
