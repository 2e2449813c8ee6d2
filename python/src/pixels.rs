//! Python bindings of `btb::pixels`.

use pyo3::prelude::*;

/// Adds this module's functions to `_blendtorch`.
pub(crate) fn register(_module: &Bound<'_, PyModule>) -> PyResult<()> {
    Ok(())
}
