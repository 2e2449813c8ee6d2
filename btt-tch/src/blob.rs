//! Tensors over memory that is ours, given back when torch lets go of it.
//!
//! `tch`'s own `from_blob` is never told when a tensor has died; torch's stable C interface (since
//! 2.11) has a form that is.

#![allow(unsafe_code, reason = "torch's C interface")]

use btt::{HeapStorage, Storage};
use std::ffi::{CStr, c_char, c_void};
use tch::{Kind, Tensor};
use torch_sys::C_tensor;

unsafe extern "C" {
    /// `torch/csrc/stable/c/shim.h`. `result` is torch's `at::Tensor*`, and the caller's to delete,
    /// which is what `tch` calls a tensor.
    fn torch_from_blob(
        data: *mut c_void,
        dimensions: i64,
        sizes: *const i64,
        strides: *const i64,
        storage_offset: i64,
        dtype: i32,
        device_type: i32,
        device_index: i32,
        result: *mut *mut C_tensor,
        layout: i32,
        opaque_metadata: *const u8,
        opaque_metadata_size: i64,
        deleter: Option<unsafe extern "C" fn(data: *mut c_void, context: *mut c_void)>,
        context: *mut c_void,
    ) -> i32;

    /// What went wrong in this thread's last call: text that is valid until its next one.
    safe fn torch_exception_get_what_without_backtrace() -> *const c_char;
}

/// In the words of that interface: the CPU, no certain one, and elements one beside the other.
const CPU: i32 = 0;
const ANY: i32 = -1;
const STRIDED: i32 = 0;

/// A tensor of C order on the CPU whose elements are `memory`, which returns to its allocator when
/// the last tensor over it has died, in whatever thread.
///
/// `sizes` and `kind` must take the whole of `memory`, which is not empty.
pub(crate) fn tensor(memory: HeapStorage, kind: Kind, sizes: &[i64]) -> Result<Tensor, String> {
    let mut strides = vec![1; sizes.len()];
    for dimension in (1..sizes.len()).rev() {
        strides[dimension - 1] = strides[dimension] * sizes[dimension];
    }
    let dtype = number(kind).ok_or_else(|| format!("no number of {kind:?} is known"))?;
    let dimensions = i64::try_from(sizes.len()).map_err(|error| error.to_string())?;
    let context = Box::into_raw(Box::new(memory));
    let mut result = std::ptr::null_mut();
    // SAFETY: `context` was just made, and nobody else has it.
    let data = unsafe { (*context).bytes_mut().as_mut_ptr() };
    // SAFETY: `sizes` and `strides` have `dimensions` elements, and are read during the call.
    // `data` is as long as they say (the caller's promise) and lives, at its place, as long as
    // `context` does, which is until `give_back` is called with it: once, when nobody reads `data`
    // any more.
    let error = unsafe {
        torch_from_blob(
            data.cast(),
            dimensions,
            sizes.as_ptr(),
            strides.as_ptr(),
            0,
            dtype,
            CPU,
            ANY,
            &raw mut result,
            STRIDED,
            std::ptr::null(),
            0,
            Some(give_back),
            context.cast(),
        )
    };
    if error != 0 || result.is_null() {
        // What became of the memory is not known: it is lost rather than freed twice.
        return Err(format!(
            "torch makes no {kind:?} tensor of {sizes:?}: {}",
            complaint()
        ));
    }
    // SAFETY: a new `at::Tensor*`, ours to delete.
    Ok(unsafe { Tensor::from_ptr(result) })
}

/// What torch says of this thread's last call.
fn complaint() -> String {
    let text = torch_exception_get_what_without_backtrace();
    if text.is_null() {
        return "it does not say why".to_owned();
    }
    // SAFETY: a text of torch's that is valid until this thread's next call.
    unsafe { CStr::from_ptr(text) }
        .to_string_lossy()
        .into_owned()
}

/// Called by torch when the last tensor over the memory has died.
unsafe extern "C" fn give_back(_data: *mut c_void, context: *mut c_void) {
    // SAFETY: `context` is what `tensor` made of a box, and torch calls this once.
    drop(unsafe { Box::from_raw(context.cast::<HeapStorage>()) });
}

/// torch's number of an element type (`c10/core/ScalarType.h`).
fn number(kind: Kind) -> Option<i32> {
    Some(match kind {
        Kind::Uint8 => 0,
        Kind::Int8 => 1,
        Kind::Int16 => 2,
        Kind::Int => 3,
        Kind::Int64 => 4,
        Kind::Half => 5,
        Kind::Float => 6,
        Kind::Double => 7,
        Kind::Bool => 11,
        _ => return None,
    })
}
