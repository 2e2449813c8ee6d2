//! Values of a column for rows in any order.
//!
//! Owns that a column is read in pieces, each once, however its rows are asked for.

use super::members::Rows;
use crate::column::{ABSENT, Words};
use crate::hdf5::read::{Dataset, Element};
use crate::{CircuitError, Column};

/// The numbers of these rows, in their order.
pub(super) fn numbers<T: Element + Default>(
    data: &Dataset,
    rows: &Rows,
) -> Result<Vec<T>, CircuitError> {
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

/// The words of these rows, in their order.
pub(super) fn words(data: &Dataset, rows: &Rows) -> Result<Column, CircuitError> {
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::hdf5::read::File;
    use crate::testing::golden;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        /// The column has 14686 values in chunks of 918.
        #[test]
        fn any_rows_are_those_of_the_whole(rows in prop::collection::vec(0_u64..14_686, 0..200)) {
            let file = File::open(&golden("b_ei_exp/network/cortex_cortex_edges.h5")).unwrap();
            let data = file.require("/edges/cortex_to_cortex/0/delay").unwrap();
            let whole: Vec<f64> = data.read().unwrap();
            let wanted: Vec<f64> = rows.iter().map(|row| whole[*row as usize]).collect();
            prop_assert_eq!(numbers::<f64>(&data, &Rows::Any(rows)).unwrap(), wanted);
        }
    }
}
