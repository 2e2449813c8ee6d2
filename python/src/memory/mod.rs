//! `Memory`: a tensor whose memory belongs to Python, seen by numpy and torch without a copy.

mod dlpack;

use blendtorch_wire::{DType, Tensor};
use btt::{Allocator, HeapAllocator, HeapStorage, Storage, TensorColumn};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCapsule, PyDict};

/// Owns the memory of one C-contiguous tensor.
///
/// numpy takes it through `__array_interface__`, every tensor library through `__dlpack__`; both
/// keep this object alive.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
pub(crate) struct Memory {
    dtype: DType,
    shape: Vec<usize>,
    /// Address of the first byte. Nobody but Python reads or writes there any more.
    address: usize,
    _storage: HeapStorage,
}

impl Memory {
    pub(crate) fn new(mut column: TensorColumn) -> Self {
        Self {
            dtype: column.dtype,
            shape: column.shape,
            address: column.storage.bytes_mut().as_mut_ptr() as usize,
            _storage: column.storage,
        }
    }

    pub(crate) fn copy_of(tensor: &Tensor, allocator: &mut HeapAllocator) -> Result<Self, String> {
        let mut storage = allocator.allocate(tensor.dtype(), tensor.shape())?;
        storage.bytes_mut().copy_from_slice(tensor.bytes());
        Ok(Self::new(TensorColumn {
            dtype: tensor.dtype(),
            shape: tensor.shape().to_vec(),
            storage,
        }))
    }

    /// A numpy array over this memory.
    pub(crate) fn into_array(this: Bound<'_, Self>) -> PyResult<Bound<'_, PyAny>> {
        static ASARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let py = this.py();
        let asarray = ASARRAY.import(py, "numpy", "asarray")?;
        asarray.call1((this,))
    }
}

/// numpy's array interface, version 3, of writable memory in C order.
pub(crate) fn array_interface<'py>(
    py: Python<'py>,
    dtype: DType,
    shape: &[usize],
    address: usize,
) -> PyResult<Bound<'py, PyDict>> {
    let kind = match dtype {
        DType::Bool => 'b',
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => 'u',
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => 'i',
        DType::F16 | DType::F32 | DType::F64 => 'f',
    };
    let order = if dtype.size() == 1 { '|' } else { '<' };
    let interface = PyDict::new(py);
    interface.set_item("version", 3)?;
    interface.set_item("typestr", format!("{order}{kind}{}", dtype.size()))?;
    interface.set_item("shape", pyo3::types::PyTuple::new(py, shape)?)?;
    interface.set_item("data", (address, false))?;
    Ok(interface)
}

#[pymethods]
impl Memory {
    /// numpy's array interface, version 3.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        array_interface(py, self.dtype, &self.shape, self.address)
    }

    /// DLPack's exchange of tensors, unversioned, which every consumer accepts.
    #[pyo3(signature = (*, stream=None, max_version=None, dl_device=None, copy=None))]
    fn __dlpack__<'py>(
        slf: &Bound<'py, Self>,
        stream: Option<&Bound<'py, PyAny>>,
        max_version: Option<&Bound<'py, PyAny>>,
        dl_device: Option<&Bound<'py, PyAny>>,
        copy: Option<bool>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // This is memory of the CPU: there is no stream to wait for, and no other device.
        let _ = (stream, max_version, dl_device);
        if copy == Some(true) {
            return Err(pyo3::exceptions::PyBufferError::new_err(
                "copy the tensor after taking it: blendtorch's memory is shared, not copied",
            ));
        }
        let this = slf.get();
        dlpack::capsule(slf.as_any(), this.dtype, &this.shape, this.address)
    }

    /// (kDLCPU, 0)
    #[allow(clippy::unused_self, reason = "the protocol asks an object")]
    fn __dlpack_device__(&self) -> (i32, i32) {
        (dlpack::CPU, 0)
    }
}
