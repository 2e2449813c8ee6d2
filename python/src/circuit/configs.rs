//! Bindings of `blendtorch_circuit::config`: a configuration as one dictionary.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use std::path::PathBuf;

use blendtorch_circuit::config::{Config, Options};
use blendtorch_circuit::{CircuitError, Problems};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use serde_json::Value;

use super::{error, said};

/// The configuration as JSON, variables replaced and files put together; and what is to be said of it.
#[pyfunction]
#[pyo3(signature = (path, text=None, variables="{}"))]
fn read_config(
    py: Python<'_>,
    path: PathBuf,
    text: Option<&str>,
    variables: &str,
) -> PyResult<(String, Vec<String>)> {
    let json = |text: &str| {
        let read: Result<Value, _> = serde_json::from_str(text);
        read.map_err(|refused| PyValueError::new_err(refused.to_string()))
    };
    let mut options = Options::default();
    if let Value::Object(variables) = json(variables)? {
        options.variables = variables.into_iter().collect();
    }
    let given = text.map(json).transpose()?;
    let read = || -> Result<_, CircuitError> {
        let mut problems = Problems::new();
        let config = match given {
            None => Config::load_with(&path, &options, &mut problems)?,
            Some(value) => Config::from_value(value, &path, &options, &mut problems)?,
        };
        Ok((config.json().to_string(), said(problems)?))
    };
    py.detach(read).map_err(|refused| error(&refused))
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(read_config, module)?)
}
