//! Python bindings of the launcher: a fleet, discovery, and its two programs.

use crate::errors::LaunchError;
use blendtorch_launcher::{
    Fleet, FleetOptions, InstanceState, InstanceStatus, LaunchDescription, discover,
    main_blendtorch, main_launch,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::path::PathBuf;
use std::time::Duration;

/// Waits are interrupted this often to serve signals.
const SLICE: Duration = Duration::from_millis(100);

/// Running Blender instances; they end with this object, and with the process that holds it.
#[pyclass(name = "Fleet", frozen, module = "blendtorch._blendtorch")]
pub(crate) struct PyFleet(Fleet);

#[pymethods]
impl PyFleet {
    /// Starts what `description`, the text of a launch.json, says.
    #[new]
    fn new(py: Python<'_>, description: &str) -> PyResult<Self> {
        let description = LaunchDescription::from_json(description)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        py.detach(|| Fleet::start(&description, FleetOptions::default()))
            .map(Self)
            .map_err(|error| match error {
                // What the caller wrote wrong, and what the machine lacks, are two things.
                blendtorch_launcher::LaunchError::Description(error) => {
                    PyValueError::new_err(error.to_string())
                }
                error => LaunchError::new_err(error.to_string()),
            })
    }

    /// The launch info, as JSON text.
    fn launch_info(&self) -> PyResult<String> {
        self.0
            .launch_info()
            .to_json()
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Lines for the user: other machines can reach the sockets, there is no display for windows.
    fn warnings(&self) -> Vec<String> {
        self.0.warnings().to_vec()
    }

    /// Raises unless every instance runs; says which do not and why.
    fn assert_alive(&self) -> PyResult<()> {
        self.0
            .assert_alive()
            .map_err(|error| LaunchError::new_err(error.to_string()))
    }

    /// One dict an instance: `index`, `pid`, `running`, `exit_code`, `signal`, `failed`, `report`.
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for status in self.0.status() {
            let (exit_code, signal) = match status.state {
                InstanceState::Exited(code) => (Some(code), None),
                InstanceState::Signaled(signal) => (None, Some(signal)),
                _ => (None, None),
            };
            let dict = PyDict::new(py);
            dict.set_item("index", status.index)?;
            dict.set_item("pid", status.pid)?;
            dict.set_item("running", status.is_running())?;
            dict.set_item("exit_code", exit_code)?;
            dict.set_item("signal", signal)?;
            dict.set_item("failed", status.failed())?;
            dict.set_item("report", status.report())?;
            list.append(dict)?;
        }
        Ok(list)
    }

    /// Waits until every instance has ended, and gives their exit codes, -N for signal N as
    /// `subprocess` does; signals to this process are served.
    fn wait(&self, py: Python<'_>) -> PyResult<Vec<i32>> {
        while !py.detach(|| self.0.wait_timeout(SLICE)) {
            py.check_signals()?;
        }
        let code = |status: InstanceStatus| match status.state {
            InstanceState::Signaled(signal) => -signal,
            InstanceState::Exited(code) => code,
            InstanceState::Running => 0,
        };
        Ok(self.0.status().into_iter().map(code).collect())
    }

    /// Ends every instance and its children.
    fn stop(&self, py: Python<'_>) {
        py.detach(|| self.0.stop());
    }
}

/// The Blender that would run: (path, major, minor), or None.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "extracted from Python")]
fn find_blender(py: Python<'_>, path: Option<PathBuf>) -> Option<(PathBuf, u32, u32)> {
    let blender = py.detach(|| discover(path.as_deref())).ok()?;
    let version = blender.version;
    Some((blender.path, version.major, version.minor))
}

/// Runs `blendtorch` (or, if `launch`, `blendtorch-launch`) with a command line; its exit code.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "extracted from Python")]
fn run_program(py: Python<'_>, argv: Vec<String>, launch: bool) -> u8 {
    py.detach(|| match launch {
        true => main_launch(argv),
        false => main_blendtorch(argv),
    })
}

/// Adds this module's names to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyFleet>()?;
    module.add_function(wrap_pyfunction!(find_blender, module)?)?;
    module.add_function(wrap_pyfunction!(run_program, module)?)
}
