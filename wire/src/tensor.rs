//! An n-dimensional array with shared, read-only memory.

use crate::{DType, Element, TensorError};
use bytes::Bytes;
use std::fmt;

/// An n-dimensional array: dtype, shape, and raw little-endian data in C order (the last index
/// varies fastest). Cloning shares the memory.
#[derive(Clone, PartialEq, Eq)]
pub struct Tensor {
    dtype: DType,
    shape: Vec<usize>,
    bytes: Bytes,
}

/// Bytes of a C-contiguous tensor, or [`TensorError::TooLarge`] for a shape that no array library
/// holds: the bytes must fit a signed integer of the machine, **also where a dimension is 0** and
/// there are none. They are then those of the dimensions that are not 0, from which strides are
/// computed whether or not there are elements. So each dimension fits, too.
pub fn byte_len(dtype: DType, shape: &[usize]) -> Result<usize, TensorError> {
    let bytes = shape
        .iter()
        .filter(|&&n| n != 0)
        .try_fold(dtype.size(), |bytes, &n| bytes.checked_mul(n))
        .filter(|&bytes| isize::try_from(bytes).is_ok())
        .ok_or_else(|| TensorError::TooLarge {
            dtype,
            shape: shape.to_vec(),
        })?;
    Ok(if shape.contains(&0) { 0 } else { bytes })
}

impl Tensor {
    /// A tensor over `bytes`, which are raw little-endian elements in C order.
    pub fn new(dtype: DType, shape: &[usize], bytes: Bytes) -> Result<Self, TensorError> {
        let expected = byte_len(dtype, shape)?;
        if bytes.len() != expected {
            return Err(TensorError::Length {
                dtype,
                shape: shape.to_vec(),
                expected,
                actual: bytes.len(),
            });
        }
        Ok(Self {
            dtype,
            shape: shape.to_vec(),
            bytes,
        })
    }

    /// A tensor that takes over a vector of elements, without a copy.
    pub fn from_vec<T: Element>(shape: &[usize], elements: Vec<T>) -> Result<Self, TensorError> {
        Self::new(T::DTYPE, shape, Bytes::from_owner(Owner(elements)))
    }

    /// The element type.
    #[must_use]
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The size of each dimension; empty for a tensor of rank 0, which has one element.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The raw data.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The elements, borrowed.
    pub fn as_slice<T: Element>(&self) -> Result<&[T], TensorError> {
        if T::DTYPE != self.dtype {
            return Err(TensorError::DType {
                asked: T::DTYPE,
                actual: self.dtype,
            });
        }
        bytemuck::try_cast_slice(&self.bytes).map_err(|_| TensorError::Unaligned(self.dtype))
    }

    /// The elements, copied: works whatever the memory's alignment.
    pub fn to_vec<T: Element>(&self) -> Result<Vec<T>, TensorError> {
        if T::DTYPE != self.dtype {
            return Err(TensorError::DType {
                asked: T::DTYPE,
                actual: self.dtype,
            });
        }
        Ok(bytemuck::pod_collect_to_vec(&self.bytes))
    }

    /// The same tensor in memory of its own.
    #[must_use]
    pub fn to_owned_memory(&self) -> Self {
        Self {
            bytes: Bytes::copy_from_slice(&self.bytes),
            ..self.clone()
        }
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tensor({} {:?})", self.dtype, self.shape)
    }
}

/// Lets `Bytes` own a vector of any element type.
struct Owner<T>(Vec<T>);

impl<T: Element> AsRef<[u8]> for Owner<T> {
    fn as_ref(&self) -> &[u8] {
        bytemuck::cast_slice(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_becomes_a_tensor_without_a_copy() {
        let elements = vec![1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0];
        let address = elements.as_ptr().cast::<u8>();
        let tensor = Tensor::from_vec(&[2, 3], elements).unwrap();
        assert_eq!(tensor.bytes().as_ptr(), address);
        assert_eq!(tensor.as_slice::<f32>().unwrap()[5], 6.0);
        assert!(matches!(
            tensor.as_slice::<u8>(),
            Err(TensorError::DType { .. })
        ));
    }

    #[test]
    fn lengths_are_checked_without_overflow() {
        assert!(matches!(
            Tensor::new(DType::U8, &[3], Bytes::from_static(b"ab")),
            Err(TensorError::Length {
                expected: 3,
                actual: 2,
                ..
            })
        ));
        assert!(matches!(
            byte_len(DType::F64, &[usize::MAX / 4, 4]),
            Err(TensorError::TooLarge { .. })
        ));
        assert_eq!(byte_len(DType::F16, &[]), Ok(2));
    }

    /// Regression: a dimension of 0 excused all others, and array libraries refused what had come.
    #[test]
    fn an_empty_shape_that_no_array_library_holds_is_refused() {
        const MOST: usize = isize::MAX as usize;
        for (dtype, fits, too_large) in [
            (DType::U8, vec![MOST, 0], vec![MOST + 1, 0]),
            (DType::U8, vec![0, MOST], vec![0, MOST + 1]),
            (
                DType::U8,
                vec![0, 1 << 31, 1 << 31],
                vec![1 << 31, 0, 1 << 32],
            ),
            (DType::F64, vec![MOST / 8, 0], vec![MOST / 8 + 1, 0]),
        ] {
            let none = || Bytes::new();
            assert_eq!(byte_len(dtype, &fits), Ok(0));
            assert_eq!(Tensor::new(dtype, &fits, none()).unwrap().shape(), fits);
            let error = Tensor::new(dtype, &too_large, none()).unwrap_err();
            assert!(matches!(error, TensorError::TooLarge { .. }), "{error}");
        }
    }

    #[test]
    fn unaligned_memory_is_an_error_to_borrow_and_fine_to_copy() {
        let memory = Bytes::from(vec![0u8; 17]);
        let odd = usize::from(memory.as_ptr().addr() % 4 == 0);
        let tensor = Tensor::new(DType::F32, &[4], memory.slice(odd..odd + 16)).unwrap();
        assert_eq!(
            tensor.as_slice::<f32>(),
            Err(TensorError::Unaligned(DType::F32))
        );
        assert_eq!(tensor.to_vec::<f32>().unwrap(), [0.0; 4]);
    }
}
