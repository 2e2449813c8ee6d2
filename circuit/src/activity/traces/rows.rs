//! Rows of a report at any time.
//!
//! Owns what is read at a time, and the two pieces that are kept: a video goes from row to row.

use std::ops::Range;

use super::Between;
use crate::CircuitError;
use crate::reports::ReportPopulation;

/// The range of values is looked for in so many pieces of a report; a piece is about 1 MB.
const PIECES: u64 = 64;

/// A place on the way from a row to the next: both, and how far it is.
type Place<'a> = (&'a [f32], &'a [f32], f32);

/// A report, and what is kept of it.
#[derive(Debug, Clone)]
pub(super) struct Rows {
    report: ReportPopulation,
    pieces: [Piece; 2],
    /// Which of them was needed last.
    last: usize,
}

/// Some rows.
#[derive(Debug, Clone, Default)]
struct Piece {
    rows: Range<u64>,
    values: Vec<f32>,
}

impl Piece {
    fn row(&self, row: u64, columns: usize) -> &[f32] {
        let at = usize::try_from(row.saturating_sub(self.rows.start)).unwrap_or(usize::MAX);
        let start = at.saturating_mul(columns);
        let end = start.saturating_add(columns);
        self.values.get(start..end).unwrap_or_default()
    }
}

impl Rows {
    pub(super) fn new(report: ReportPopulation) -> Self {
        Self {
            report,
            pieces: Default::default(),
            last: 0,
        }
    }

    pub(super) fn report(&self) -> &ReportPopulation {
        &self.report
    }

    /// The rows around a time in ms.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "a place is within the rows, of which there are no 2^53"
    )]
    pub(super) fn at(&mut self, time: f64, between: Between) -> Result<Place<'_>, CircuitError> {
        let clock = self.report.time();
        let last = self.report.rows().saturating_sub(1);
        let place = ((time - clock.start) / clock.step).clamp(0.0, last as f64);
        // A time that is a row's up to rounding is that row's.
        let near = place.round();
        let place = match (place - near).abs() < 1e-6 {
            true => near,
            false => place,
        };
        let row = (place as u64).min(last);
        let part = match between {
            Between::Linear => (place - row as f64) as f32,
            Between::Previous => 0.0,
        };
        let next = match part > 0.0 {
            true => (row + 1).min(last),
            false => row,
        };
        let a = self.load(row)?;
        let b = self.load(next)?;
        let columns = self.report.columns();
        let [first, second] = &self.pieces;
        let of = |at: usize, row| match at {
            0 => first.row(row, columns),
            _ => second.row(row, columns),
        };
        Ok((of(a, row), of(b, next), part))
    }

    /// Reads the piece that has a row, unless it is there; which one it is. The one that was needed last
    /// stays.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "single precision is what is shown"
    )]
    fn load(&mut self, row: u64) -> Result<usize, CircuitError> {
        if let Some(at) = self.pieces.iter().position(|one| one.rows.contains(&row)) {
            self.last = at;
            return Ok(at);
        }
        let size = self.report.piece_rows().max(1);
        let start = row - row % size;
        let rows = start..start.saturating_add(size).min(self.report.rows());
        let values = self.report.read_rows(rows.clone())?;
        let at = 1 - self.last;
        if let Some(piece) = self.pieces.get_mut(at) {
            piece.values.clear();
            piece
                .values
                .extend(values.iter().map(|value| *value as f32));
            piece.rows = rows;
        }
        self.last = at;
        Ok(at)
    }

    /// The lowest and the highest value of a report, and whether only a part of it was read. Without any
    /// number they are 0 and 1.
    pub(super) fn range(&self) -> Result<((f64, f64), bool), CircuitError> {
        let size = self.report.piece_rows().max(1);
        let pieces = self.report.rows().div_ceil(size);
        let every = pieces.div_ceil(PIECES).max(1);
        let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
        let mut at = 0;
        while at < pieces {
            let start = at * size;
            let rows = start..start.saturating_add(size).min(self.report.rows());
            for value in self.report.read_rows(rows)? {
                if value.is_finite() {
                    low = low.min(value);
                    high = high.max(value);
                }
            }
            at += every;
        }
        match low <= high {
            true => Ok(((low, high), every > 1)),
            false => Ok(((0.0, 1.0), every > 1)),
        }
    }
}
