//! The bytes of a Python buffer as a Rust slice.
//!
//! Owns the checks that make this sound; it must never give out a slice that outlives the buffer.

#![allow(
    unsafe_code,
    reason = "a slice over memory that Python owns needs raw pointers"
)]

use pyo3::buffer::PyUntypedBuffer;

/// The bytes of a C-contiguous buffer, or `None` for any other.
pub(super) fn bytes(buffer: &PyUntypedBuffer) -> Option<&[u8]> {
    if !buffer.is_c_contiguous() {
        return None;
    }
    if buffer.len_bytes() == 0 {
        return Some(&[]);
    }
    // SAFETY: the buffer is C-contiguous, so its `len_bytes` bytes lie in one piece from
    // `buf_ptr`; it keeps them exported, hence alive and in place, as long as it is borrowed. Any
    // bytes are valid as u8. As with every consumer of the buffer protocol that releases the GIL,
    // that no other thread writes them meanwhile is the duty of the Python caller.
    Some(unsafe { std::slice::from_raw_parts(buffer.buf_ptr().cast::<u8>(), buffer.len_bytes()) })
}
