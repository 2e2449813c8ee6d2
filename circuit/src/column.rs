//! A column of values, one for each node or edge.
//!
//! Owns what an absent value is, and how one kind of value reads as another. It knows no file.

use std::borrow::Cow;
use std::collections::HashMap;

/// Stands for an absent word in [`Column::Words`].
pub const ABSENT: u32 = u32::MAX;

/// Values of an attribute in the order of the nodes or edges.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Whole numbers.
    Ints {
        /// The values; 0 where absent.
        values: Vec<i64>,
        /// Which are there; `None` where all are.
        present: Option<Vec<bool>>,
    },
    /// Numbers; NaN where absent.
    Floats(Vec<f64>),
    /// Text: each different word once.
    Words {
        /// The different words.
        words: Vec<String>,
        /// For each value the position of its word; [`ABSENT`] where absent.
        of: Vec<u32>,
    },
}

impl Column {
    /// How many values there are, absent ones counted.
    pub fn len(&self) -> usize {
        match self {
            Self::Ints { values, .. } => values.len(),
            Self::Floats(values) => values.len(),
            Self::Words { of, .. } => of.len(),
        }
    }

    /// Whether there is no value at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this value is absent; so is one beyond the end.
    pub fn is_absent(&self, at: usize) -> bool {
        match self {
            Self::Ints { values, present } => match present {
                Some(present) => !present.get(at).copied().unwrap_or(false),
                None => at >= values.len(),
            },
            Self::Floats(values) => values.get(at).is_none_or(|value| value.is_nan()),
            Self::Words { of, .. } => of.get(at).is_none_or(|word| *word == ABSENT),
        }
    }

    /// A whole number; `None` where absent, text, or a fraction.
    pub fn int(&self, at: usize) -> Option<i64> {
        match self {
            _ if self.is_absent(at) => None,
            Self::Ints { values, .. } => values.get(at).copied(),
            Self::Floats(values) => values.get(at).copied().and_then(whole),
            Self::Words { .. } => None,
        }
    }

    /// A number; `None` where absent or text. Whole numbers beyond 2^53 are rounded.
    pub fn float(&self, at: usize) -> Option<f64> {
        match self {
            _ if self.is_absent(at) => None,
            Self::Ints { values, .. } => values.get(at).map(|value| *value as f64),
            Self::Floats(values) => values.get(at).copied(),
            Self::Words { .. } => None,
        }
    }

    /// All as numbers; NaN where absent or text.
    pub fn floats(&self) -> Cow<'_, [f64]> {
        match self {
            Self::Floats(values) => values.into(),
            other => (0..other.len())
                .map(|at| other.float(at).unwrap_or(f64::NAN))
                .collect(),
        }
    }

    /// The value as text; `None` where absent.
    pub fn word(&self, at: usize) -> Option<Cow<'_, str>> {
        match self {
            _ if self.is_absent(at) => None,
            Self::Ints { values, .. } => values.get(at).map(|value| value.to_string().into()),
            Self::Floats(values) => values.get(at).map(|value| format!("{value:?}").into()),
            Self::Words { words, of } => {
                let word = words.get(usize::try_from(*of.get(at)?).ok()?)?;
                Some(word.as_str().into())
            }
        }
    }

    /// What its values are, in a word for messages.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Ints { .. } => "whole numbers",
            Self::Floats(_) => "numbers",
            Self::Words { .. } => "text",
        }
    }
}

/// A float that is a whole number, as that.
pub(crate) fn whole(value: f64) -> Option<i64> {
    let int = value as i64; // saturates
    (int as f64 == value && int != i64::MAX).then_some(int)
}

/// Gathers words, each different one once.
#[derive(Debug, Default)]
pub(crate) struct Words {
    places: HashMap<String, u32>,
    words: Vec<String>,
}

impl Words {
    /// The position of a word, which is added where it is new.
    pub(crate) fn place(&mut self, word: &str) -> u32 {
        if let Some(place) = self.places.get(word) {
            return *place;
        }
        let place = u32::try_from(self.words.len()).unwrap_or(ABSENT);
        self.places.insert(word.to_owned(), place);
        self.words.push(word.to_owned());
        place
    }

    /// The different words, in the order of their first appearance.
    pub(crate) fn finish(self) -> Vec<String> {
        self.words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_other_kinds_where_nothing_is_lost() {
        let floats = Column::Floats(vec![3.0, 3.5, f64::NAN]);
        assert_eq!([0, 1, 2].map(|at| floats.int(at)), [Some(3), None, None]);
        assert_eq!(floats.word(0).as_deref(), Some("3.0"));
        let ints = Column::Ints {
            values: vec![7, 0],
            present: Some(vec![true, false]),
        };
        assert_eq!([0, 1, 2].map(|at| ints.float(at)), [Some(7.0), None, None]);
        let words = Column::Words {
            words: vec!["e".into()],
            of: vec![0, ABSENT],
        };
        assert_eq!(words.word(0).as_deref(), Some("e"));
        assert!(words.is_absent(1));
        assert_eq!(words.float(0), None);
    }
}
