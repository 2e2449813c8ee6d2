//! Bindings of `blendtorch_circuit::Morphology`.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use std::path::PathBuf;

use blendtorch_circuit::Morphology;
use pyo3::prelude::*;

use super::error;
use super::numbers::Numbers;

/// The shape of a cell.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
pub(super) struct Shape {
    pub(super) morphology: Morphology,
}

#[pymethods]
impl Shape {
    #[staticmethod]
    fn from_swc(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let read = py.detach(|| Morphology::from_swc(&path));
        let morphology = read.map_err(|refused| error(&refused))?;
        Ok(Self { morphology })
    }

    #[getter]
    fn name(&self) -> &str {
        &self.morphology.name
    }

    fn points(&self) -> Numbers {
        Numbers::from(self.morphology.points.clone().into_flattened()).rows_of(3)
    }

    fn radii(&self) -> Numbers {
        self.morphology.radii.clone().into()
    }

    fn parents(&self) -> Numbers {
        self.morphology.parents.clone().into()
    }

    /// Start, stop and parent (−1 for roots) of each branch.
    fn branches(&self) -> Vec<(u32, u32, i64)> {
        let parent = |parent: Option<u32>| parent.map_or(-1, i64::from);
        let all = self.morphology.branches.iter();
        all.map(|one| (one.start, one.stop, parent(one.parent)))
            .collect()
    }

    fn labels(&self) -> Vec<&str> {
        self.morphology.labels.names()
    }

    /// 1 for each point that has the label, else 0.
    fn labelled(&self, label: &str) -> Numbers {
        let mask = self.morphology.labels.mask(label);
        mask.into_iter().map(u32::from).collect::<Vec<u32>>().into()
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Shape>()
}
