//! Bindings of `blendtorch_circuit::cells`: networks as cells with a place, and their spikes.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use std::path::PathBuf;
use std::sync::Arc;

use blendtorch_circuit::cells::{CellNetwork, CellPopulation, Results};
use blendtorch_circuit::{Problems, Severity};
use pyo3::exceptions::{PyKeyError, PyValueError};
use pyo3::prelude::*;

use super::error;
use super::morphologies::Shape;
use super::numbers::Numbers;

/// What is to be said, in words.
fn words(problems: &Problems) -> Vec<String> {
    problems
        .of(Severity::Warning)
        .map(|one| one.to_string().trim_start_matches("warning: ").to_owned())
        .collect()
}

fn table(rows: Vec<[f32; 3]>) -> Numbers {
    Numbers::from(rows.into_flattened()).rows_of(3)
}

/// A network whose cells were read.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
struct CellFiles {
    network: Arc<CellNetwork>,
}

#[pymethods]
impl CellFiles {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let network = py.detach(|| CellNetwork::open(&path));
        let network = network.map_err(|refused| error(&refused))?;
        Ok(Self {
            network: Arc::new(network),
        })
    }

    #[getter]
    fn path(&self) -> PathBuf {
        self.network.path().to_owned()
    }

    #[getter]
    fn format(&self) -> &'static str {
        self.network.format().name()
    }

    #[getter]
    fn version(&self) -> &str {
        self.network.version()
    }

    #[getter]
    fn warnings(&self) -> Vec<String> {
        words(self.network.problems())
    }

    /// What it is known by: keys and values.
    fn identity(&self) -> Vec<(&str, &str)> {
        self.network.identity().collect()
    }

    fn morphology_names(&self) -> PyResult<Vec<String>> {
        let names = self.network.morphology_names();
        names.map_err(|refused| error(&refused))
    }

    fn morphology(&self, py: Python<'_>, name: &str) -> PyResult<Shape> {
        let read = py.detach(|| self.network.morphology(name));
        let morphology = read.map_err(|refused| error(&refused))?;
        Ok(Shape { morphology })
    }

    fn connection_names(&self) -> PyResult<Vec<String>> {
        let names = self.network.connection_names();
        names.map_err(|refused| error(&refused))
    }

    /// The populations, the pairs of indices, and how many were left out.
    fn connections(
        &self,
        py: Python<'_>,
        name: &str,
        pre: Option<&str>,
        post: Option<&str>,
    ) -> PyResult<(String, String, Numbers, u64)> {
        let read = py.detach(|| self.network.connections(name, pre, post));
        let found = read.map_err(|refused| error(&refused))?;
        let pairs = Numbers::from(found.pairs.into_flattened()).rows_of(2);
        Ok((found.pre, found.post, pairs, found.left_out))
    }

    /// The populations, in the order of the file.
    fn populations(&self) -> Vec<CellsOf> {
        let places = 0..self.network.populations().len();
        places
            .map(|at| CellsOf {
                network: self.network.clone(),
                at,
            })
            .collect()
    }
}

/// A population of cells.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
struct CellsOf {
    network: Arc<CellNetwork>,
    at: usize,
}

impl CellsOf {
    fn cells(&self) -> PyResult<&CellPopulation> {
        let found = self.network.populations().get(self.at);
        found.ok_or_else(|| PyValueError::new_err("no such population"))
    }
}

#[pymethods]
impl CellsOf {
    fn name(&self) -> PyResult<&str> {
        Ok(&self.cells()?.name)
    }

    fn display_name(&self) -> PyResult<&str> {
        Ok(&self.cells()?.display_name)
    }

    fn entity(&self) -> PyResult<bool> {
        Ok(self.cells()?.entity)
    }

    fn up(&self) -> PyResult<&'static str> {
        Ok(self.cells()?.up.name())
    }

    fn __len__(&self) -> PyResult<usize> {
        usize::try_from(self.cells()?.len()).map_err(|_| PyValueError::new_err("too many cells"))
    }

    fn ids(&self) -> PyResult<Numbers> {
        Ok(self.cells()?.ids.iter().collect::<Vec<i64>>().into())
    }

    fn positions(&self) -> PyResult<Numbers> {
        Ok(table(self.cells()?.positions.clone()))
    }

    /// Where Blender has the cells.
    fn locations(&self) -> PyResult<Numbers> {
        let cells = self.cells()?;
        let rows = cells.positions.iter().map(|one| cells.up.location(*one));
        Ok(table(rows.collect()))
    }

    fn rotations(&self) -> PyResult<Option<Numbers>> {
        Ok(self.cells()?.rotations.clone().map(table))
    }

    fn radius(&self) -> PyResult<f32> {
        Ok(self.cells()?.radius)
    }

    fn radius_known(&self) -> PyResult<bool> {
        Ok(self.cells()?.radius_known)
    }

    fn radii(&self) -> PyResult<Option<Numbers>> {
        Ok(self.cells()?.radii.clone().map(Numbers::from))
    }

    fn color(&self) -> PyResult<Option<(f32, f32, f32, f32)>> {
        Ok(self.cells()?.color.map(Into::into))
    }

    fn morphologies(&self) -> PyResult<Vec<String>> {
        Ok(self.cells()?.morphologies.clone())
    }

    fn morphology_of(&self) -> PyResult<Option<Numbers>> {
        Ok(self.cells()?.morphology_of.clone().map(Numbers::from))
    }
}

/// The spikes of a network's cells.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
struct CellResults {
    results: Results,
}

#[pymethods]
impl CellResults {
    #[new]
    #[pyo3(signature = (path, network, group=None))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        network: PyRef<'_, CellFiles>,
        group: Option<String>,
    ) -> PyResult<Self> {
        let network = network.network.clone();
        let results = py.detach(|| Results::open(&path, &network, group.as_deref()));
        let results = results.map_err(|refused| error(&refused))?;
        Ok(Self { results })
    }

    #[getter]
    fn path(&self) -> PathBuf {
        self.results.path().to_owned()
    }

    #[getter]
    fn warnings(&self) -> Vec<String> {
        words(self.results.problems())
    }

    #[getter]
    fn duration_ms(&self) -> Option<f64> {
        self.results.duration_ms()
    }

    /// Name and number of spikes of each population.
    fn populations(&self) -> Vec<(&str, usize)> {
        let all = self.results.populations().iter();
        all.map(|(name, one)| (name.as_str(), one.index.len()))
            .collect()
    }

    /// The indices of the cells that were not recorded, where that is known.
    fn missing(&self, name: &str) -> Option<Numbers> {
        let one = self.results.populations().get(name)?;
        one.missing.clone().map(Numbers::from)
    }

    /// The cells' indices and the times in ms.
    fn spikes(&self, name: &str) -> PyResult<(Numbers, Numbers)> {
        let found = self.results.populations().get(name);
        let one = found.ok_or_else(|| PyKeyError::new_err(name.to_owned()))?;
        Ok((one.index.clone().into(), one.times_ms.clone().into()))
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<CellFiles>()?;
    module.add_class::<CellsOf>()?;
    module.add_class::<CellResults>()
}
