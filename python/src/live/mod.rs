//! Python bindings of `blendtorch-live`: who sends activity, and who shows it.

mod sender;
mod viewer;

use blendtorch_live::LiveError;
use pyo3::exceptions::{PyFileNotFoundError, PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;

use crate::errors;

/// An error of either end.
pub(crate) fn live_error(error: &LiveError) -> PyErr {
    let text = error.to_string();
    match error {
        LiveError::Unfit { .. } | LiveError::NoAddresses => PyValueError::new_err(text),
        LiveError::LaunchInfo { file, .. } if !file.exists() => PyFileNotFoundError::new_err(text),
        LiveError::LaunchInfo { .. } => PyValueError::new_err(text),
        LiveError::Malformed { .. } => errors::MalformedMessageError::new_err(text),
        LiveError::Closed => PyOSError::new_err(text),
        LiveError::Channel(error) => errors::channel(error),
        _ => PyRuntimeError::new_err(text),
    }
}

/// Adds this module's classes to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<sender::PyLiveSender>()?;
    module.add_class::<viewer::PyLiveViewer>()
}
