//! Python binding of `blendtorch_blender::shader_cache`.

use std::ffi::OsString;

use pyo3::prelude::*;

/// What Mesa is to be told, as a variable and its value; None where there is nothing to tell.
#[pyfunction]
fn shader_cache() -> Option<(&'static str, OsString)> {
    blendtorch_blender::shader_cache()
}

pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(shader_cache, module)?)
}
