//! `SpikesInTime`: the spikes of a population in order.

use std::sync::Arc;

use blendtorch_circuit::activity::SpikeIndex;
use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;

use super::super::arrays::slice;
use super::super::numbers::Numbers;
use super::error;

/// Spikes, sorted and counted.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
pub(super) struct SpikesInTime(pub(super) Arc<SpikeIndex>);

#[pymethods]
impl SpikesInTime {
    #[new]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands arguments over by value"
    )]
    fn new(
        py: Python<'_>,
        cells: usize,
        index: PyBuffer<u32>,
        times: PyBuffer<f64>,
    ) -> PyResult<Self> {
        let (index, times) = (slice(&index)?, slice(&times)?);
        let made = py.detach(|| SpikeIndex::new(cells, index, times));
        Ok(Self(Arc::new(made.map_err(|refused| error(&refused))?)))
    }

    fn cells(&self) -> usize {
        self.0.cells()
    }

    fn spikes(&self) -> usize {
        self.0.len()
    }

    /// Outside, negative, not a number; unsorted.
    fn counts(&self) -> (usize, usize, usize, usize) {
        let counts = self.0.counts();
        (counts.outside, counts.negative, counts.nan, counts.unsorted)
    }

    fn last_ms(&self) -> Option<f64> {
        self.0.last_ms()
    }

    /// The cells that spiked from `start` to before `end` in ms, and when.
    fn window(&self, start: f64, end: f64) -> (Numbers, Numbers) {
        let range = self.0.window(start, end);
        let cells = self.0.of().get(range.clone()).unwrap_or_default();
        let times = self.0.times().get(range).unwrap_or_default();
        (cells.to_vec().into(), times.to_vec().into())
    }

    fn times_of(&self, py: Python<'_>, cell: usize) -> PyResult<Numbers> {
        let times = py.detach(|| self.0.times_of(cell));
        Ok(times.map_err(|refused| error(&refused))?.into())
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<SpikesInTime>()
}
