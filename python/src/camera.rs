//! Python bindings of `btb::camera`.
//!
//! Arrays go in and out as float64 buffers of N × 3, N × 2 or N values; the caller allocates them.
//! Points are few: they are copied under the GIL, which needs no unsafe code.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use btb::camera::{Camera, Matrix4, Origin, transform};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The points in `buffer`, an array of N × 3.
fn points(name: &str, buffer: &PyBuffer<f64>, py: Python<'_>) -> PyResult<Vec<[f64; 3]>> {
    let values = buffer.to_vec(py)?;
    match values.as_chunks::<3>() {
        (points, []) => Ok(points.to_vec()),
        _ => Err(PyValueError::new_err(format!(
            "{name} must be an array of N × 3"
        ))),
    }
}

/// Fills `buffer`; an error when it is read-only or of another size.
fn fill<const N: usize>(
    buffer: &PyBuffer<f64>,
    points: impl Iterator<Item = [f64; N]>,
    py: Python<'_>,
) -> PyResult<()> {
    buffer.copy_from_slice(py, points.collect::<Vec<_>>().as_flattened())
}

/// Writes the NDC (N × 3) of world points (N × 3), and their linear depth (N) where wanted.
#[pyfunction]
#[pyo3(signature = (view, projection, xyz, ndc, depth=None))]
fn world_to_ndc(
    py: Python<'_>,
    view: Matrix4,
    projection: Matrix4,
    xyz: PyBuffer<f64>,
    ndc: PyBuffer<f64>,
    depth: Option<PyBuffer<f64>>,
) -> PyResult<()> {
    let camera = Camera {
        view,
        projection,
        shape: [0, 0],
    };
    let xyz = points("xyz", &xyz, py)?;
    fill(
        &ndc,
        xyz.iter().map(|point| camera.world_to_ndc(*point)),
        py,
    )?;
    if let Some(depth) = &depth {
        fill(depth, xyz.iter().map(|point| [camera.depth(*point)]), py)?;
    }
    Ok(())
}

/// Writes the pixels (N × 2) of NDC (N × 3) for an image of `shape` (height, width).
#[pyfunction]
fn ndc_to_pixel(
    py: Python<'_>,
    shape: [usize; 2],
    origin: &str,
    ndc: PyBuffer<f64>,
    xy: PyBuffer<f64>,
) -> PyResult<()> {
    let origin = match origin {
        "upper-left" => Origin::UpperLeft,
        "lower-left" => Origin::LowerLeft,
        other => {
            return Err(PyValueError::new_err(format!(
                "origin must be \"upper-left\" or \"lower-left\", not {other:?}"
            )));
        }
    };
    let identity = std::array::from_fn(|r| std::array::from_fn(|c| f64::from(u8::from(r == c))));
    let camera = Camera {
        view: identity,
        projection: identity,
        shape,
    };
    let ndc = points("ndc", &ndc, py)?;
    fill(
        &xy,
        ndc.iter().map(|point| camera.ndc_to_pixel(*point, origin)),
        py,
    )
}

/// Writes the points (N × 3) moved by an affine matrix, such as an object's world matrix.
#[pyfunction]
fn transform_points(
    py: Python<'_>,
    matrix: Matrix4,
    xyz: PyBuffer<f64>,
    out: PyBuffer<f64>,
) -> PyResult<()> {
    let xyz = points("xyz", &xyz, py)?;
    fill(&out, xyz.iter().map(|point| transform(&matrix, *point)), py)
}

/// Adds this module's functions to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(world_to_ndc, module)?)?;
    module.add_function(wrap_pyfunction!(ndc_to_pixel, module)?)?;
    module.add_function(wrap_pyfunction!(transform_points, module)?)
}
