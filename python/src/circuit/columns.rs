//! Attributes of nodes and edges as Python's values.
//!
//! Owns what stands for an absent value: NaN of a number, the last word (`None` there) of text.

use blendtorch_circuit::{ABSENT, Column};
use pyo3::prelude::*;

use super::numbers::Numbers;

/// A column for numpy: numbers, or words and the place of each.
#[derive(IntoPyObject)]
pub(super) enum Given {
    Numbers(Numbers),
    Words((Vec<Option<String>>, Numbers)),
}

impl From<Column> for Given {
    fn from(column: Column) -> Self {
        match column {
            Column::Floats(values) => Self::Numbers(values.into()),
            Column::Ints {
                values,
                present: None,
            } => Self::Numbers(values.into()),
            Column::Ints {
                values,
                present: Some(present),
            } => {
                let floats = values.iter().zip(present);
                let floats =
                    floats.map(|(value, there)| if there { *value as f64 } else { f64::NAN });
                Self::Numbers(floats.collect::<Vec<f64>>().into())
            }
            Column::Words { words, mut of } => {
                let absent = words.len() as u32;
                for place in &mut of {
                    if *place == ABSENT {
                        *place = absent;
                    }
                }
                let words = words.into_iter().map(Some).chain([None]).collect();
                Self::Words((words, of.into()))
            }
        }
    }
}
