//! Python bindings of `btb::pixels`.

pub(crate) mod raw;

use btb::pixels::{Conversion, Encoding, Mode};
use pyo3::buffer::{PyBuffer, PyUntypedBuffer};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// Linear RGBA pixels, as bytes or as floats.
enum Source {
    Bytes(PyBuffer<u8>),
    Floats(PyBuffer<f32>),
}

/// Converts linear RGBA pixels, H × W × 4 of uint8 or float32, into `destination`, H × W × 3 or
/// H × W × 4 of uint8. Both must be C-contiguous and must not overlap. The GIL is released
/// meanwhile: the caller keeps other threads away from both.
#[pyfunction]
#[pyo3(signature = (source, destination, *, srgb=false, flip=false))]
fn convert_pixels(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    destination: &Bound<'_, PyAny>,
    srgb: bool,
    flip: bool,
) -> PyResult<()> {
    let source = PyUntypedBuffer::get(source)?;
    let destination = PyUntypedBuffer::get(destination)?;
    let [height, width, 4] = *source.shape() else {
        return Err(PyValueError::new_err(format!(
            "the source must have the shape H × W × 4, not {:?}",
            source.shape()
        )));
    };
    let mode = match *destination.shape() {
        [h, w, 3] if (h, w) == (height, width) => Mode::Rgb,
        [h, w, 4] if (h, w) == (height, width) => Mode::Rgba,
        _ => {
            return Err(PyValueError::new_err(format!(
                "the destination must have the shape {height} × {width} × 3 or × 4, not {:?}",
                destination.shape()
            )));
        }
    };
    let source = if source.as_typed::<u8>().is_ok() {
        Source::Bytes(source.into_typed()?)
    } else if source.as_typed::<f32>().is_ok() {
        Source::Floats(source.into_typed()?)
    } else {
        return Err(PyTypeError::new_err("the source must be uint8 or float32"));
    };
    let destination: PyBuffer<u8> = destination
        .into_typed()
        .map_err(|_| PyTypeError::new_err("the destination must be uint8"))?;
    let encoding = if srgb {
        Encoding::Srgb
    } else {
        Encoding::Linear
    };
    let conversion = Conversion {
        height,
        width,
        mode,
        encoding,
        flip,
    };
    let converted = match &source {
        Source::Bytes(source) => raw::apart(py, source, &destination, |from, to| {
            conversion.from_u8(from, to)
        })?,
        Source::Floats(source) => raw::apart(py, source, &destination, |from, to| {
            conversion.from_f32(from, to)
        })?,
    };
    converted.map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Halves a picture that was drawn twice as fine, 2H × 2W × 4 of uint8 with the lowest row first,
/// into `destination`, H × W × 3 or 4 of uint8 with the highest first: each pixel is the mean of
/// four. Both must be C-contiguous and must not overlap; the GIL is released meanwhile.
#[pyfunction]
fn halve_pixels(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    destination: &Bound<'_, PyAny>,
) -> PyResult<()> {
    let bytes = |of: &Bound<'_, PyAny>, name: &str| -> PyResult<PyBuffer<u8>> {
        PyUntypedBuffer::get(of)?
            .into_typed()
            .map_err(|_| PyTypeError::new_err(format!("the {name} must be uint8")))
    };
    let (source, destination) = (bytes(source, "source")?, bytes(destination, "destination")?);
    let (height, width, mode) = match *destination.shape() {
        [height, width, 3] => (height, width, Mode::Rgb),
        [height, width, 4] => (height, width, Mode::Rgba),
        ref other => {
            return Err(PyValueError::new_err(format!(
                "the destination must have the shape H × W × 3 or × 4, not {other:?}"
            )));
        }
    };
    let halved = raw::apart(py, &source, &destination, |from, to| {
        btb::pixels::halve(from, to, (height, width), mode)
    })?;
    halved.map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Turns an image of uint8, C-contiguous with rows first, upside down, where it lies. The GIL is
/// released meanwhile: the caller keeps other threads away from it.
#[pyfunction]
fn flip_rows(py: Python<'_>, image: &Bound<'_, PyAny>) -> PyResult<()> {
    let image: PyBuffer<u8> = PyUntypedBuffer::get(image)?
        .into_typed()
        .map_err(|_| PyTypeError::new_err("the image must be uint8"))?;
    let height = image.shape().first().copied().unwrap_or(1);
    let flipped = raw::alone(py, &image, |bytes| btb::pixels::flip_rows(bytes, height))?;
    flipped.map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Adds this module's functions to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(convert_pixels, module)?)?;
    module.add_function(wrap_pyfunction!(halve_pixels, module)?)?;
    module.add_function(wrap_pyfunction!(flip_rows, module)?)
}
