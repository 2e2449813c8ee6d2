//! Reports: variables of cells over time, and potentials at electrodes.
//!
//! Owns SONATA's report files, read a window of rows at a time and written row by row. It knows no
//! simulation and draws nothing. Times are in ms.
//!
//! A report has one variable, as SONATA and libsonata have it; several variables of a block are several
//! files ([`crate::config::Report::files`]). BMTK puts them into one file and loses all but one.
//!
//! Sources: SONATA developer guide, Frame-oriented reports; what BMTK 1.2.0 and libsonata 0.2.2 write and
//! read.

mod electrodes;
mod mapping;
mod membrane;
#[cfg(test)]
mod tests;
mod write;

pub use electrodes::{ElectrodesFile, ElectrodesWriter};
pub use membrane::{ReportFile, ReportPopulation};
pub use write::{ReportLayout, ReportWriter};

use crate::hdf5::read::{Dataset, Value};
use crate::{CircuitError, TimeUnit};

/// The times of a report's rows, in ms: row k is at `start + k * step`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ReportTime {
    /// The time of row 0.
    pub start: f64,
    /// The end. SONATA's is open, so that there are `(stop - start) / step` rows; BMTK's PointNet
    /// writes the time of the last row.
    pub stop: f64,
    /// The time from row to row, above 0.
    pub step: f64,
}

impl ReportTime {
    /// The time of a row.
    #[allow(clippy::cast_precision_loss, reason = "no report has 2^53 rows")]
    pub fn at(&self, row: u64) -> f64 {
        self.start + row as f64 * self.step
    }

    /// The rows from `start` to before `end`, of a report with `rows` rows.
    pub fn window(&self, start: f64, end: f64, rows: u64) -> std::ops::Range<u64> {
        let row = |time: f64| {
            // A time that is a row's up to rounding is that row's.
            let exact = (time - self.start) / self.step;
            let near = exact.round();
            let row = if (exact - near).abs() < 1e-6 {
                near
            } else {
                exact.ceil()
            };
            // What is negative, or not a number, is 0; what is too large is the largest.
            (row as u64).min(rows)
        };
        let first = row(start);
        first..row(end).max(first)
    }

    /// `start`, `stop` and `step` of so many rows, as they are written.
    #[allow(clippy::cast_precision_loss, reason = "no report has 2^53 rows")]
    fn of_rows(start: f64, step: f64, rows: u64) -> Self {
        // BMTK's reader cuts the quotient off, and so loses a row where it is 2.9999999999999996.
        let mut stop = start + rows as f64 * step;
        for _ in 0..8 {
            if (stop - start) / step >= rows as f64 {
                break;
            }
            stop = stop.next_up();
        }
        Self { start, stop, step }
    }

    /// Reads `time`: three numbers in the unit that they say, ms where they say none.
    fn read(dataset: &Dataset) -> Result<Self, CircuitError> {
        if dataset.shape() != [3] {
            let text = format!(
                "has the shape {:?}; [start, stop, step] is needed",
                dataset.shape()
            );
            return Err(dataset.error(text));
        }
        let unit = match dataset.attribute("units")?.as_ref().and_then(Value::word) {
            Some(name) => {
                TimeUnit::named(name).map_err(|text| dataset.error(format!("units: {text}")))?
            }
            None => TimeUnit::Milliseconds,
        };
        let numbers = dataset.read::<f64>()?;
        let wrong = |what: String| Err(dataset.error(what));
        match *numbers.as_slice() {
            [start, stop, step] if numbers.iter().all(|one| one.is_finite()) => {
                let [start, stop, step] = [start, stop, step].map(|one| unit.in_ms(one));
                if step > 0.0 && stop >= start {
                    return Ok(Self { start, stop, step });
                }
                wrong(format!(
                    "is from {start} to {stop} ms in steps of {step}; a step is above 0"
                ))
            }
            _ => wrong(format!("is {numbers:?}: no times")),
        }
    }
}
