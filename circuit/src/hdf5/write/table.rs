//! Tables whose rows come while something runs.
//!
//! Owns where a row lies.

use std::marker::PhantomData;

use super::datatype::Element;
use super::{Bytes, Dataset};
use crate::CircuitError;

/// Room in a file for rows of numbers.
#[derive(Debug)]
pub struct Table<T> {
    bytes: Bytes,
    at: u64,
    rows: u64,
    columns: u64,
    what: PhantomData<T>,
}

impl<T: Element> Table<T> {
    pub(super) fn new(bytes: Bytes, at: u64, rows: u64, columns: u64) -> Self {
        Self {
            bytes,
            at,
            rows,
            columns,
            what: PhantomData,
        }
    }

    /// Writes whole rows, the first of them at row `first`.
    ///
    /// # Errors
    /// [`CircuitError::File`] where there is no room for them, or they are no whole rows;
    /// [`CircuitError::Io`] where they cannot be written.
    pub fn write_rows(&mut self, first: u64, values: &[T]) -> Result<(), CircuitError> {
        let number = values.len() as u64;
        let rows = number.checked_div(self.columns).unwrap_or(0);
        let end = first.checked_add(rows).filter(|end| *end <= self.rows);
        if end.is_none() || rows * self.columns != number {
            let text = format!(
                "{number} values from row {first} on do not fit into {} rows of {}",
                self.rows, self.columns
            );
            return Err(CircuitError::file(&self.bytes.path, "", text));
        }
        let at = self.at + first * self.columns * size_of::<T>() as u64;
        self.bytes.write(bytemuck::cast_slice(values), at)
    }

    /// The dataset of the first `rows` rows (all at most), of shape `[rows, columns]`.
    #[must_use]
    pub fn cut(self, rows: u64) -> Dataset {
        let rows = rows.min(self.rows);
        let size = rows * self.columns * size_of::<T>() as u64;
        Dataset::new(T::datatype(), vec![rows, self.columns], self.at, size)
    }
}
