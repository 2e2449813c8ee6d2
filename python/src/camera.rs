//! Python bindings of `btb::camera`.
//!
//! Arrays go in and out as float64 buffers of N × 3, N × 2 or N values (indices as int32); the caller
//! allocates them. They are copied under the GIL, which needs no unsafe code.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use btb::camera::{
    Box2D, Camera, CameraError, InView, Matrix3, Matrix3x4, Matrix4, Mesh, Origin, PixelCenters,
    oriented_box, transform,
};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The points in `buffer`, an array of N × 3.
fn points(name: &str, buffer: &PyBuffer<f64>, py: Python<'_>) -> PyResult<Vec<[f64; 3]>> {
    rows(name, &buffer.to_vec(py)?).map(<[_]>::to_vec)
}

/// The rows of an array of N × M.
fn rows<'a, T, const M: usize>(name: &str, values: &'a [T]) -> PyResult<&'a [[T; M]]> {
    match values.as_chunks::<M>() {
        (rows, []) => Ok(rows),
        _ => Err(PyValueError::new_err(format!(
            "{name} must be an array of N × {M}"
        ))),
    }
}

/// The indices in `buffer`, an array of N × M.
fn indices<const M: usize>(
    name: &str,
    buffer: &PyBuffer<i32>,
    py: Python<'_>,
) -> PyResult<Vec<[u32; M]>> {
    let values = buffer.to_vec(py)?;
    let values: Result<Vec<u32>, _> = values.into_iter().map(u32::try_from).collect();
    let values = values.map_err(|_| {
        PyValueError::new_err(format!("{name} has an index below 0: they count vertices"))
    })?;
    rows(name, &values).map(<[_]>::to_vec)
}

fn camera(view: Matrix4, projection: Matrix4, shape: [usize; 2]) -> Camera {
    Camera {
        view,
        projection,
        shape,
    }
}

fn camera_error(error: CameraError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

fn centers(integer: bool) -> PixelCenters {
    if integer {
        PixelCenters::Integer
    } else {
        PixelCenters::Half
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
    let camera = camera(view, projection, [0, 0]);
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
    let camera = camera(Matrix4::default(), Matrix4::default(), shape);
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

/// Writes the lengths (N) of the lines of sight to world points (N × 3).
#[pyfunction]
fn sight_distance(
    py: Python<'_>,
    view: Matrix4,
    projection: Matrix4,
    xyz: PyBuffer<f64>,
    distance: PyBuffer<f64>,
) -> PyResult<()> {
    let camera = camera(view, projection, [0, 0]);
    let xyz = points("xyz", &xyz, py)?;
    let lengths = xyz.iter().map(|point| [camera.distance(*point)]);
    fill(&distance, lengths, py)
}

/// `[R|t]`: from world coordinates to OpenCV's camera frame.
#[pyfunction]
fn extrinsics(view: Matrix4) -> Matrix3x4 {
    camera(view, Matrix4::default(), [0, 0]).extrinsics()
}

/// The 3 × 4 matrix from world coordinates to pixels.
#[pyfunction]
fn camera_matrix(
    view: Matrix4,
    projection: Matrix4,
    shape: [usize; 2],
    integer_centers: bool,
) -> Matrix3x4 {
    camera(view, projection, shape).camera_matrix(centers(integer_centers))
}

/// K of a perspective camera.
#[pyfunction]
fn intrinsics(projection: Matrix4, shape: [usize; 2], integer_centers: bool) -> PyResult<Matrix3> {
    camera(Matrix4::default(), projection, shape)
        .intrinsics(centers(integer_centers))
        .map_err(camera_error)
}

/// Whether all (True), nothing (False) or perhaps some (None) of what lies between world points
/// (N × 3) is in view; and the rectangle around them if all is.
#[pyfunction]
fn points_in_view(
    py: Python<'_>,
    view: Matrix4,
    projection: Matrix4,
    shape: [usize; 2],
    xyz: PyBuffer<f64>,
) -> PyResult<(Option<bool>, Option<Box2D>)> {
    let camera = camera(view, projection, shape);
    Ok(match camera.in_view(&points("xyz", &xyz, py)?) {
        InView::All(rectangle) => (Some(true), Some(rectangle)),
        InView::Some => (None, None),
        InView::None => (Some(false), None),
    })
}

/// The smallest upright rectangle around what of a mesh is in view, or None.
#[pyfunction]
fn mesh_box_2d(
    py: Python<'_>,
    view: Matrix4,
    projection: Matrix4,
    shape: [usize; 2],
    xyz: PyBuffer<f64>,
    triangles: PyBuffer<i32>,
    edges: PyBuffer<i32>,
) -> PyResult<Option<Box2D>> {
    let camera = camera(view, projection, shape);
    let mesh = Mesh {
        vertices: &points("xyz", &xyz, py)?,
        triangles: &indices("triangles", &triangles, py)?,
        edges: &indices("edges", &edges, py)?,
    };
    camera.box_2d(&mesh).map_err(camera_error)
}

/// Corners (8 × 3), centre, size and rotation of the box whose corners in the frame of `matrix` are
/// given.
#[pyfunction]
fn box_3d(matrix: Matrix4, corners: [[f64; 3]; 8]) -> ([[f64; 3]; 8], [f64; 3], [f64; 3], Matrix3) {
    let found = oriented_box(&matrix, &corners);
    (found.corners, found.center, found.size, found.rotation)
}

/// Adds this module's functions to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(world_to_ndc, module)?)?;
    module.add_function(wrap_pyfunction!(ndc_to_pixel, module)?)?;
    module.add_function(wrap_pyfunction!(transform_points, module)?)?;
    module.add_function(wrap_pyfunction!(sight_distance, module)?)?;
    module.add_function(wrap_pyfunction!(intrinsics, module)?)?;
    module.add_function(wrap_pyfunction!(extrinsics, module)?)?;
    module.add_function(wrap_pyfunction!(camera_matrix, module)?)?;
    module.add_function(wrap_pyfunction!(points_in_view, module)?)?;
    module.add_function(wrap_pyfunction!(mesh_box_2d, module)?)?;
    module.add_function(wrap_pyfunction!(box_3d, module)?)
}
