//! A batch whose stacked fields are tensors.

use crate::storage::TchStorage;
use btt::{Batch, Column, Header, Value};
use indexmap::IndexMap;
use tch::Tensor;
use thiserror::Error;

/// What several items published, field by field.
///
/// Arrays and numbers are stacked to tensors whose first dimension is the number of items
/// (`image` of 8 items: `[8, height, width, channels]`); everything else is a list of values.
#[derive(Debug)]
pub struct TensorBatch {
    fields: IndexMap<String, Field>,
    headers: Vec<Header>,
}

#[derive(Debug)]
enum Field {
    Tensor(Tensor),
    Values(Vec<Value>),
}

/// A field that a batch does not have, or not in this form.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldError {
    /// Nothing of that name was published.
    #[error("the batch has no field '{field}': its fields are {}", fields.join(", "))]
    Missing {
        /// The name asked for.
        field: String,
        /// The names there are, in the order of publication.
        fields: Vec<String>,
    },
    /// The field is no array and no number.
    #[error("field '{field}' holds neither arrays nor numbers: read it with values(\"{field}\")")]
    NoTensor {
        /// The name asked for.
        field: String,
    },
    /// The field was stacked to a tensor.
    #[error("field '{field}' was stacked: read it with tensor(\"{field}\")")]
    NoValues {
        /// The name asked for.
        field: String,
    },
}

impl TensorBatch {
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

    /// The names of the fields, in the order of publication.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.fields.keys().map(String::as_str)
    }

    /// The identity of each item.
    #[must_use]
    pub fn headers(&self) -> &[Header] {
        &self.headers
    }

    /// A stacked field: the number of items, then the shape of one, on the CPU.
    ///
    /// # Errors
    /// [`FieldError::Missing`], [`FieldError::NoTensor`].
    pub fn tensor(&self, field: &str) -> Result<&Tensor, FieldError> {
        match self.field(field)? {
            Field::Tensor(tensor) => Ok(tensor),
            Field::Values(_) => Err(FieldError::NoTensor {
                field: field.to_owned(),
            }),
        }
    }

    /// A field that was not stacked, one value an item.
    ///
    /// # Errors
    /// [`FieldError::Missing`], [`FieldError::NoValues`].
    pub fn values(&self, field: &str) -> Result<&[Value], FieldError> {
        match self.field(field)? {
            Field::Values(values) => Ok(values),
            Field::Tensor(_) => Err(FieldError::NoValues {
                field: field.to_owned(),
            }),
        }
    }

    fn field(&self, field: &str) -> Result<&Field, FieldError> {
        self.fields.get(field).ok_or_else(|| FieldError::Missing {
            field: field.to_owned(),
            fields: self.fields.keys().cloned().collect(),
        })
    }
}

impl From<Batch<TchStorage>> for TensorBatch {
    fn from(batch: Batch<TchStorage>) -> Self {
        let fields = batch.columns.into_iter().map(|(name, column)| {
            let field = match column {
                Column::Tensor(column) => Field::Tensor(column.storage.into_tensor()),
                Column::Values(values) => Field::Values(values),
            };
            (name, field)
        });
        Self {
            fields: fields.collect(),
            headers: batch.headers,
        }
    }
}
