//! Columns of numpy as slices, without a copy.
//!
//! Owns the checks that make this sound: a slice lives no longer than the buffer that it is of.

#![allow(
    unsafe_code,
    reason = "a slice over memory that Python owns needs raw pointers"
)]

use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

use blendtorch_circuit::build::{Column, Values};

/// Values of a column, as Python gave them.
pub(super) enum Array {
    U8(PyBuffer<u8>),
    U32(PyBuffer<u32>),
    U64(PyBuffer<u64>),
    I32(PyBuffer<i32>),
    I64(PyBuffer<i64>),
    F32(PyBuffer<f32>),
    F64(PyBuffer<f64>),
    Words(Vec<String>),
}

/// The values of a buffer, for as long as it is held. Whoever gave it leaves it alone meanwhile, which is
/// the documented duty of the Python caller.
pub(super) fn slice<T: Element>(buffer: &PyBuffer<T>) -> PyResult<&[T]> {
    let values = buffer
        .as_slice_ptr()
        .ok_or_else(|| PyValueError::new_err("arrays must be C-contiguous"))?;
    // SAFETY: `as_slice_ptr` says that the buffer is C-contiguous, aligned and of the element's format;
    // the borrowed `PyBuffer` keeps the memory exported, hence alive and in place, for the slice's life.
    Ok(unsafe { &*values.as_ptr() })
}

impl<'py> FromPyObject<'_, 'py> for Array {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        macro_rules! tried {
            ($($kind:ident),*) => {
                $(if let Ok(buffer) = object.extract() {
                    return Ok(Self::$kind(buffer));
                })*
            };
        }
        tried!(F64, U32, U64, I64, F32, I32, U8);
        match object.extract() {
            Ok(words) => Ok(Self::Words(words)),
            Err(_) => Err(PyTypeError::new_err(
                "a column is an array of numbers (u8, i32, u32, i64, u64, f32, f64) or a list of str",
            )),
        }
    }
}

impl Array {
    /// As a column; rows of a two-dimensional array are its rows.
    pub(super) fn column(&self, name: &str) -> PyResult<Column<'_>> {
        macro_rules! of {
            ($kind:ident, $buffer:expr) => {{
                let width = match $buffer.shape() {
                    [_] => 1,
                    [_, width] => *width,
                    shape => {
                        let text = format!("\"{name}\" has the shape {shape:?}, not n or n × k");
                        return Err(PyValueError::new_err(text));
                    }
                };
                (Values::$kind(slice($buffer)?), width)
            }};
        }
        let (values, width) = match self {
            Self::U8(buffer) => of!(U8, buffer),
            Self::U32(buffer) => of!(U32, buffer),
            Self::U64(buffer) => of!(U64, buffer),
            Self::I32(buffer) => of!(I32, buffer),
            Self::I64(buffer) => of!(I64, buffer),
            Self::F32(buffer) => of!(F32, buffer),
            Self::F64(buffer) => of!(F64, buffer),
            Self::Words(words) => (Values::Words(words), 1),
        };
        Ok(Column {
            name: name.to_owned(),
            values,
            width,
        })
    }
}
