//! Two Python buffers as Rust slices, while the GIL is released.
//!
//! Owns the checks that make this sound; it must never give out a slice that outlives the call.

#![allow(
    unsafe_code,
    reason = "a slice over memory that Python owns needs raw pointers"
)]

use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// Runs `work` on the values of `source` and `destination` without the GIL.
///
/// # Errors
/// `ValueError` when either is not C-contiguous, the destination is read-only, or they overlap.
pub(crate) fn apart<T, D, R>(
    py: Python<'_>,
    source: &PyBuffer<T>,
    destination: &PyBuffer<D>,
    work: impl FnOnce(&[T], &mut [D]) -> R + Send,
) -> PyResult<R>
where
    T: Element + Send + Sync,
    D: Element + Send,
    R: Send,
{
    let contiguous = |name| PyValueError::new_err(format!("the {name} must be C-contiguous"));
    let from = source.as_slice_ptr().ok_or_else(|| contiguous("source"))?;
    let to = destination
        .as_slice_ptr()
        .ok_or_else(|| contiguous("destination"))?;
    if destination.readonly() {
        return Err(PyValueError::new_err("the destination is read-only"));
    }
    let (from_start, to_start) = (source.buf_ptr() as usize, destination.buf_ptr() as usize);
    if from_start < to_start + destination.len_bytes() && to_start < from_start + source.len_bytes()
    {
        return Err(PyValueError::new_err(
            "the source and the destination overlap",
        ));
    }
    // SAFETY: `as_slice_ptr` says that the buffer is C-contiguous, aligned and of the element's
    // format; the borrowed `PyBuffer` keeps the memory exported, hence alive and in place, for
    // the whole call. As with every consumer of the buffer protocol that releases the GIL, that
    // no other thread writes it meanwhile is the documented duty of the Python caller.
    let from: &[T] = unsafe { &*from.as_ptr() };
    // SAFETY: as above; further, the buffer is writable, and disjoint from the source.
    let to: &mut [D] = unsafe { &mut *to.as_ptr() };
    Ok(py.detach(|| work(from, to)))
}

/// Runs `work` on the bytes of `image` without the GIL.
///
/// # Errors
/// `ValueError` when it is not C-contiguous, or read-only.
pub(crate) fn alone<R: Send>(
    py: Python<'_>,
    image: &PyBuffer<u8>,
    work: impl FnOnce(&mut [u8]) -> R + Send,
) -> PyResult<R> {
    let bytes = image
        .as_slice_ptr()
        .ok_or_else(|| PyValueError::new_err("the image must be C-contiguous"))?;
    if image.readonly() {
        return Err(PyValueError::new_err("the image is read-only"));
    }
    // SAFETY: as in `apart`: contiguous and exported for the whole call, and writable; that no other
    // thread is at it meanwhile is the documented duty of the Python caller.
    let bytes: &mut [u8] = unsafe { &mut *bytes.as_ptr() };
    Ok(py.detach(|| work(bytes)))
}
