//! Python binding of who asks a fleet, of this process or another one.
//!
//! Values cross as JSON text. It must never hold what `btt` could.

use crate::aside::aside;
use crate::timeout::Timeout;
use btt::control::{ControlError, FleetClient, Instances, RefusalKind, Seeker};
use pyo3::exceptions::{
    PyConnectionError, PyKeyError, PyRuntimeError, PyTimeoutError, PyValueError,
};
use pyo3::prelude::*;
use std::path::PathBuf;

/// A fleet that runs on this host, by its name or its launch info.
#[pyclass(name = "FleetClient", frozen, module = "blendtorch._blendtorch")]
pub(crate) struct PyFleetClient {
    client: FleetClient,
}

impl PyFleetClient {
    /// Asks in a thread of its own, over a line of its own.
    fn ask<T: Send + 'static>(
        &self,
        py: Python<'_>,
        act: impl FnOnce(&mut FleetClient) -> Result<T, ControlError> + Send + 'static,
    ) -> PyResult<T> {
        let mut client = self.client.another();
        aside(py, move || act(&mut client))?.map_err(|error| refused(&error))
    }
}

#[pymethods]
impl PyFleetClient {
    /// By its name, by its launch info, or the only one there is.
    #[new]
    #[pyo3(signature = (name=None, launch_info=None))]
    fn new(name: Option<&str>, launch_info: Option<PathBuf>) -> PyResult<Self> {
        let found = match (name, launch_info) {
            (Some(name), _) => FleetClient::named(name),
            (None, Some(path)) => FleetClient::of_launch_info(&path),
            (None, None) => FleetClient::only(),
        };
        let client = found.map_err(|error| refused(&error))?;
        Ok(Self { client })
    }

    /// How all are, as JSON.
    fn status(&self, py: Python<'_>, counters: bool) -> PyResult<String> {
        let report = self.ask(py, move |client| client.status(counters))?;
        serde_json::to_string(&report).map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Gives parameters values, a JSON object.
    fn set(&self, py: Python<'_>, values: &str, instances: Option<Vec<usize>>) -> PyResult<()> {
        let values = serde_json::from_str(values);
        let values = values.map_err(|error| PyValueError::new_err(error.to_string()))?;
        self.ask(py, move |client| client.set(values, meant(instances)))
    }

    /// Has instances end in order after their episode.
    fn stop(&self, py: Python<'_>, why: String, instances: Option<Vec<usize>>) -> PyResult<()> {
        self.ask(py, move |client| client.stop(&why, meant(instances)))
    }

    /// Calls a function of a service in one instance with JSON; what it returns, as JSON.
    fn call(
        &self,
        py: Python<'_>,
        instance: usize,
        service: String,
        name: String,
        arguments: &str,
        timeout_ms: Timeout,
    ) -> PyResult<String> {
        let arguments = serde_json::from_str(arguments);
        let arguments = arguments.map_err(|error| PyValueError::new_err(error.to_string()))?;
        let act = move |client: &mut FleetClient| {
            client.call(instance, &service, &name, arguments, timeout_ms.0)
        };
        Ok(self.ask(py, act)?.to_string())
    }
}

fn meant(instances: Option<Vec<usize>>) -> Instances {
    instances.map_or(Instances::All, Instances::These)
}

/// An error as Python's: the kind tells what to do about it.
fn refused(error: &ControlError) -> PyErr {
    let text = error.to_string();
    match error {
        ControlError::Refused(refusal) => match refusal.kind {
            RefusalKind::Unknown => PyKeyError::new_err(text),
            RefusalKind::Value => PyValueError::new_err(text),
            RefusalKind::Late => PyTimeoutError::new_err(text),
            RefusalKind::Gone => PyConnectionError::new_err(text),
            _ => PyRuntimeError::new_err(text),
        },
        _ => PyConnectionError::new_err(text),
    }
}

/// What the launchers on this host say of the instances at these addresses, as JSON: null where none
/// knows of one.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "extracted from Python")]
fn instances_at(py: Python<'_>, addresses: Vec<String>) -> PyResult<String> {
    let told = py.detach(|| {
        let mut seeker = Seeker::default();
        let found = |address: &String| {
            let found = seeker.find(address, true)?;
            let phrase = found.instance.phrase();
            let mut told = serde_json::to_value(found.instance).ok()?;
            told["is"] = phrase.into();
            Some(told)
        };
        addresses.iter().map(found).collect::<Vec<_>>()
    });
    serde_json::to_string(&told).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Adds this module's names to `_blendtorch`.
pub(super) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(instances_at, module)?)?;
    module.add_class::<PyFleetClient>()
}
