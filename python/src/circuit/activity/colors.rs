//! Bindings of `blendtorch_circuit::colors`.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use blendtorch_circuit::colors::{ColorError, ColorMap, Ramp};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use super::super::numbers::Numbers;
use crate::pixels::raw::apart;

fn error(refused: &ColorError) -> PyErr {
    PyValueError::new_err(refused.to_string())
}

/// The names of the colour maps.
#[pyfunction]
fn color_map_names() -> Vec<&'static str> {
    ColorMap::ALL.map(ColorMap::name).to_vec()
}

/// So many colours of a map, sRGB, `(n, 3)`.
#[pyfunction]
fn color_map_of(name: &str, number: usize) -> PyResult<Numbers> {
    let colors = ColorMap::named(name).and_then(|map| map.colors(number));
    let colors = colors.map_err(|refused| error(&refused))?;
    Ok(Numbers::from(colors.into_flattened()).rows_of(3))
}

/// Gives values their colours: `out` is `(n, 4)`, `float32` or `uint8`.
#[pyfunction]
fn colorize_into(
    py: Python<'_>,
    values: PyBuffer<f32>,
    limits: (f64, f64),
    name: &str,
    linear: bool,
    out: Bound<'_, PyAny>,
) -> PyResult<()> {
    let ramp = ColorMap::named(name).and_then(|map| Ramp::new(map, limits.0, limits.1));
    let mut ramp = ramp.map_err(|refused| error(&refused))?;
    if linear {
        ramp = ramp.linear();
    }
    let done = if let Ok(out) = out.extract::<PyBuffer<f32>>() {
        apart(py, &values, &out, |values, out| ramp.colors(values, out))?
    } else if let Ok(out) = out.extract::<PyBuffer<u8>>() {
        apart(py, &values, &out, |values, out| ramp.bytes(values, out))?
    } else {
        return Err(PyTypeError::new_err(
            "colours go into an array of float32 or uint8",
        ));
    };
    done.map_err(|refused| error(&refused))
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(color_map_names, module)?)?;
    module.add_function(wrap_pyfunction!(color_map_of, module)?)?;
    module.add_function(wrap_pyfunction!(colorize_into, module)?)
}
