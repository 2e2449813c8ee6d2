//! How many references an object has.

#![allow(unsafe_code, reason = "the count is read through a raw pointer")]

use pyo3::prelude::*;

/// References to `object`, the one of its owner included, the borrowed one of the caller not.
pub(super) fn count(object: &Bound<'_, PyAny>) -> isize {
    // SAFETY: the object is alive, since it is borrowed, and the GIL is held, since it is bound.
    unsafe { pyo3::ffi::Py_REFCNT(object.as_ptr()) }
}
