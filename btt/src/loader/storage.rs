//! Where a batch's tensors live.

use blendtorch_wire::{DType, byte_len};

/// Provides the memory of batches, so that a tensor library's own tensors can be filled directly.
pub trait Allocator: Send + 'static {
    /// The memory of one tensor.
    type Storage: Storage;

    /// Memory for a tensor of C order. Its contents do not matter.
    ///
    /// # Errors
    /// Words for the user, when there is no such memory.
    fn allocate(&mut self, dtype: DType, shape: &[usize]) -> Result<Self::Storage, String>;
}

/// The memory of one tensor while it is being filled.
pub trait Storage: Send + 'static {
    /// All of its bytes.
    fn bytes_mut(&mut self) -> &mut [u8];

    /// Keeps the first `rows` of its first dimension, which has at least so many.
    fn truncate(&mut self, rows: usize);
}

/// Ordinary memory, aligned for every element type.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeapAllocator;

/// Memory of a [`HeapAllocator`].
#[derive(Debug)]
pub struct HeapStorage {
    words: Vec<u64>,
    len: usize,
    row_bytes: usize,
}

impl HeapStorage {
    /// The tensor's bytes, in C order.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.len]
    }
}

impl Allocator for HeapAllocator {
    type Storage = HeapStorage;

    fn allocate(&mut self, dtype: DType, shape: &[usize]) -> Result<HeapStorage, String> {
        let len = byte_len(dtype, shape).map_err(|error| error.to_string())?;
        Ok(HeapStorage {
            words: vec![0; len.div_ceil(8)],
            len,
            row_bytes: shape.first().map_or(0, |rows| len / rows.max(&1)),
        })
    }
}

impl Storage for HeapStorage {
    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.len]
    }

    fn truncate(&mut self, rows: usize) {
        self.len = self.len.min(rows * self.row_bytes);
    }
}
