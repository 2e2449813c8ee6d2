//! Where what Python hands over is to lie.

use super::raw;
use blendtorch_wire::{Bytes, DType, Limits, Tensor};
use btb::Publisher;
use pyo3::buffer::PyUntypedBuffer;
use std::sync::{Mutex, PoisonError};

/// Smaller arrays cost less copied than held.
const SMALLEST_LENT: usize = 16 << 10;

/// Where the tensors of what Python hands over are to lie.
pub(crate) trait TensorMemory: Sync {
    /// A tensor with a copy of `bytes`. Needs no GIL.
    fn copy_of(&self, dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Tensor, String>;

    /// Where arrays are noted that are not copied but lent, if that is so.
    fn lent(&self) -> Option<&Lent> {
        None
    }
}

/// Arrays of Python's that a call of `publish` may read: the caller writes them again afterwards.
#[derive(Debug, Default)]
pub(crate) struct Lent(Mutex<Vec<Bytes>>);

impl Lent {
    /// The data of a C-contiguous buffer, held until this is dropped: with the GIL, which giving a
    /// buffer back needs. One that is not worth lending comes back.
    pub(super) fn hold(&self, buffer: PyUntypedBuffer) -> Result<Bytes, PyUntypedBuffer> {
        // What no message holds is refused where it would be copied.
        let lendable = SMALLEST_LENT..=Limits::default().max_message_bytes;
        if !lendable.contains(&buffer.len_bytes()) {
            return Err(buffer);
        }
        let bytes = Bytes::from_owner(Held(buffer));
        self.lock().push(bytes.clone());
        Ok(bytes)
    }

    /// Whether nothing is lent.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Bytes>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A C-contiguous buffer, exported as long as it is read.
struct Held(PyUntypedBuffer);

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        raw::bytes(&self.0).unwrap_or_default()
    }
}

/// A publisher that is about to publish, and what is lent to it.
pub(crate) struct Publishing<'a> {
    publisher: &'a Publisher,
    /// Nothing where a copy is written in shared memory at once.
    pub(crate) lent: Option<Lent>,
}

impl<'a> Publishing<'a> {
    /// `may_lend` where nothing else is published beside it, which would be copied as what is lent is.
    pub(crate) fn new(publisher: &'a Publisher, may_lend: bool) -> Self {
        let lends = may_lend && publisher.saves_by_lending();
        Self {
            publisher,
            lent: lends.then(Lent::default),
        }
    }
}

impl TensorMemory for Publishing<'_> {
    /// In memory from which it is sent.
    fn copy_of(&self, dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Tensor, String> {
        self.publisher
            .tensor(dtype, shape, |memory| memory.copy_from_slice(bytes))
            .map_err(|error| error.to_string())
    }

    fn lent(&self) -> Option<&Lent> {
        self.lent.as_ref()
    }
}

/// Ordinary memory.
pub(crate) struct Heap;

impl TensorMemory for Heap {
    fn copy_of(&self, dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Tensor, String> {
        Tensor::new(dtype, shape, Bytes::copy_from_slice(bytes)).map_err(|error| error.to_string())
    }
}
