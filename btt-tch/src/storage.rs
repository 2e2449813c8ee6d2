//! The memory of batches: tensors on the CPU that are filled as bytes before anybody sees them.
//!
//! Owns the only `unsafe` of this crate. It must never give out bytes of a tensor that has been
//! handed out: `tch` lets everyone who holds a tensor write to its memory.

#![allow(
    unsafe_code,
    reason = "a tensor's memory is a pointer given by C++; the bytes of a batch go straight there"
)]

use crate::kind::supported;
use btt::{Allocator, DType, Storage};
use std::cell::Cell;
use tch::{Device, Tensor};

/// Provides the memory of [`tch::Tensor`]s on the CPU for batches.
#[derive(Clone, Copy, Debug, Default)]
pub struct TchAllocator;

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
        // torch multiplies without looking; this product is checked.
        let len = shape
            .iter()
            .try_fold(dtype.size(), |len, &n| len.checked_mul(n))
            .filter(|&len| isize::try_from(len).is_ok())
            .ok_or_else(|| format!("{shape:?} is beyond the address space"))?;
        let size: Vec<i64> = shape
            .iter()
            .map(|&n| i64::try_from(n).map_err(|_| format!("{n} rows are too many")))
            .collect::<Result<_, _>>()?;
        let tensor =
            Tensor::f_empty(size, (kind, Device::Cpu)).map_err(|error| error.to_string())?;
        if len > 0 {
            // SAFETY: a fresh contiguous tensor of this shape and kind on the CPU has `len` bytes
            // at `data_ptr`, for as long as it lives, and nobody else knows of it. They are
            // written once so that they may be lent as initialised bytes; not by torch, which
            // would have its threads do it.
            unsafe { std::ptr::write_bytes(tensor.data_ptr().cast::<u8>(), 0, len) };
        }
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
        // SAFETY: `allocate` made `len` initialised bytes at `data_ptr` (`truncate` only lessens
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
        let mut storage = TchAllocator.allocate(DType::I16, &[2, 3]).unwrap();
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
    fn a_tensor_that_was_handed_out_lends_no_bytes() {
        let mut storage = TchAllocator.allocate(DType::U8, &[4]).unwrap();
        let shared = storage.tensor().shallow_clone();
        storage.truncate(1);
        assert!(storage.bytes_mut().is_empty());
        assert_eq!(shared.size(), storage.into_tensor().size());
    }

    #[test]
    fn fewer_rows_are_a_view_of_the_same_memory() {
        let mut storage = TchAllocator.allocate(DType::U8, &[4, 2]).unwrap();
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
            let mut storage = TchAllocator.allocate(DType::F32, shape).unwrap();
            storage.truncate(0);
            assert!(storage.bytes_mut().is_empty());
            assert_eq!(storage.tensor().size()[0], 0);
        }
        let mut scalar = TchAllocator.allocate(DType::F32, &[]).unwrap();
        scalar.truncate(0);
        assert_eq!(scalar.bytes_mut().len(), 4);
    }

    #[test]
    fn sizes_beyond_the_address_space_are_refused() {
        for shape in [&[usize::MAX, 2][..], &[1 << 62, 8], &[usize::MAX, 0]] {
            let error = TchAllocator.allocate(DType::F64, shape).unwrap_err();
            assert!(!error.is_empty());
        }
    }
}
