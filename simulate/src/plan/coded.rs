//! A column as few different words.
//!
//! Owns how text of a million cells is looked at once a word, and not once a cell.

use std::collections::HashMap;

use blendtorch_circuit::Column;

/// What stands for no word.
pub(super) const ABSENT: u32 = u32::MAX;

/// The different words of a column, and which one each member has.
#[derive(Debug, Clone)]
pub(super) struct Coded {
    pub(super) words: Vec<String>,
    /// One for each member; [`ABSENT`] where it has none.
    pub(super) of: Vec<u32>,
}

impl Coded {
    /// Those of a column; none at all where it is not there.
    pub(super) fn new(column: Option<Column>, members: usize) -> Self {
        match column {
            None => Self {
                words: Vec::new(),
                of: vec![ABSENT; members],
            },
            Some(Column::Words { words, of }) => Self { words, of },
            Some(other) => {
                let mut places = HashMap::new();
                let mut words = Vec::new();
                let of = (0..members).map(|at| match other.word(at) {
                    None => ABSENT,
                    Some(word) => *places.entry(word.clone().into_owned()).or_insert_with(|| {
                        words.push(word.into_owned());
                        u32::try_from(words.len() - 1).unwrap_or(ABSENT)
                    }),
                });
                let of = of.collect();
                Self { words, of }
            }
        }
    }

    /// The word of a number of [`Self::of`].
    pub(super) fn word(&self, number: u32) -> Option<&str> {
        self.words.get(number as usize).map(String::as_str)
    }

    /// The number of a member's word.
    pub(super) fn at(&self, member: usize) -> u32 {
        self.of.get(member).copied().unwrap_or(ABSENT)
    }
}
