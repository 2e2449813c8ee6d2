//! `ActivityOf`: any kind of activity.

use std::sync::{Arc, Mutex};

use blendtorch_circuit::activity::{
    Activity, Decay, Flash, Indicator, IndicatorStyle, Pulsar, PulsarStyle, level,
};
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

use super::super::numbers::Numbers;
use super::filled::{Filled, fill_array, fill_now, still, with};
use super::spikes::SpikesInTime;
use super::{Line, error, timeline};

/// A value for each cell, at any frame.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
pub(super) struct ActivityOf {
    state: Mutex<Filled>,
    kind: &'static str,
    cells: usize,
    /// For what only a pulsar has.
    pulsar: Option<Pulsar>,
}

impl ActivityOf {
    pub(super) fn new(activity: impl Activity + 'static) -> Self {
        Self {
            kind: activity.kind(),
            cells: activity.cells(),
            state: Filled::new(Box::new(activity)),
            pulsar: None,
        }
    }

    fn of_pulsar(pulsar: Pulsar) -> Self {
        let mut activity = Self::new(pulsar.clone());
        activity.pulsar = Some(pulsar);
        activity
    }

    fn pulsar(&self) -> PyResult<&Pulsar> {
        let none = || PyTypeError::new_err(format!("a {} is no pulsar", self.kind));
        self.pulsar.as_ref().ok_or_else(none)
    }
}

#[pymethods]
impl ActivityOf {
    #[staticmethod]
    #[allow(
        clippy::too_many_arguments,
        reason = "they are the arguments of Python's"
    )]
    fn pulsar_of(
        py: Python<'_>,
        spikes: &SpikesInTime,
        line: Line,
        spike_duration: f64,
        afterburn: f64,
        floor: f64,
        last: Option<f64>,
    ) -> PyResult<Self> {
        let line = timeline(line)?;
        let style = PulsarStyle {
            spike_duration_ms: spike_duration,
            afterburn_ms: afterburn,
            floor,
            last,
        };
        let spikes = Arc::clone(&spikes.0);
        let pulsar = py.detach(|| Pulsar::new(spikes, line, style));
        Ok(Self::of_pulsar(pulsar.map_err(|refused| error(&refused))?))
    }

    /// The same pulsar with its fade-out reckoned from `last`.
    fn ending(&self, last: f64) -> PyResult<Self> {
        let other = self.pulsar()?.ending(last);
        Ok(Self::of_pulsar(other.map_err(|refused| error(&refused))?))
    }

    #[staticmethod]
    fn flash_of(spikes: &SpikesInTime, line: Line, duration: Option<f64>) -> PyResult<Self> {
        let flash = Flash::new(Arc::clone(&spikes.0), timeline(line)?, duration);
        Ok(Self::new(flash.map_err(|refused| error(&refused))?))
    }

    #[staticmethod]
    fn decay_of(py: Python<'_>, spikes: &SpikesInTime, line: Line, tau: f64) -> PyResult<Self> {
        let (line, spikes) = (timeline(line)?, Arc::clone(&spikes.0));
        let decay = py.detach(|| Decay::new(spikes, line, tau));
        Ok(Self::new(decay.map_err(|refused| error(&refused))?))
    }

    /// Of an indicator: the time constants of rise and decay, amplitude, Hill's exponent, saturation,
    /// baseline, and the noise's deviation.
    #[staticmethod]
    fn indicator_of(
        py: Python<'_>,
        spikes: &SpikesInTime,
        line: Line,
        numbers: [f64; 7],
        seed: u64,
    ) -> PyResult<Self> {
        let (line, spikes) = (timeline(line)?, Arc::clone(&spikes.0));
        let [
            rise_ms,
            decay_ms,
            amplitude,
            hill,
            saturation,
            baseline,
            noise,
        ] = numbers;
        let style = IndicatorStyle {
            rise_ms,
            decay_ms,
            amplitude,
            hill,
            saturation,
            baseline,
            noise,
            seed,
        };
        let indicator = py.detach(|| Indicator::new(spikes, line, style));
        Ok(Self::new(indicator.map_err(|refused| error(&refused))?))
    }

    /// The numbers of GCaMP6f, as [`indicator_of`](Self::indicator_of) takes them.
    #[staticmethod]
    fn gcamp6f() -> [f64; 7] {
        let style = IndicatorStyle::GCAMP6F;
        [
            style.rise_ms,
            style.decay_ms,
            style.amplitude,
            style.hill,
            style.saturation,
            style.baseline,
            style.noise,
        ]
    }

    fn kind(&self) -> &'static str {
        self.kind
    }

    /// Whether the last `fill` left its array as it was.
    fn still(&self, py: Python<'_>) -> bool {
        py.detach(|| still(&self.state))
    }

    fn cells(&self) -> usize {
        self.cells
    }

    /// Whether filling reads a file.
    fn reads(&self, py: Python<'_>) -> bool {
        py.detach(|| with(&self.state, |activity| activity.reads()))
    }

    fn range(&self, py: Python<'_>) -> (f32, f32) {
        py.detach(|| with(&self.state, |activity| activity.range()))
    }

    fn rest(&self, py: Python<'_>, frame: f64) -> f32 {
        py.detach(|| with(&self.state, |activity| activity.rest(frame)))
    }

    /// Fills an array; `again`: it may be as this left it.
    fn fill(&self, py: Python<'_>, frame: f64, out: PyBuffer<f32>, again: bool) -> PyResult<usize> {
        fill_array(py, &self.state, frame, out, again)
    }

    /// Fills an array of somebody else's memory at once, whatever it holds; `None` where that cannot be.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands arguments over by value"
    )]
    fn fill_now(&self, frame: f64, out: PyBuffer<f32>) -> PyResult<Option<usize>> {
        fill_now(&self.state, frame, &out)
    }

    /// The value of all cells at a frame, where all of them are at rest.
    fn level(&self, py: Python<'_>, frame: f64) -> PyResult<Option<f32>> {
        let found = py.detach(|| with(&self.state, |activity| level(activity, frame)));
        found.map_err(|refused| error(&refused))
    }

    /// The keys of a cell: frames and values.
    fn keys(&self, py: Python<'_>, cell: usize) -> PyResult<(Numbers, Numbers)> {
        let pulsar = self.pulsar()?;
        let keys = py.detach(|| pulsar.keys(cell));
        let (frames, values) = keys.map_err(|refused| error(&refused))?;
        Ok((frames.into(), values.into()))
    }

    /// The end of the last spike, the common end, and the end of the fade-out; in frames.
    fn ends(&self) -> PyResult<(f64, f64, f64)> {
        let pulsar = self.pulsar()?;
        Ok((pulsar.last_change(), pulsar.last(), pulsar.frame_end()))
    }
}

pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<ActivityOf>()
}
