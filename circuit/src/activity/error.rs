//! What can go wrong with activity.

use thiserror::Error;

use super::MOST_CELLS;
use crate::CircuitError;

/// Why activity cannot be shown.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ActivityError {
    /// More cells than anybody draws: a number that is damaged, most likely.
    #[error(
        "{0} cells are claimed; at most {MOST_CELLS} can be shown: is the number of cells right?"
    )]
    Cells(usize),
    /// Two columns that belong together have different lengths.
    #[error("{cells} cells of spikes and {times} times: each spike needs both")]
    Lengths {
        /// Of the cells.
        cells: usize,
        /// Of the times.
        times: usize,
    },
    /// More spikes than can be numbered.
    #[error("{0} spikes: at most {max} can be shown at once; show a part of the time", max = u32::MAX - 1)]
    Spikes(usize),
    /// A setting that means nothing.
    #[error("{name} is {value}; {need}")]
    Setting {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: f64,
        /// What it must be.
        need: &'static str,
    },
    /// A frame that is no number.
    #[error("the frame is {0}: no number")]
    Frame(f64),
    /// The array that is to be filled has another length.
    #[error("the array has {given} values; there are {cells} cells")]
    Array {
        /// What was given.
        given: usize,
        /// What is needed.
        cells: usize,
    },
    /// A cell that there is not.
    #[error("there is no cell {cell}: there are {cells}, counted from 0")]
    Cell {
        /// The cell that was asked for.
        cell: usize,
        /// How many there are.
        cells: usize,
    },
    /// Something else that cannot be shown, in words.
    #[error("{0}")]
    Words(String),
    /// A file.
    #[error(transparent)]
    File(#[from] CircuitError),
}

/// A setting that must be a finite number above 0.
pub(super) fn positive(name: &'static str, value: f64) -> Result<f64, ActivityError> {
    needed(name, value, value > 0.0, "a number above 0 is needed")
}

/// A setting that must be a finite number, 0 or above.
pub(super) fn not_negative(name: &'static str, value: f64) -> Result<f64, ActivityError> {
    needed(name, value, value >= 0.0, "a number from 0 on is needed")
}

/// A setting that must be a finite number.
pub(super) fn finite(name: &'static str, value: f64) -> Result<f64, ActivityError> {
    needed(name, value, true, "a finite number is needed")
}

/// The frame where something ends, which must be a finite number.
pub(super) fn a_frame(last: f64) -> Result<f64, ActivityError> {
    needed("last", last, true, "a frame is needed")
}

/// A finite number that is as it must be.
fn needed(
    name: &'static str,
    value: f64,
    right: bool,
    need: &'static str,
) -> Result<f64, ActivityError> {
    match value.is_finite() && right {
        true => Ok(value),
        false => Err(ActivityError::Setting { name, value, need }),
    }
}
