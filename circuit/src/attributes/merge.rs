//! Columns of several groups and of the types' table as one.
//!
//! Owns which kind the whole has: whole numbers if all parts have them, else numbers if all are, else
//! words, so that no value of any part is lost.

use super::members::Places;
use crate::Column;
use crate::column::{ABSENT, Words};

/// Values for some members.
pub(super) struct Part<'a> {
    pub(super) values: Column,
    pub(super) at: Places,
    /// For each member the row of `values`; where `None`, `values` are those of the members in order.
    pub(super) of: Option<&'a [u32]>,
}

impl Part<'_> {
    /// Calls `each` with a member's place and the place of its value.
    fn each(&self, count: usize, mut each: impl FnMut(usize, usize)) {
        let value = |nth: usize, at: usize| match self.of {
            Some(rows) => rows.get(at).map_or(usize::MAX, |row| *row as usize),
            None => nth,
        };
        match &self.at {
            Places::All => (0..count).for_each(|at| each(at, value(at, at))),
            Places::Some(places) => {
                places
                    .iter()
                    .enumerate()
                    .for_each(|(nth, at)| each(*at, value(nth, *at)));
            }
        }
    }

    /// Whether the part is all there is, as it is.
    fn whole(&self) -> bool {
        matches!(self.at, Places::All) && self.of.is_none()
    }
}

/// The column of `count` members; those that are in no part are absent.
pub(super) fn merge(count: usize, mut parts: Vec<Part<'_>>) -> Column {
    if let [part] = parts.as_slice()
        && part.whole()
        && let Some(part) = parts.pop()
    {
        return part.values;
    }
    if parts
        .iter()
        .any(|part| matches!(part.values, Column::Words { .. }))
    {
        return words(count, &parts);
    }
    if parts.is_empty()
        || parts
            .iter()
            .any(|part| matches!(part.values, Column::Floats(_)))
    {
        let mut values = vec![f64::NAN; count];
        for part in &parts {
            let floats = part.values.floats();
            part.each(count, |at, from| {
                if let (Some(place), Some(value)) = (values.get_mut(at), floats.get(from)) {
                    *place = *value;
                }
            });
        }
        return Column::Floats(values);
    }
    let (mut values, mut present) = (vec![0; count], vec![false; count]);
    for part in &parts {
        part.each(count, |at, from| {
            if let (Some(place), Some(there), Some(value)) = (
                values.get_mut(at),
                present.get_mut(at),
                part.values.int(from),
            ) {
                (*place, *there) = (value, true);
            }
        });
    }
    let all = present.iter().all(|there| *there);
    Column::Ints {
        values,
        present: (!all).then_some(present),
    }
}

fn words(count: usize, parts: &[Part<'_>]) -> Column {
    let mut all = Words::default();
    let mut of = vec![ABSENT; count];
    for part in parts {
        // The words of a part are looked up once, not once a member.
        let places: Vec<u32> = match &part.values {
            Column::Words { words, .. } => words.iter().map(|word| all.place(word)).collect(),
            _ => Vec::new(),
        };
        part.each(count, |at, from| {
            let word = match &part.values {
                Column::Words { of, .. } => of
                    .get(from)
                    .and_then(|word| places.get(*word as usize))
                    .copied(),
                other => other.word(from).map(|word| all.place(&word)),
            };
            if let (Some(place), Some(word)) = (of.get_mut(at), word) {
                *place = word;
            }
        });
    }
    Column::Words {
        words: all.finish(),
        of,
    }
}
