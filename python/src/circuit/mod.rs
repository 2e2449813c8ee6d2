//! Bindings of `blendtorch-circuit`: networks of neurons as files, and their building.

mod activity;
mod arrays;
mod build;
mod cells;
mod columns;
mod configs;
mod morphologies;
mod network;
mod numbers;
mod reports;
mod rules;
mod scene;
mod spikes;

use pyo3::exceptions::{PyFileNotFoundError, PyOSError, PyValueError};
use pyo3::prelude::*;

use blendtorch_circuit::{CircuitError, Problems, Severity};

pub(crate) use numbers::Numbers;

/// An error of the files of a network.
pub(crate) fn error(error: &CircuitError) -> PyErr {
    let text = error.to_string();
    match error {
        CircuitError::Io { source, .. } => match source.kind() {
            std::io::ErrorKind::NotFound => PyFileNotFoundError::new_err(text),
            _ => PyOSError::new_err(text),
        },
        _ => PyValueError::new_err(text),
    }
}

/// The warnings, once there is no error.
fn said(problems: Problems) -> Result<Vec<String>, CircuitError> {
    let warnings = problems.into_result()?;
    let words = warnings.of(Severity::Warning);
    Ok(words
        .map(|one| one.to_string().trim_start_matches("warning: ").to_owned())
        .collect())
}

/// The one of the known names that was probably meant.
#[pyfunction]
#[allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]
fn nearest_name(name: &str, known: Vec<String>) -> Option<String> {
    blendtorch_circuit::nearest(name, known.iter().map(String::as_str)).map(str::to_owned)
}

/// Adds this module's classes and functions to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(nearest_name, module)?)?;
    activity::register(module)?;
    numbers::register(module)?;
    build::register(module)?;
    cells::register(module)?;
    morphologies::register(module)?;
    configs::register(module)?;
    network::register(module)?;
    reports::register(module)?;
    rules::register(module)?;
    scene::register(module)?;
    spikes::register(module)
}
