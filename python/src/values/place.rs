//! Where what Python hands over is to lie.

use blendtorch_wire::{Bytes, DType, Tensor};
use btb::Publisher;

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
