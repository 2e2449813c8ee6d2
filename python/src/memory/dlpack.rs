//! DLPack: the C structures by which tensor libraries hand tensors to each other.
//!
//! Source: <https://dmlc.github.io/dlpack/latest/c_api.html> and the Python protocol beside it.

#![allow(
    unsafe_code,
    reason = "the exchange is a C structure behind a capsule, by pointer"
)]

use super::Memory;
use blendtorch_wire::DType;
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::ffi::{CStr, c_void};

/// kDLCPU
pub(super) const CPU: i32 = 1;

const NAME: &CStr = c"dltensor";

#[repr(C)]
struct DlDevice {
    device_type: i32,
    device_id: i32,
}

#[repr(C)]
struct DlDataType {
    code: u8,
    bits: u8,
    lanes: u16,
}

#[repr(C)]
struct DlTensor {
    data: *mut c_void,
    device: DlDevice,
    ndim: i32,
    dtype: DlDataType,
    shape: *mut i64,
    strides: *mut i64,
    byte_offset: u64,
}

#[repr(C)]
struct DlManagedTensor {
    dl_tensor: DlTensor,
    manager_ctx: *mut c_void,
    deleter: Option<unsafe extern "C" fn(*mut DlManagedTensor)>,
}

/// What a consumer keeps alive: the structure, the shape it points to, and the memory.
struct Exchange {
    managed: DlManagedTensor,
    shape: Vec<i64>,
    memory: Option<Py<Memory>>,
}

fn data_type(dtype: DType) -> DlDataType {
    let code = match dtype {
        DType::I8 | DType::I16 | DType::I32 | DType::I64 => 0,
        DType::U8 | DType::U16 | DType::U32 | DType::U64 => 1,
        DType::F16 | DType::F32 | DType::F64 => 2,
        DType::Bool => 6,
    };
    #[allow(clippy::cast_possible_truncation, reason = "8 to 64")]
    let bits = dtype.size() as u8 * 8;
    DlDataType {
        code,
        bits,
        lanes: 1,
    }
}

/// A capsule named "dltensor" over `memory`.
pub(super) fn capsule<'py>(memory: &Bound<'py, Memory>) -> PyResult<Bound<'py, PyCapsule>> {
    let this = memory.get();
    let shape: Vec<i64> = this
        .shape
        .iter()
        .map(|&dimension| i64::try_from(dimension))
        .collect::<Result<_, _>>()
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    let mut exchange = Box::new(Exchange {
        managed: DlManagedTensor {
            dl_tensor: DlTensor {
                data: this.address as *mut c_void,
                device: DlDevice {
                    device_type: CPU,
                    device_id: 0,
                },
                ndim: i32::try_from(shape.len())
                    .map_err(|error| PyRuntimeError::new_err(error.to_string()))?,
                dtype: data_type(this.dtype),
                shape: std::ptr::null_mut(),
                // Null strides say: C-contiguous.
                strides: std::ptr::null_mut(),
                byte_offset: 0,
            },
            manager_ctx: std::ptr::null_mut(),
            deleter: Some(delete),
        },
        shape,
        memory: Some(memory.clone().unbind()),
    });
    exchange.managed.dl_tensor.shape = exchange.shape.as_mut_ptr();
    let exchange = Box::into_raw(exchange);
    // SAFETY: `exchange` is a live allocation that this function owns until the capsule does.
    let managed = unsafe {
        (*exchange).managed.manager_ctx = exchange.cast();
        &raw mut (*exchange).managed
    };
    // SAFETY: the GIL is held (`memory` is bound); the pointer is not null; the name is static.
    // The result is a new reference to a capsule, or null with an exception set.
    unsafe {
        let capsule = ffi::PyCapsule_New(managed.cast(), NAME.as_ptr(), Some(destroy));
        if capsule.is_null() {
            delete(managed);
        }
        Ok(Bound::from_owned_ptr_or_err(memory.py(), capsule)?.cast_into_unchecked())
    }
}

/// Called by the consumer when its tensor dies, on any thread, with or without the GIL.
unsafe extern "C" fn delete(managed: *mut DlManagedTensor) {
    // SAFETY: DLPack calls the deleter once, with the structure that `capsule` made, whose
    // context is the box that holds it.
    let mut exchange = unsafe { Box::from_raw((*managed).manager_ctx.cast::<Exchange>()) };
    let memory = exchange.memory.take();
    // After the interpreter's end nobody can count references: the memory goes with the process.
    if Python::try_attach(|_| ()).is_none() {
        std::mem::forget(memory);
    } else {
        Python::attach(|_| drop(memory));
    }
}

/// Called by Python when the capsule dies.
unsafe extern "C" fn destroy(capsule: *mut ffi::PyObject) {
    // SAFETY: called by Python with the capsule and the GIL. A consumer that took the tensor has
    // renamed the capsule, and calls the deleter itself.
    unsafe {
        if ffi::PyCapsule_IsValid(capsule, NAME.as_ptr()) == 1 {
            let managed = ffi::PyCapsule_GetPointer(capsule, NAME.as_ptr());
            delete(managed.cast());
        }
    }
}
