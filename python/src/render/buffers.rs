//! Python buffers as the pixels of a frame, without a copy.
//!
//! Owns the checks that make this sound, and the rule that makes it last: a [`Lent`] buffer stays
//! exported until its keeper lets go of it, and the keeper does so only when nothing is being written.

#![allow(
    unsafe_code,
    reason = "a slice over memory that Python owns needs raw pointers"
)]

use blendtorch_render::write::{Data, Pixels};
use pyo3::buffer::{Element, PyUntypedBuffer};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;

/// The memory of a buffer, as what it holds.
#[derive(Clone, Copy)]
enum Memory {
    F32(*const f32),
    U32(*const u32),
    U16(*const u16),
    U8(*const u8),
}

/// What a thread of ours reads of a buffer.
pub(super) struct Lent {
    memory: Memory,
    length: usize,
    shape: Vec<usize>,
}

// SAFETY: the memory is only read, by whichever thread has this; the buffer that owns it is kept
// exported meanwhile (see `lend`).
unsafe impl Send for Lent {}

impl Pixels for Lent {
    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Data<'_> {
        // SAFETY, of all four: `lend` checked that the memory is C-contiguous, aligned, and holds that
        // many values of that type; its buffer is exported, hence alive and in place. That nobody
        // writes it meanwhile is the documented duty of the Python caller, as with every consumer of
        // the buffer protocol that releases the GIL.
        match self.memory {
            // SAFETY: as above.
            Memory::F32(at) => Data::F32(unsafe { std::slice::from_raw_parts(at, self.length) }),
            // SAFETY: as above.
            Memory::U32(at) => Data::U32(unsafe { std::slice::from_raw_parts(at, self.length) }),
            // SAFETY: as above.
            Memory::U16(at) => Data::U16(unsafe { std::slice::from_raw_parts(at, self.length) }),
            // SAFETY: as above.
            Memory::U8(at) => Data::U8(unsafe { std::slice::from_raw_parts(at, self.length) }),
        }
    }
}

/// Lends the memory of an array. The buffer that comes with it must be kept until what is lent is
/// no longer used.
///
/// # Errors
/// `TypeError` or `ValueError` by the array's name, when it is no buffer, of another type, or not
/// C-contiguous.
pub(super) fn lend(name: &str, array: &Bound<'_, PyAny>) -> PyResult<(Lent, PyUntypedBuffer)> {
    let buffer = PyUntypedBuffer::get(array).map_err(|error| {
        let text = format!("the array '{name}' is no array with memory: {error}");
        PyTypeError::new_err(text)
    })?;
    let memory = memory::<f32>(&buffer)
        .map(Memory::F32)
        .or_else(|| memory::<u32>(&buffer).map(Memory::U32))
        .or_else(|| memory::<u16>(&buffer).map(Memory::U16))
        .or_else(|| memory::<u8>(&buffer).map(Memory::U8));
    let Some(memory) = memory else {
        return Err(PyTypeError::new_err(format!(
            "the array '{name}' must be float32, uint32, uint16 or uint8, not of the format {:?}",
            buffer.format()
        )));
    };
    if !buffer.is_c_contiguous() {
        return Err(PyValueError::new_err(format!(
            "the array '{name}' must be C-contiguous: use numpy.ascontiguousarray"
        )));
    }
    let lent = Lent {
        memory,
        length: buffer.item_count(),
        shape: buffer.shape().to_vec(),
    };
    Ok((lent, buffer))
}

/// The memory of a buffer of that type. Aligned also where nothing is in it.
fn memory<T: Element>(buffer: &PyUntypedBuffer) -> Option<*const T> {
    buffer.as_typed::<T>().ok()?;
    match buffer.item_count() {
        0 => Some(std::ptr::NonNull::dangling().as_ptr()),
        _ => Some(buffer.buf_ptr().cast_const().cast()),
    }
}
