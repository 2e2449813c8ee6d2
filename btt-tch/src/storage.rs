//! The memory of batches: tensors on the CPU that are filled as bytes before anybody sees them.
//!
//! It must never give out bytes of a tensor that has been handed out: `tch` lets everyone who holds
//! a tensor write to its memory.

#![allow(
    unsafe_code,
    reason = "a tensor's memory is a pointer given by C++; the bytes of a batch go straight there"
)]

use crate::blob;
use crate::kind::supported;
use btt::{Allocator, DType, HeapAllocator, Storage};
use std::cell::Cell;
use tch::{Device, Tensor};

/// Provides the memory of [`tch::Tensor`]s on the CPU for batches, and takes it again when the last
/// tensor over it has died: fresh memory costs several times what is then copied into it.
#[derive(Clone, Debug, Default)]
pub struct TchAllocator(HeapAllocator);

/// A tensor on the CPU, contiguous and in C order, that is filled before it is handed out.
#[derive(Debug)]
pub struct TchStorage {
    tensor: Tensor,
    len: usize,
    /// Nobody else has had a hand on `tensor`, or on another one of the same memory.
    private: Cell<bool>,
}

impl TchStorage {
    /// The tensor. From now on [`Storage::bytes_mut`] gives nothing and [`Storage::truncate`] does
    /// nothing: the tensor may be shared.
    pub fn tensor(&self) -> &Tensor {
        self.private.set(false);
        &self.tensor
    }

    /// The tensor for keeps.
    pub fn into_tensor(self) -> Tensor {
        self.tensor
    }
}

impl Allocator for TchAllocator {
    type Storage = TchStorage;

    fn allocate(&mut self, dtype: DType, shape: &[usize]) -> Result<TchStorage, String> {
        let kind = supported(dtype)?;
        // torch multiplies without looking; this product is checked, also without elements.
        let len = btt::wire::byte_len(dtype, shape).map_err(|error| error.to_string())?;
        let sizes: Vec<i64> = shape
            .iter()
            .map(|&n| i64::try_from(n).map_err(|_| format!("{n} rows are too many")))
            .collect::<Result<_, _>>()?;
        let tensor = match len {
            0 => Tensor::f_empty(sizes, (kind, Device::Cpu)).map_err(|error| error.to_string())?,
            _ => blob::tensor(self.0.allocate(dtype, shape)?, kind, &sizes)?,
        };
        Ok(TchStorage {
            tensor,
            len,
            private: Cell::new(true),
        })
    }
}

impl Storage for TchStorage {
    fn bytes_mut(&mut self) -> &mut [u8] {
        if self.len == 0 || !self.private.get() {
            return &mut []; // torch's pointer of an empty tensor is null
        }
        // SAFETY: `allocate` put `len` initialised bytes at `data_ptr` (`truncate` only lessens
        // `len`, from the end), which live as long as `self.tensor`. `private`: the tensor has not
        // left this value, so nothing else reads or writes them while `self` is borrowed.
        unsafe { std::slice::from_raw_parts_mut(self.tensor.data_ptr().cast::<u8>(), self.len) }
    }

