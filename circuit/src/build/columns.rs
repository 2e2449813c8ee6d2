//! Attributes of nodes and edges as columns, borrowed from whoever made them.
//!
//! Owns how rows of them are gathered into a dataset. It knows nothing of what they mean.

use crate::CircuitError;
use crate::hdf5::{Dataset, Element, Writer};

/// The values of a column, row after row.
#[derive(Debug, Clone, Copy)]
pub enum Values<'a> {
    /// Bytes; booleans as 0 and 1.
    U8(&'a [u8]),
    /// Numbers without a sign.
    U32(&'a [u32]),
    /// Numbers without a sign.
    U64(&'a [u64]),
    /// Whole numbers.
    I32(&'a [i32]),
    /// Whole numbers.
    I64(&'a [i64]),
    /// Numbers.
    F32(&'a [f32]),
    /// Numbers.
    F64(&'a [f64]),
    /// Words; only in columns of width 1.
    Words(&'a [String]),
}

/// An attribute, with `width` values a row.
#[derive(Debug, Clone)]
pub struct Column<'a> {
    /// Its name; `dynamics_params/NAME` lies in a group of its own.
    pub name: String,
    /// Its values, rows × width.
    pub values: Values<'a>,
    /// Values a row: 1 is a dataset of one dimension, more are the columns of one of two.
    pub width: usize,
}

macro_rules! each {
    ($values:expr, $slice:ident => $numbers:expr, $words:ident => $strings:expr) => {
        match $values {
            Values::U8($slice) => $numbers,
            Values::U32($slice) => $numbers,
            Values::U64($slice) => $numbers,
            Values::I32($slice) => $numbers,
            Values::I64($slice) => $numbers,
            Values::F32($slice) => $numbers,
            Values::F64($slice) => $numbers,
            Values::Words($words) => $strings,
        }
    };
}

impl Values<'_> {
    fn len(&self) -> usize {
        each!(self, slice => slice.len(), words => words.len())
    }
}

impl Column<'_> {
    /// How many rows there are; `None` where the last is not whole.
    pub(super) fn rows(&self) -> Option<usize> {
        let words = matches!(self.values, Values::Words(_));
        match self.width {
            0 => None,
            1 => Some(self.values.len()),
            width => (!words && self.values.len().is_multiple_of(width))
                .then(|| self.values.len() / width),
        }
    }

    /// What columns of one dataset must have in common.
    pub(super) fn kind(&self) -> (std::mem::Discriminant<Values<'_>>, usize) {
        (std::mem::discriminant(&self.values), self.width)
    }
}

/// A row of one of several columns, which become one.
pub(super) type Place = (usize, usize);

/// Writes rows of columns of one kind as one dataset. A row that is not there is left out: callers have
/// checked the places.
pub(super) fn write(
    file: &mut Writer,
    columns: &[&Column<'_>],
    places: impl Iterator<Item = Place>,
    rows: usize,
) -> Result<Dataset, CircuitError> {
    macro_rules! gathered {
        ($kind:ident) => {{
            let slices: Vec<_> = columns
                .iter()
                .filter_map(|column| match column.values {
                    Values::$kind(slice) => Some(slice),
                    _ => None,
                })
                .collect();
            numbers(file, &slices, columns, places, rows)
        }};
    }
    match columns.first().map(|column| column.values) {
        None => file.column::<f64>(&[]),
        Some(Values::U8(_)) => gathered!(U8),
        Some(Values::U32(_)) => gathered!(U32),
        Some(Values::U64(_)) => gathered!(U64),
        Some(Values::I32(_)) => gathered!(I32),
        Some(Values::I64(_)) => gathered!(I64),
        Some(Values::F32(_)) => gathered!(F32),
        Some(Values::F64(_)) => gathered!(F64),
        Some(Values::Words(_)) => {
            let found: Vec<&str> = places
                .filter_map(|(column, row)| match columns.get(column)?.values {
                    Values::Words(words) => words.get(row).map(String::as_str),
                    _ => None,
                })
                .collect();
            file.strings(&found)
        }
    }
}

fn numbers<T: Element>(
    file: &mut Writer,
    slices: &[&[T]],
    columns: &[&Column<'_>],
    places: impl Iterator<Item = Place>,
    rows: usize,
) -> Result<Dataset, CircuitError> {
    let width = columns.first().map_or(1, |column| column.width);
    let mut found = Vec::with_capacity(rows.saturating_mul(width));
    for (column, row) in places {
        let values = slices
            .get(column)
            .and_then(|slice| slice.get(row * width..(row + 1) * width));
        found.extend_from_slice(values.unwrap_or(&[]));
    }
    match width {
        1 => file.column(&found),
        _ => file.shaped(&found, &[rows as u64, width as u64]),
    }
}
