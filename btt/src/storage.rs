//! Where a batch's tensors live, and what a recording is read into.
//!
//! Owns the buffers that wait for their next use. It must never know what is written to them.

use blendtorch_wire::{DType, byte_len};
#[cfg(target_os = "linux")]
use memmap2::Advice;
use memmap2::MmapMut;
use std::sync::{Arc, Mutex, PoisonError, Weak};

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
///
/// Large buffers come back to their allocator when their storage is dropped, from whatever thread:
/// the system takes and gives fresh pages at a cost like that of copying into them.
#[derive(Clone, Debug, Default)]
pub struct HeapAllocator(Arc<Shelf>);

/// Memory of a [`HeapAllocator`].
#[derive(Debug)]
pub struct HeapStorage {
    buffer: Buffer,
    len: usize,
    row_bytes: usize,
    shelf: Weak<Shelf>,
}

/// Memory, aligned for every element type.
#[derive(Debug)]
enum Buffer {
    Words(Vec<u64>),
    /// Of the system's own. Behind glibc's back: after the first of 10 MB was freed, glibc takes
    /// the next from a heap that it hardly ever makes smaller (139 MB were kept of 12 batches).
    Pages(MmapMut),
}

/// From here on it is pages.
const SMALLEST_MAPPED: usize = 1 << 20;

impl Buffer {
    fn new(len: usize) -> Result<Self, String> {
        if len < SMALLEST_MAPPED {
            return Ok(Self::Words(vec![0; len.div_ceil(8)]));
        }
        let pages = MmapMut::map_anon(len).map_err(|error| format!("{len} bytes: {error}"))?;
        // Fewer and larger pages are looked up sooner: 5 to 10 % of a copy. A system without them
        // refuses, which changes nothing else.
        #[cfg(target_os = "linux")]
        let _ = pages.advise(Advice::HugePage);
        Ok(Self::Pages(pages))
    }

    fn bytes(&self) -> &[u8] {
        match self {
            Self::Words(words) => bytemuck::cast_slice(words),
            Self::Pages(pages) => pages,
        }
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        match self {
            Self::Words(words) => bytemuck::cast_slice_mut(words),
            Self::Pages(pages) => pages,
        }
    }

    /// What is left where a buffer was taken from.
    fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Words(Vec::new()))
    }
}

/// Buffers that wait for their next use.
#[derive(Debug, Default)]
struct Shelf(Mutex<Vec<Buffer>>);

/// Smaller buffers come quickly from the system's allocator.
const SMALLEST_SHELVED: usize = 16 << 10;
/// Whatever their size, so many may wait: a loop gives back a batch or two at a time.
const FEW_SHELVED: usize = 2;
/// More than those may wait in this much: a consumer's memory is to stay within 64 MB over the
/// batches in flight, of which the slots of its publishers take a part too.
const MOST_SHELVED_BYTES: usize = 20 << 20;

impl Shelf {
    /// A buffer of so many bytes, or up to 7 more, if one waits. Its contents are old.
    fn take(&self, len: usize) -> Option<Buffer> {
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The one that came last is the likeliest in the processor's cache.
        let index = buffers
            .iter()
            .rposition(|buffer| (len..len + 8).contains(&buffer.bytes().len()))?;
        Some(buffers.remove(index))
    }

    fn put(&self, buffer: Buffer) {
        if buffer.bytes().len() < SMALLEST_SHELVED {
            return;
        }
        let mut buffers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        buffers.push(buffer);
        let mut bytes: usize = buffers.iter().map(|buffer| buffer.bytes().len()).sum();
        let mut evicted = Vec::new();
        while buffers.len() > FEW_SHELVED && bytes > MOST_SHELVED_BYTES {
            // The oldest may be of a size that is no longer asked for.
            let oldest = buffers.remove(0);
            bytes -= oldest.bytes().len();
            evicted.push(oldest);
        }
        // The system takes its time to take them back, and the loader must not wait for that.
        drop(buffers);
    }
}

impl HeapStorage {
    /// The tensor's bytes, in C order.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.buffer.bytes()[..self.len]
    }
}

impl Allocator for HeapAllocator {
    type Storage = HeapStorage;

    fn allocate(&mut self, dtype: DType, shape: &[usize]) -> Result<HeapStorage, String> {
        let len = byte_len(dtype, shape).map_err(|error| error.to_string())?;
        Ok(HeapStorage {
            buffer: match self.0.take(len) {
                Some(buffer) => buffer,
                None => Buffer::new(len)?,
            },
            len,
            row_bytes: shape.first().map_or(0, |rows| len / rows.max(&1)),
            shelf: Arc::downgrade(&self.0),
        })
    }
}

impl Storage for HeapStorage {
    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.buffer.bytes_mut()[..self.len]
    }

    fn truncate(&mut self, rows: usize) {
        self.len = self.len.min(rows * self.row_bytes);
    }
}

impl Drop for HeapStorage {
    fn drop(&mut self) {
        if let Some(shelf) = self.shelf.upgrade() {
            shelf.put(self.buffer.take());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_buffers_are_used_again_and_few_are_kept() {
        let mut allocator = HeapAllocator::default();
        for (count, shape, kept) in [(6, [20_000, 1000], FEW_SHELVED), (60, [1000, 1000], 20)] {
            let mut storages: Vec<_> = (0..count)
                .map(|_| allocator.allocate(DType::U8, &shape).unwrap())
                .collect();
            let addresses: Vec<_> = storages.iter().map(|s| s.bytes().as_ptr()).collect();
            storages.clear();
            assert_eq!(allocator.0.0.lock().unwrap().len(), kept);
            let again = allocator.allocate(DType::U8, &shape).unwrap();
            assert!(addresses.contains(&again.bytes().as_ptr()));
        }
        let other = allocator.allocate(DType::U8, &[100, 1001]).unwrap();
        assert_eq!(other.bytes().len(), 100_100);
    }

    #[test]
    fn storage_may_outlive_its_allocator() {
        let mut allocator = HeapAllocator::default();
        let mut storage = allocator.allocate(DType::U8, &[1 << 20]).unwrap();
        drop(allocator);
        storage.bytes_mut().fill(7);
        assert!(storage.bytes().iter().all(|&byte| byte == 7));
    }
}