    fn truncate(&mut self, rows: usize) {
        if !self.private.get() {
            return;
        }
        let Some(&has) = self.tensor.size().first() else {
            return; // a single value has no rows
        };
        let (Ok(has), Ok(keep)) = (usize::try_from(has), i64::try_from(rows)) else {
            return;
        };
        if rows >= has {
            return;
        }
        // A view of the first rows of the same memory: still contiguous, at the same address.
        if let Ok(tensor) = self.tensor.f_narrow(0, 0, keep) {
            self.tensor = tensor;
            self.len = self.len / has * rows;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Kind;

    #[test]
    fn the_bytes_are_the_tensors_own_memory() {
        let mut storage = TchAllocator::default()
            .allocate(DType::I16, &[2, 3])
            .unwrap();
        let bytes = storage.bytes_mut();
        assert_eq!(bytes.len(), 12);
        bytes.fill(1);
        let lent = bytes.as_mut_ptr();
        let tensor = storage.tensor();
        assert_eq!(tensor.data_ptr().cast::<u8>(), lent);
        assert_eq!((tensor.size(), tensor.kind()), (vec![2, 3], Kind::Int16));
        assert_eq!(tensor.int64_value(&[1, 2]), 0x0101);
    }

    #[test]
    fn a_tensor_is_of_the_kind_and_shape_that_was_asked_for() {
        for dtype in DType::ALL {
            let Some(kind) = crate::kind(dtype) else {
                continue;
            };
            let mut storage = TchAllocator::default().allocate(dtype, &[3, 5]).unwrap();
            let count = storage.bytes_mut().len();
            assert_eq!(count, 15 * dtype.size());
            storage.bytes_mut().fill(1);
            let tensor = storage.into_tensor();
            assert_eq!((tensor.kind(), tensor.size()), (kind, vec![3, 5]));
            assert!(tensor.is_contiguous() && tensor.device() == Device::Cpu);
            assert_eq!(tensor.double_value(&[2, 4]), tensor.double_value(&[0, 0]));
        }
    }

    #[test]
    fn memory_is_used_again_when_the_last_tensor_over_it_has_died() {
        const LEN: usize = 3 << 20;
        let mut allocator = TchAllocator::default();
        let mut place = |fill| {
            let mut storage = allocator.allocate(DType::U8, &[LEN]).unwrap();
            storage.bytes_mut().fill(fill);
            (storage.bytes_mut().as_ptr() as usize, storage.into_tensor())
        };
        let (first, tensor) = place(7);
        let view = tensor.narrow(0, 5, 10);
        drop(tensor);
        let (second, other) = place(8);
        assert_ne!(first, second, "a view of the first tensor lives");
        assert_eq!(view.int64_value(&[9]), 7);
        std::thread::spawn(move || drop(view)).join().unwrap();
        let (third, _tensor) = place(9);
        assert_eq!(first, third);
        assert_eq!(other.int64_value(&[0]), 8);
        // Tensors outlive their allocator.
        drop(allocator);
        assert_eq!(other.int64_value(&[LEN as i64 - 1]), 8);
    }

    #[test]
    fn a_tensor_that_was_handed_out_lends_no_bytes() {
        let mut storage = TchAllocator::default().allocate(DType::U8, &[4]).unwrap();
        let shared = storage.tensor().shallow_clone();
        storage.truncate(1);
        assert!(storage.bytes_mut().is_empty());
        assert_eq!(shared.size(), storage.into_tensor().size());
    }

    #[test]
    fn fewer_rows_are_a_view_of_the_same_memory() {
        let mut storage = TchAllocator::default()
            .allocate(DType::U8, &[4, 2])
            .unwrap();
        storage
            .bytes_mut()
            .copy_from_slice(&[0, 1, 2, 3, 4, 5, 6, 7]);
        let lent = storage.bytes_mut().as_mut_ptr();
        storage.truncate(9); // more than there are: nothing happens
        storage.truncate(3);
        assert_eq!(storage.bytes_mut(), [0, 1, 2, 3, 4, 5]);
        let tensor = storage.tensor();
        assert_eq!(tensor.data_ptr().cast::<u8>(), lent);
        assert!(tensor.is_contiguous());
        assert_eq!(tensor.size(), [3, 2]);
        assert_eq!(
            Vec::<u8>::try_from(tensor.flatten(0, 1)).unwrap(),
            [0, 1, 2, 3, 4, 5]
        );
    }

    #[test]
    fn empty_tensors_and_no_rows_are_no_trouble() {
        for shape in [&[0, 3][..], &[3, 0], &[2, 3]] {
            let mut storage = TchAllocator::default().allocate(DType::F32, shape).unwrap();
            storage.truncate(0);
            assert!(storage.bytes_mut().is_empty());
            assert_eq!(storage.tensor().size()[0], 0);
        }
        let mut scalar = TchAllocator::default().allocate(DType::F32, &[]).unwrap();
        scalar.truncate(0);
        assert_eq!(scalar.bytes_mut().len(), 4);
    }

    #[test]
    fn sizes_beyond_the_address_space_are_refused() {
        for shape in [&[1 << 60][..], &[1 << 30, 1 << 30], &[1 << 60, 0]] {
            let error = TchAllocator::default()
                .allocate(DType::F64, shape)
                .unwrap_err();
            assert!(!error.is_empty());
        }
    }
}
