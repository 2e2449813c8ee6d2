//! DLPack: the C structures by which tensor libraries hand tensors to each other.
//!
//! Source: <https://dmlc.github.io/dlpack/latest/c_api.html> and the Python protocol beside it.
//!
//! An exchange has two owners: the capsule, and whoever took the tensor out of it. Where a consumer
//! fails half way both may call the deleter. So nothing is read from what a caller points to: a table
//! says whether it is still owed.

#![allow(
    unsafe_code,
    reason = "the exchange is a C structure behind a capsule, by pointer"
)]

use blendtorch_wire::DType;
use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyCapsule;
use std::cell::UnsafeCell;
use std::collections::BTreeMap;
use std::ffi::{CStr, c_void};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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

/// What a consumer keeps alive: the structure, the shape it points to, and who owns the memory.
struct Exchange {
    managed: UnsafeCell<DlManagedTensor>,
    _shape: Box<[i64]>,
    memory: Option<Py<PyAny>>,
}

// SAFETY: its pointers lead to what it owns itself, and nothing here follows them: the structure is
// for consumers, who have their own rules about threads. `Py` may go from thread to thread.
unsafe impl Send for Exchange {}
// SAFETY: as above.
unsafe impl Sync for Exchange {}

impl Drop for Exchange {
    /// On any thread, with or without the GIL.
    fn drop(&mut self) {
        let mut memory = self.memory.take();
        // After the interpreter's end nobody can count references: the memory goes with the process.
        if Python::try_attach(|_| drop(memory.take())).is_none() {
            std::mem::forget(memory);
        }
    }
}

/// The exchanges whose deleter has not been called, by the address of their structure. One that a
/// capsule has stays at its address, so that no other one is taken for it.
static OWED: Mutex<BTreeMap<usize, Arc<Exchange>>> = Mutex::new(BTreeMap::new());

fn owed() -> MutexGuard<'static, BTreeMap<usize, Arc<Exchange>>> {
    OWED.lock().unwrap_or_else(PoisonError::into_inner)
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

/// A capsule named "dltensor" over a tensor in C order at `address`, which is there as long as
/// `memory` lives.
pub(super) fn capsule<'py>(
    memory: &Bound<'py, PyAny>,
    dtype: DType,
    shape: &[usize],
    address: usize,
) -> PyResult<Bound<'py, PyCapsule>> {
    let shape: Vec<i64> = shape
        .iter()
        .map(|&dimension| i64::try_from(dimension))
        .collect::<Result<_, _>>()
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    let ndim = i32::try_from(shape.len());
    let mut shape = shape.into_boxed_slice();
    let exchange = Arc::new(Exchange {
        managed: UnsafeCell::new(DlManagedTensor {
            dl_tensor: DlTensor {
                data: address as *mut c_void,
                device: DlDevice {
                    device_type: CPU,
                    device_id: 0,
                },
                ndim: ndim.map_err(|error| PyRuntimeError::new_err(error.to_string()))?,
                dtype: data_type(dtype),
                shape: shape.as_mut_ptr(),
                // Null strides say: C-contiguous.
                strides: std::ptr::null_mut(),
                byte_offset: 0,
            },
            manager_ctx: std::ptr::null_mut(),
            deleter: Some(delete),
        }),
        _shape: shape,
        memory: Some(memory.clone().unbind()),
    });
    let managed = exchange.managed.get();
    owed().insert(managed as usize, exchange.clone());
    // SAFETY: the GIL is held (`memory` is bound); the pointer is not null; the name is static.
    // The result is a new reference to a capsule, or null with an exception set.
    let capsule = unsafe {
        let capsule = ffi::PyCapsule_New(managed.cast(), NAME.as_ptr(), Some(destroy));
        Bound::from_owned_ptr_or_err(memory.py(), capsule)
    };
    let capsule = capsule.inspect_err(|_| forget(managed))?;
    let context = Arc::into_raw(exchange).cast_mut().cast();
    // SAFETY: a capsule; `destroy` makes an `Arc` of its context again, once.
    if unsafe { ffi::PyCapsule_SetContext(capsule.as_ptr(), context) } != 0 {
        return Err(PyErr::fetch(memory.py()));
    }
    // SAFETY: made by `PyCapsule_New`.
    Ok(unsafe { capsule.cast_into_unchecked() })
}

/// Does what is owed for an exchange, if it still is.
fn forget(managed: *mut DlManagedTensor) {
    let exchange = owed().remove(&(managed as usize));
    drop(exchange); // when the table is free again: memory dies in it
}

/// Called by the consumer when its tensor dies, on any thread, with or without the GIL, or when it has
/// failed to make one. Once is enough, more does no harm.
unsafe extern "C" fn delete(managed: *mut DlManagedTensor) {
    forget(managed);
}

/// Called by Python when the capsule dies.
unsafe extern "C" fn destroy(capsule: *mut ffi::PyObject) {
    // SAFETY: called by Python with the capsule and the GIL. Its context is what `capsule` put there,
    // an `Arc` of its own, or null.
    let exchange = unsafe {
        let context = ffi::PyCapsule_GetContext(capsule)
            .cast_const()
            .cast::<Exchange>();
        (!context.is_null()).then(|| Arc::from_raw(context))
    };
    let Some(exchange) = exchange else { return };
    // SAFETY: as above. A consumer that took the tensor has renamed the capsule, and calls the
    // deleter itself.
    if unsafe { ffi::PyCapsule_IsValid(capsule, NAME.as_ptr()) } == 1 {
        forget(exchange.managed.get());
    }
}
