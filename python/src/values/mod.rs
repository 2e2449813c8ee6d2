//! Python objects as values that travel, and back.

mod from_python;
mod raw;
mod refusal;
mod to_python;

use blendtorch_wire::{Bytes, DType, Tensor};
use btb::Publisher;

pub(crate) use from_python::{fields_from_python, value_from_python};
pub(crate) use to_python::{fields_to_python, own_tensors, owned_value_to_python, value_to_python};

/// Where the tensors of what Python hands over are to lie.
pub(crate) trait TensorMemory: Sync {
    /// A tensor with a copy of `bytes`. Needs no GIL.
    fn copy_of(&self, dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Tensor, String>;
}

impl TensorMemory for Publisher {
    /// In memory from which it is sent.
    fn copy_of(&self, dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Tensor, String> {
        self.tensor(dtype, shape, |memory| memory.copy_from_slice(bytes))
            .map_err(|error| error.to_string())
    }
}

/// Ordinary memory.
pub(crate) struct Heap;

impl TensorMemory for Heap {
    fn copy_of(&self, dtype: DType, shape: &[usize], bytes: &[u8]) -> Result<Tensor, String> {
        Tensor::new(dtype, shape, Bytes::copy_from_slice(bytes)).map_err(|error| error.to_string())
    }
}
