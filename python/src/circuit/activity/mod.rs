//! Bindings of `blendtorch_circuit::activity` and `::colors`: a value for each cell, at any frame.

mod colors;
mod filled;
mod kinds;
mod spikes;
mod traces;

use pyo3::exceptions::{PyIndexError, PyValueError};
use pyo3::prelude::*;

use blendtorch_circuit::activity::{ActivityError, Timeline};

/// Frames a second, ms a second, and the start in ms.
type Line = (f64, f64, f64);

fn error(refused: &ActivityError) -> PyErr {
    match refused {
        ActivityError::File(file) => super::error(file),
        ActivityError::Cell { .. } => PyIndexError::new_err(refused.to_string()),
        _ => PyValueError::new_err(refused.to_string()),
    }
}

fn timeline((fps, ms_per_s, start_ms): Line) -> PyResult<Timeline> {
    Timeline::new(fps, ms_per_s, start_ms).map_err(|refused| error(&refused))
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    colors::register(module)?;
    kinds::register(module)?;
    spikes::register(module)?;
    traces::register(module)
}
