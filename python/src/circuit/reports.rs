//! Bindings of `blendtorch_circuit::reports`: tables over time, read a window at a time.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use std::path::PathBuf;
use std::sync::Arc;

use blendtorch_circuit::reports::{ElectrodesFile, ReportFile, ReportPopulation, ReportTime};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;

use super::error;
use super::numbers::Numbers;

fn times(time: ReportTime, rows: u64) -> Numbers {
    (0..rows)
        .map(|row| time.at(row))
        .collect::<Vec<f64>>()
        .into()
}

/// A population in a report.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
struct ReportOf {
    file: Arc<ReportFile>,
    at: usize,
}

/// The populations of a report.
#[pyfunction]
fn open_report(py: Python<'_>, path: PathBuf) -> PyResult<Vec<ReportOf>> {
    let file = py.detach(|| ReportFile::open(&path));
    let file = Arc::new(file.map_err(|refused| error(&refused))?);
    let places = 0..file.populations().len();
    Ok(places
        .map(|at| ReportOf {
            file: file.clone(),
            at,
        })
        .collect())
}

impl ReportOf {
    fn population(&self) -> PyResult<&ReportPopulation> {
        let found = self.file.populations().get(self.at);
        found.ok_or_else(|| PyValueError::new_err("no such population"))
    }
}

#[pymethods]
impl ReportOf {
    fn name(&self) -> PyResult<&str> {
        Ok(self.population()?.name())
    }

    fn units(&self) -> PyResult<Option<&str>> {
        Ok(self.population()?.units())
    }

    fn variable(&self) -> PyResult<Option<&str>> {
        Ok(self.population()?.variable())
    }

    /// Rows and columns.
    fn shape(&self) -> PyResult<(u64, usize)> {
        let population = self.population()?;
        Ok((population.rows(), population.columns()))
    }

    fn times(&self) -> PyResult<Numbers> {
        let population = self.population()?;
        Ok(times(population.time(), population.rows()))
    }

    fn node_ids(&self) -> PyResult<Numbers> {
        Ok(self.population()?.node_ids().to_vec().into())
    }

    fn element_ids(&self) -> PyResult<Numbers> {
        Ok(self.population()?.element_ids().to_vec().into())
    }

    fn element_pos(&self) -> PyResult<Option<Numbers>> {
        Ok(self
            .population()?
            .element_pos()
            .map(|places| places.to_vec().into()))
    }

    fn index_pointers(&self) -> PyResult<Numbers> {
        Ok(self.population()?.index_pointers().to_vec().into())
    }

    /// The rows from `start` to before `end` in ms.
    fn window(&self, start: f64, end: f64) -> PyResult<(u64, u64)> {
        let population = self.population()?;
        let rows = population.time().window(start, end, population.rows());
        Ok((rows.start, rows.end))
    }

    /// Rows, of all columns or of those of one node.
    #[pyo3(signature = (first, last, node_id=None))]
    fn read(
        &self,
        py: Python<'_>,
        first: u64,
        last: u64,
        node_id: Option<u64>,
    ) -> PyResult<Numbers> {
        let population = self.population()?;
        let Some(node) = node_id else {
            let values = py.detach(|| population.read_rows(first..last));
            let values = values.map_err(|refused| error(&refused))?;
            return Ok(Numbers::from(values).rows_of(population.columns()));
        };
        let columns = population.columns_of(node).ok_or_else(|| {
            PyKeyError::new_err(format!(
                "the report has no node {node} of \"{}\"",
                population.name()
            ))
        })?;
        let width = columns.len();
        let values = py.detach(|| population.read(first..last, columns));
        Ok(Numbers::from(values.map_err(|refused| error(&refused))?).rows_of(width))
    }
}

/// Potentials at electrodes.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
struct ElectrodesOf(ElectrodesFile);

#[pymethods]
impl ElectrodesOf {
    #[new]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let file = py.detach(|| ElectrodesFile::open(&path));
        Ok(Self(file.map_err(|refused| error(&refused))?))
    }

    fn units(&self) -> Option<&str> {
        self.0.units()
    }

    fn channel_ids(&self) -> Numbers {
        self.0.channel_ids().to_vec().into()
    }

    fn times(&self) -> Numbers {
        times(self.0.time(), self.0.rows())
    }

    /// The rows from `start` to before `end` in ms.
    fn window(&self, start: f64, end: f64) -> (u64, u64) {
        let rows = self.0.time().window(start, end, self.0.rows());
        (rows.start, rows.end)
    }

    fn read(&self, py: Python<'_>, first: u64, last: u64) -> PyResult<Numbers> {
        let values = py.detach(|| self.0.read_rows(first..last));
        let values = values.map_err(|refused| error(&refused))?;
        Ok(Numbers::from(values).rows_of(self.0.channel_ids().len()))
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(open_report, module)?)?;
    module.add_class::<ReportOf>()?;
    module.add_class::<ElectrodesOf>()
}
