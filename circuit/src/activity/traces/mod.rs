//! What was recorded of cells, as activity: a report's rows.
//!
//! Owns which column is a cell's, what a cell without one shows, and the range of values. A report is never
//! held as a whole.

mod columns;
mod rows;

use std::path::Path;

use self::columns::Columns;
pub use self::columns::Outside;
use self::rows::Rows;
use super::error::finite;
use super::{Activity, ActivityError, Painter, Timeline};
use crate::reports::{ReportFile, ReportPopulation};

/// What a value between two recorded moments is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Between {
    /// On the line between them.
    #[default]
    Linear,
    /// The last one.
    Previous,
}

/// How a report is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct TracesStyle {
    /// The lowest value that is told apart; the lowest one of the report where it is not said.
    pub low: Option<f64>,
    /// The highest one likewise.
    pub high: Option<f64>,
    /// Between two moments.
    pub between: Between,
    /// What cells show that were not recorded, or have no number; `low` where it is not said. Not a number
    /// is allowed.
    pub missing: Option<f64>,
}

/// A report's values of cells.
#[derive(Debug, Clone)]
pub struct Traces {
    line: Timeline,
    columns: Columns,
    rows: Rows,
    range: (f32, f32),
    sampled: bool,
    missing: f32,
    between: Between,
}

impl Traces {
    /// Opens a report. `ids` are the ids of the cells, in their order; without them a cell's id is its
    /// index, and there are as many `cells` as is said, or as the report's largest id asks for.
    ///
    /// A cell with several compartments shows its soma: the first column of element 0, or its first one.
    /// Before the first row it shows that one, and after the last row that one.
    ///
    /// # Errors
    /// The file is no report, or damaged; it has no such population, or no rows; a number means nothing.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "single precision is what is shown"
    )]
    pub fn open(
        path: &Path,
        population: &str,
        (cells, ids): (Option<usize>, Option<&[i64]>),
        line: Timeline,
        style: TracesStyle,
    ) -> Result<Self, ActivityError> {
        let file = ReportFile::open(path)?;
        let report = file.population(population)?.clone();
        if report.rows() == 0 || report.columns() == 0 {
            return Err(ActivityError::Words(format!(
                "{}: the report of {population:?} has {} rows and {} columns: nothing was recorded",
                path.display(),
                report.rows(),
                report.columns()
            )));
        }
        let columns = Columns::of(&report, cells, ids)?;
        let rows = Rows::new(report);
        let given = |name, value: Option<f64>| value.map(|value| finite(name, value)).transpose();
        let (low, high) = (given("low", style.low)?, given("high", style.high)?);
        let (found, sampled) = match (low, high) {
            (Some(_), Some(_)) => ((0.0, 0.0), false),
            _ => rows.range()?,
        };
        let (low, high) = (low.unwrap_or(found.0), high.unwrap_or(found.1));
        if low > high {
            return Err(ActivityError::Setting {
                name: "low",
                value: low,
                need: "it must not be above high",
            });
        }
        let range = (low as f32, high as f32);
        Ok(Self {
            missing: style.missing.map_or(range.0, |value| value as f32),
            between: style.between,
            line,
            columns,
            rows,
            range,
            sampled,
        })
    }

    /// The report.
    pub fn report(&self) -> &ReportPopulation {
        self.rows.report()
    }

    /// What of the report and of the cells does not go together.
    pub fn outside(&self) -> Outside {
        self.columns.outside()
    }

    /// Whether the range was looked for in a part of the rows, since there are many.
    pub fn sampled(&self) -> bool {
        self.sampled
    }

    /// The columns of a cell, each of which is a compartment; `None` where it was not recorded.
    pub fn columns_of(&self, cell: usize) -> Option<std::ops::Range<usize>> {
        let id = self.columns.id_of(cell)?;
        self.report().columns_of(id)
    }

    /// The values of all columns at a frame, into `out` with as many places.
    ///
    /// # Errors
    /// `out` has another length, the frame is no number, or the file is damaged.
    pub fn row(&mut self, frame: f64, out: &mut [f32]) -> Result<(), ActivityError> {
        let cells = self.report().columns();
        if out.len() != cells {
            let given = out.len();
            return Err(ActivityError::Array { given, cells });
        }
        if !frame.is_finite() {
            return Err(ActivityError::Frame(frame));
        }
        let (a, b, part) = self.rows.at(self.line.ms(frame), self.between)?;
        for ((place, a), b) in out.iter_mut().zip(a).zip(b) {
            *place = mixed(*a, *b, part);
        }
        Ok(())
    }
}

/// The value so far from one to the next.
fn mixed(a: f32, b: f32, part: f32) -> f32 {
    match part == 0.0 {
        true => a,
        false => a + (b - a) * part,
    }
}

impl Activity for Traces {
    fn kind(&self) -> &'static str {
        "report"
    }

    fn cells(&self) -> usize {
        self.columns.cells()
    }

    fn range(&self) -> (f32, f32) {
        self.range
    }

    fn reads(&self) -> bool {
        true
    }

    fn rest(&self, _frame: f64) -> f32 {
        self.missing
    }

    fn paint(&mut self, frame: f64, painter: &mut Painter<'_>) -> Result<(), ActivityError> {
        let (a, b, part) = self.rows.at(self.line.ms(frame), self.between)?;
        painter.all(|out| {
            let mut recorded = 0;
            self.columns.each(|cell, column| {
                let value = match (a.get(column), b.get(column)) {
                    (Some(a), Some(b)) => mixed(*a, *b, part),
                    _ => f32::NAN,
                };
                if let Some(place) = out.get_mut(cell).filter(|_| value.is_finite()) {
                    *place = value;
                    recorded += 1;
                }
            });
            recorded
        });
        Ok(())
    }
}
