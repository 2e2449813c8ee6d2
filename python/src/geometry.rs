//! Python bindings of `btb::geometry`.
//!
//! Buffers are float32, C-contiguous, of H × W or H × W × channels, and must not overlap. The GIL
//! is released meanwhile: the caller keeps other threads away from both.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use btb::camera::Matrix4;
use btb::geometry::{GeometryError, Grid, Matcap};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::pixels::raw;

/// Runs `convert` on both buffers; the size of the image is that of the source.
fn converted(
    py: Python<'_>,
    source: &PyBuffer<f32>,
    destination: &PyBuffer<f32>,
    flip: bool,
    convert: impl FnOnce(Grid, &[f32], &mut [f32]) -> Result<(), GeometryError> + Send,
) -> PyResult<()> {
    let [height, width, ..] = *source.shape() else {
        return Err(PyValueError::new_err(format!(
            "the source must have the shape H × W or H × W × channels, not {:?}",
            source.shape()
        )));
    };
    let grid = Grid {
        height,
        width,
        flip,
    };
    raw::apart(py, source, destination, |from, to| convert(grid, from, to))?
        .map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Writes the linear depth (H × W) of a depth buffer (H × W); infinite where nothing was drawn.
#[pyfunction]
#[pyo3(signature = (projection, source, destination, *, flip=false))]
fn linear_depth(
    py: Python<'_>,
    projection: Matrix4,
    source: PyBuffer<f32>,
    destination: PyBuffer<f32>,
    flip: bool,
) -> PyResult<()> {
    converted(py, &source, &destination, flip, |grid, from, to| {
        grid.linear_depth(&projection, from, to)
    })
}

/// Writes the normals (H × W × 3) of what was drawn with a material capture (H × W × 4).
#[pyfunction]
#[pyo3(signature = (projection, source, destination, *, scale, towards=1.0, flip=false))]
fn matcap_normals(
    py: Python<'_>,
    projection: Matrix4,
    source: PyBuffer<f32>,
    destination: PyBuffer<f32>,
    scale: f64,
    towards: f64,
    flip: bool,
) -> PyResult<()> {
    let matcap = Matcap {
        projection,
        scale,
        towards,
    };
    converted(py, &source, &destination, flip, |grid, from, to| {
        grid.matcap_normals(&matcap, from, to)
    })
}

/// Writes the normals (H × W × 3) in the camera's frame of normals in the world's (H × W × 3).
#[pyfunction]
#[pyo3(signature = (view, source, destination, *, flip=false))]
fn camera_normals(
    py: Python<'_>,
    view: Matrix4,
    source: PyBuffer<f32>,
    destination: PyBuffer<f32>,
    flip: bool,
) -> PyResult<()> {
    converted(py, &source, &destination, flip, |grid, from, to| {
        grid.camera_normals(&view, from, to)
    })
}

/// Adds this module's functions to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(linear_depth, module)?)?;
    module.add_function(wrap_pyfunction!(matcap_normals, module)?)?;
    module.add_function(wrap_pyfunction!(camera_normals, module)?)
}
