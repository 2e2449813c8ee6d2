//! Errors of a render as Python exceptions.
//!
//! Owns which is which: a worker's own come back as what they were there.

use crate::errors::LaunchError;
use blendtorch_render::RenderError;
use pyo3::exceptions::{
    PyFileNotFoundError, PyKeyError, PyKeyboardInterrupt, PyNotImplementedError, PyOSError,
    PyRuntimeError, PyTimeoutError, PyTypeError, PyValueError,
};
use pyo3::prelude::*;

/// `ENOSPC`, as `OSError.errno` has it.
const NO_SPACE: i32 = 28;

/// An error of a render.
pub(super) fn render_error(error: &RenderError) -> PyErr {
    let text = error.to_string();
    match error {
        RenderError::Worker { kind, .. } => match kind.as_str() {
            "ValueError" => PyValueError::new_err(text),
            "TypeError" => PyTypeError::new_err(text),
            "KeyError" => PyKeyError::new_err(text),
            "NotImplementedError" => PyNotImplementedError::new_err(text),
            "FileNotFoundError" => PyFileNotFoundError::new_err(text),
            _ => PyRuntimeError::new_err(text),
        },
        RenderError::Job { .. } => PyValueError::new_err(text),
        RenderError::Late(_) => PyTimeoutError::new_err(text),
        RenderError::Launch(_) | RenderError::NoWorkers(_) => LaunchError::new_err(text),
        RenderError::DiskFull { .. } => PyOSError::new_err((NO_SPACE, text)),
        RenderError::Out { .. } | RenderError::Ledger { .. } => PyOSError::new_err(text),
        RenderError::Stopped => PyKeyboardInterrupt::new_err(text),
        _ => PyRuntimeError::new_err(text),
    }
}
