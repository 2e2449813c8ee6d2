//! `TracesOf`: a report as activity.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use blendtorch_circuit::activity::{Between, Traces, TracesStyle};
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;

use super::super::arrays::slice;
use super::super::numbers::Numbers;
use super::kinds::ActivityOf;
use super::{Line, error, timeline};

/// What was recorded of cells.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
struct TracesOf(Mutex<Traces>);

impl TracesOf {
    fn with<R>(&self, ask: impl FnOnce(&mut Traces) -> R) -> R {
        ask(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl TracesOf {
    /// Opens a report; `cells` are how many, or their ids. `scale`: low, high, missing.
    #[new]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands arguments over by value"
    )]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        population: &str,
        cells: (Option<usize>, Option<PyBuffer<i64>>),
        line: Line,
        scale: (Option<f64>, Option<f64>, Option<f64>),
        previous: bool,
    ) -> PyResult<Self> {
        let line = timeline(line)?;
        let ids = cells.1.as_ref().map(slice).transpose()?;
        let style = TracesStyle {
            low: scale.0,
            high: scale.1,
            missing: scale.2,
            between: match previous {
                true => Between::Previous,
                false => Between::Linear,
            },
        };
        let traces = py.detach(|| Traces::open(&path, population, (cells.0, ids), line, style));
        Ok(Self(Mutex::new(traces.map_err(|refused| error(&refused))?)))
    }

    fn activity(&self) -> ActivityOf {
        ActivityOf::new(self.with(|traces| traces.clone()))
    }

    fn units(&self) -> Option<String> {
        self.with(|traces| traces.report().units().map(str::to_owned))
    }

    fn variable(&self) -> Option<String> {
        self.with(|traces| traces.report().variable().map(str::to_owned))
    }

    /// The report's nodes that are none of the cells; the cells that it does not have.
    fn outside(&self) -> (usize, usize) {
        let outside = self.with(|traces| traces.outside());
        (outside.nodes, outside.cells)
    }

    /// Whether the range is that of a part of the rows.
    fn sampled(&self) -> bool {
        self.with(|traces| traces.sampled())
    }

    /// The first and the last row's time in ms.
    fn times(&self) -> (f64, f64) {
        self.with(|traces| {
            let (time, rows) = (traces.report().time(), traces.report().rows());
            (time.at(0), time.at(rows.saturating_sub(1)))
        })
    }

    fn columns(&self) -> usize {
        self.with(|traces| traces.report().columns())
    }

    /// A cell's columns, and the element and place of each; `None` where it was not recorded.
    #[allow(clippy::type_complexity, reason = "Python takes it apart at once")]
    fn compartments(&self, cell: usize) -> Option<((usize, usize), Numbers, Option<Numbers>)> {
        self.with(|traces| {
            let columns = traces.columns_of(cell)?;
            let report = traces.report();
            let elements = report.element_ids().get(columns.clone())?.to_vec();
            let places = report.element_pos();
            let places = places.and_then(|all| Some(all.get(columns.clone())?.to_vec().into()));
            Some(((columns.start, columns.end), elements.into(), places))
        })
    }

    /// The values of all columns at a frame.
    fn row(&self, py: Python<'_>, frame: f64) -> PyResult<Numbers> {
        let read = py.detach(|| {
            self.with(|traces| {
                let mut out = vec![0.0_f32; traces.report().columns()];
                traces.row(frame, &mut out).map(|()| out)
            })
        });
        Ok(read.map_err(|refused| error(&refused))?.into())
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<TracesOf>()
}
