//! Bindings of `blendtorch_circuit::config`: a configuration as one dictionary.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use std::path::PathBuf;

use blendtorch_circuit::config::Config;
use blendtorch_circuit::{CircuitError, Problems};
use pyo3::prelude::*;

use super::{error, said};

/// The configuration as JSON, variables replaced and files put together; and what is to be said of it.
#[pyfunction]
fn read_config(py: Python<'_>, path: PathBuf) -> PyResult<(String, Vec<String>)> {
    let read = || -> Result<_, CircuitError> {
        let mut problems = Problems::new();
        let config = Config::load(&path, &mut problems)?;
        Ok((config.json().to_string(), said(problems)?))
    };
    py.detach(read).map_err(|refused| error(&refused))
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_config, module)?)
}
