//! Python bindings of `btb::exr`.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

use std::path::PathBuf;

use btb::exr::ExrError;
use pyo3::buffer::PyBuffer;
use pyo3::exceptions::{PyKeyError, PyOSError, PyValueError};
use pyo3::prelude::*;

/// A decoded OpenEXR file.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
struct Exr(btb::exr::Exr);

fn raised(error: ExrError) -> PyErr {
    let said = error.to_string();
    match error {
        ExrError::Open { .. } | ExrError::Read { .. } => PyOSError::new_err(said),
        ExrError::Channel { .. } => PyKeyError::new_err(said),
        ExrError::Size { .. } => PyValueError::new_err(said),
    }
}

#[pymethods]
impl Exr {
    /// Decodes the file wholly; other threads run meanwhile.
    #[new]
    fn open(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| btb::exr::Exr::open(&path))
            .map(Self)
            .map_err(raised)
    }

    /// The full names of the channels.
    #[getter]
    fn channels(&self) -> Vec<String> {
        self.0.names().map(str::to_owned).collect()
    }

    /// (height, width) of a channel.
    fn shape(&self, channel: &str) -> PyResult<(usize, usize)> {
        let [height, width] = self.0.shape(channel).map_err(raised)?;
        Ok((height, width))
    }

    /// Writes these channels into `destination`, H × W × channels of float32, row 0 at the top.
    fn read(
        &self,
        py: Python<'_>,
        channels: Vec<String>,
        destination: PyBuffer<f32>,
    ) -> PyResult<()> {
        let mut pixels = vec![0.0; destination.item_count()];
        let names: Vec<&str> = channels.iter().map(String::as_str).collect();
        py.detach(|| self.0.interleave(&names, &mut pixels))
            .map_err(raised)?;
        destination.copy_from_slice(py, &pixels)
    }
}

/// Adds this module's class to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Exr>()
}
