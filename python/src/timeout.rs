//! Times in milliseconds as scripts write them: whole or not, None or -1 for ever.

use pyo3::exceptions::{PyOverflowError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use std::time::Duration;

/// How long one wait lasts before Python may serve signals, and other threads.
pub(crate) const SLICE: Duration = Duration::from_millis(100);

/// How long to wait; [`Duration::MAX`] is for ever.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timeout(pub(crate) Duration);

impl Timeout {
    fn of(ms: f64) -> Result<Self, &'static str> {
        if ms.is_nan() {
            return Err("it is not a number");
        }
        if ms < 0.0 && (ms + 1.0).abs() > f64::EPSILON {
            return Err("it is negative");
        }
        // Infinite, -1, or longer than can be counted.
        let time = Duration::try_from_secs_f64(ms / 1000.0);
        Ok(Self(time.unwrap_or(Duration::MAX)))
    }

    /// `None` for ever.
    pub(crate) fn limited(self) -> Option<Duration> {
        (self.0 < Duration::MAX).then_some(self.0)
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for Timeout {
    type Error = PyErr;

    fn extract(given: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if given.is_none() {
            return Ok(Self(Duration::MAX));
        }
        let ms = match given.extract::<f64>() {
            Ok(ms) => ms,
            Err(error) if error.is_instance_of::<PyOverflowError>(given.py()) => {
                if given.lt(0)? {
                    f64::NEG_INFINITY
                } else {
                    f64::INFINITY
                }
            }
            Err(_) => {
                let kind = given.get_type().name()?;
                return Err(PyTypeError::new_err(format!(
                    "timeoutms must be a number of milliseconds, or None or -1 to wait for ever, \
                     not {kind}"
                )));
            }
        };
        Self::of(ms).map_err(|why| {
            PyValueError::new_err(format!(
                "timeoutms is {ms}: {why}; give milliseconds from 0 on, or None or -1 to wait for \
                 ever"
            ))
        })
    }
}

/// Seconds of a `timeoutms`, None for ever; a ValueError or TypeError where it is no time.
#[pyfunction]
fn timeout_seconds(timeoutms: Timeout) -> Option<f64> {
    timeoutms.limited().map(|time| time.as_secs_f64())
}

/// Adds this module's function to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(timeout_seconds, module)?)
}
