//! A batch: what several items published, field by field.

use crate::storage::HeapStorage;
use blendtorch_wire::{DType, Element, Header, TensorError, Value};
use indexmap::IndexMap;

/// The fields of several items, each stacked along a new first dimension.
#[derive(Debug)]
pub struct Batch<S = HeapStorage> {
    /// The fields, in the order of publication.
    pub columns: IndexMap<String, Column<S>>,
    /// The identity of each item.
    pub headers: Vec<Header>,
}

/// One field of a batch.
#[derive(Debug)]
pub enum Column<S = HeapStorage> {
    /// Arrays of one dtype and shape, and numbers: stacked.
    Tensor(TensorColumn<S>),
    /// Everything else: one value an item.
    Values(Vec<Value>),
}

/// A stacked field, in C order.
#[derive(Debug)]
pub struct TensorColumn<S = HeapStorage> {
    /// The element type, the same in all batches. Python's bools become `bool`, ints `int64`,
    /// floats `float64`.
    pub dtype: DType,
    /// Number of items, then the shape of one.
    pub shape: Vec<usize>,
    /// The data.
    pub storage: S,
}

impl<S> Batch<S> {
    /// Number of items.
    #[must_use]
    pub fn len(&self) -> usize {
        self.headers.len()
    }

    /// Whether it has no items; a loader gives no such batch.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// A stacked field by name.
    #[must_use]
    pub fn tensor(&self, name: &str) -> Option<&TensorColumn<S>> {
        match self.columns.get(name)? {
            Column::Tensor(tensor) => Some(tensor),
            Column::Values(_) => None,
        }
    }

    /// Bytes of its tensors.
    #[must_use]
    pub fn byte_len(&self) -> usize {
        let tensors = self.columns.values().filter_map(|column| match column {
            Column::Tensor(tensor) => Some(tensor),
            Column::Values(_) => None,
        });
        tensors
            .map(|t| t.shape.iter().product::<usize>() * t.dtype.size())
            .sum()
    }
}

impl TensorColumn<HeapStorage> {
    /// The elements, in C order.
    ///
    /// # Errors
    /// [`TensorError::DType`] if they are not of type `T`.
    pub fn as_slice<T: Element>(&self) -> Result<&[T], TensorError> {
        if T::DTYPE != self.dtype {
            return Err(TensorError::DType {
                asked: T::DTYPE,
                actual: self.dtype,
            });
        }
        bytemuck::try_cast_slice(self.storage.bytes())
            .map_err(|_| TensorError::Unaligned(self.dtype))
    }
}
