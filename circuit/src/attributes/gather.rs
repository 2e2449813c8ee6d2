//! Values of a column for rows in any order.
//!
//! Owns that a column is read in pieces, each once, however its rows are asked for.

use super::Source;
use super::members::Rows;
use crate::column::{ABSENT, Words};
use crate::hdf5::read::{Dataset, Element, Kind};
use crate::{CircuitError, Column};

impl Source {
    /// The values of these rows, in their order.
    pub(super) fn gather(&self, rows: &Rows) -> Result<Column, CircuitError> {
        if self.data.shape().len() != 1 {
            return Err(self.data.error(format!(
                "has {} dimensions; an attribute has one",
                self.data.shape().len()
            )));
        }
        match (self.data.kind(), &self.library) {
            (Kind::Ints | Kind::Enumeration, Some(library)) => {
                let numbers = numbers::<i64>(&self.data, rows)?;
                self.named(&numbers, library)
            }
            (Kind::Ints | Kind::Enumeration, None) => Ok(Column::Ints {
                values: numbers(&self.data, rows)?,
                present: None,
            }),
            (Kind::Floats, _) => Ok(Column::Floats(numbers(&self.data, rows)?)),
            (Kind::Words, _) => words(&self.data, rows),
            (Kind::Other, _) => Err(self.data.error("holds neither numbers nor strings")),
        }
    }

    /// Numbers as the words that they stand for.
    fn named(&self, numbers: &[i64], library: &[(String, i64)]) -> Result<Column, CircuitError> {
        let mut places: Vec<(i64, u32)> = library
            .iter()
            .zip(0..)
            .map(|((_, number), place)| (*number, place))
            .collect();
        places.sort_unstable();
        let one = |number: &i64| {
            let at = places.binary_search_by_key(number, |pair| pair.0).ok();
            at.and_then(|at| places.get(at))
                .map(|pair| pair.1)
                .ok_or_else(|| {
                    self.data.error(format!(
                        "is {number}, which stands for none of its {} words",
                        library.len()
                    ))
                })
        };
        Ok(Column::Words {
            of: numbers.iter().map(one).collect::<Result<_, _>>()?,
            words: library.iter().map(|(word, _)| word.clone()).collect(),
        })
    }
}

fn numbers<T: Element + Default>(data: &Dataset, rows: &Rows) -> Result<Vec<T>, CircuitError> {
    let rows = match rows {
        Rows::Run(range) => return data.read_rows(range.clone()),
        Rows::Any(rows) => rows,
    };
    let mut values = vec![T::default(); rows.len()];
    let mut piece = Vec::new();
    each_piece(data, rows, |range, wanted| {
        data.read_rows_into(range.clone(), &mut piece)?;
        for (row, at) in wanted {
            if let (Some(place), Some(value)) =
                (values.get_mut(*at), inside(&piece, row - range.start))
            {
                *place = *value;
            }
        }
        Ok(())
    })?;
    Ok(values)
}

fn words(data: &Dataset, rows: &Rows) -> Result<Column, CircuitError> {
    let mut words = Words::default();
    let rows = match rows {
        Rows::Run(range) => {
            let mut of = Vec::new();
            data.each_word(range.clone(), |word| of.push(words.place(word)))?;
            return Ok(Column::Words {
                words: words.finish(),
                of,
            });
        }
        Rows::Any(rows) => rows,
    };
    let mut of = vec![ABSENT; rows.len()];
    let mut piece = Vec::new();
    each_piece(data, rows, |range, wanted| {
        piece.clear();
        data.each_word(range.clone(), |word| piece.push(words.place(word)))?;
        for (row, at) in wanted {
            if let (Some(place), Some(word)) = (of.get_mut(*at), inside(&piece, row - range.start))
            {
                *place = *word;
            }
        }
        Ok(())
    })?;
    Ok(Column::Words {
        words: words.finish(),
        of,
    })
}

fn inside<T>(piece: &[T], at: u64) -> Option<&T> {
    piece.get(usize::try_from(at).ok()?)
}

/// Calls `each` for every piece of the column that some rows are in, with those rows and their places.
fn each_piece(
    data: &Dataset,
    rows: &[u64],
    mut each: impl FnMut(std::ops::Range<u64>, &[(u64, usize)]) -> Result<(), CircuitError>,
) -> Result<(), CircuitError> {
    let mut wanted: Vec<(u64, usize)> = rows.iter().copied().zip(0..).collect();
    if !wanted.is_sorted() {
        wanted.sort_unstable();
    }
    let size = data.piece_rows();
    for piece in wanted.chunk_by(|a, b| a.0 / size == b.0 / size) {
        let (Some((first, _)), Some((last, _))) = (piece.first(), piece.last()) else {
            continue;
        };
        let start = first - first % size;
        // What lies before the first and after the last of a piece need not be converted.
        let range = start.max(*first)..(last.saturating_add(1)).min(data.rows());
        each(range, piece)?;
    }
    Ok(())
}
