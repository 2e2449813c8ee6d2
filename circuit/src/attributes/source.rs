//! A group's column, and what its numbers mean.
//!
//! Owns that numbers which stand for words are read as these words: by the library of the group
//! (`@library/NAME`, as libsonata has it), or by an enumeration of HDF5.

use std::collections::HashMap;

use indexmap::IndexMap;

use super::gather::{numbers, words};
use super::members::Rows;
use crate::hdf5::read::{Dataset, File, Kind};
use crate::{CircuitError, Column};

/// Where the values of a column are.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) data: Dataset,
    /// The words that the numbers stand for.
    pub(super) library: Option<Vec<(String, i64)>>,
}

/// The columns of a group, by name.
pub(super) fn sources(file: &File, path: &str) -> Result<IndexMap<String, Source>, CircuitError> {
    let mut libraries: HashMap<String, Dataset> = file
        .columns(&format!("{path}/@library"))?
        .into_iter()
        .collect();
    let mut found = IndexMap::new();
    for (name, data) in file.columns(path)? {
        let library = match (data.kind(), libraries.remove(&name)) {
            (Kind::Ints, Some(library)) => Some(library.words()?.into_iter().zip(0..).collect()),
            (Kind::Enumeration, _) => {
                let names = data.enumeration()?;
                // NumPy's booleans: 0 and 1.
                let boolean = names
                    .iter()
                    .all(|(name, _)| name == "FALSE" || name == "TRUE");
                (!boolean).then_some(names)
            }
            _ => None,
        };
        found.insert(name, Source { data, library });
    }
    Ok(found)
}

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
