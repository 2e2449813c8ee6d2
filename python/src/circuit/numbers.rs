//! `Numbers`: columns that Rust made, seen by numpy without a copy.

use blendtorch_wire::DType;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::memory::array_interface;

/// The memory of a column; it never moves once Python has it.
enum Held {
    U32(#[allow(dead_code, reason = "numpy reads it")] Vec<u32>),
    U64(#[allow(dead_code, reason = "numpy reads it")] Vec<u64>),
    I32(#[allow(dead_code, reason = "numpy reads it")] Vec<i32>),
    I64(#[allow(dead_code, reason = "numpy reads it")] Vec<i64>),
    F32(#[allow(dead_code, reason = "numpy reads it")] Vec<f32>),
    F64(#[allow(dead_code, reason = "numpy reads it")] Vec<f64>),
}

/// Owns a column or a table. numpy takes it through `__array_interface__` and keeps it alive.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
pub(crate) struct Numbers {
    dtype: DType,
    shape: Vec<usize>,
    /// Of the first byte. Nobody but Python reads or writes there any more.
    address: usize,
    _held: Held,
}

macro_rules! made {
    ($($kind:ident $number:ty),*) => {
        $(impl From<Vec<$number>> for Numbers {
            fn from(mut values: Vec<$number>) -> Self {
                Self {
                    dtype: DType::$kind,
                    shape: vec![values.len()],
                    address: values.as_mut_ptr() as usize,
                    _held: Held::$kind(values),
                }
            }
        })*
    };
}
made!(U32 u32, U64 u64, I32 i32, I64 i64, F32 f32, F64 f64);

impl Numbers {
    /// As a table with rows so wide; values that fill no row are not seen.
    pub(super) fn rows_of(mut self, width: usize) -> Self {
        let values: usize = self.shape.iter().product();
        self.shape = vec![values.checked_div(width).unwrap_or(0), width];
        self
    }
}

#[pymethods]
impl Numbers {
    /// numpy's array interface, version 3.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        array_interface(py, self.dtype, &self.shape, self.address)
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Numbers>()
}
