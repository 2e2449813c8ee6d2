//! Python bindings of the launcher: a fleet, who asks one, discovery, and its two programs.

mod client;
mod known;

pub(crate) use known::liveness;

use crate::errors::LaunchError;
use crate::timeout::SLICE;
use blendtorch_blender::discover;
use blendtorch_cli::main_blendtorch;
use blendtorch_launcher::{
    Fleet, FleetOptions, InstanceState, InstanceStatus, LaunchDescription, Restart, main_launch,
};
use known::News;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long an instance whose publisher has said that it failed gets to end: its script has raised, and
/// it flushes what others are to get.
const LAST_WORDS: Duration = Duration::from_secs(15);

/// Running Blender instances; they end with this object, and with the process that holds it.
#[pyclass(name = "Fleet", frozen, module = "blendtorch._blendtorch")]
pub(crate) struct PyFleet {
    fleet: Fleet,
    news: Arc<News>,
    /// One whose script has failed is started again: its publisher's word is not its last.
    returns_after_failure: bool,
}

impl PyFleet {
    /// Those whose publisher has said that it failed, where that is how they end.
    fn failed(&self) -> BTreeMap<usize, Option<String>> {
        match self.returns_after_failure {
            true => BTreeMap::new(),
            false => self.news.failed(),
        }
    }

    /// Waits for the end of instances that said that they failed and are among `wanted`, a while.
    fn let_end(&self, py: Python<'_>, wanted: impl Fn(usize) -> bool) -> PyResult<()> {
        let deadline = Instant::now() + LAST_WORDS;
        let failed = self.failed();
        let ends = |status: &InstanceStatus| {
            status.is_running() && failed.contains_key(&status.index) && wanted(status.index)
        };
        while self.fleet.status().iter().any(ends) && Instant::now() < deadline {
            py.check_signals()?;
            py.detach(|| std::thread::sleep(Duration::from_millis(10)));
        }
        Ok(())
    }

    /// What the instances say that failed by themselves and that the user has not been told of; now it
    /// is.
    fn untold(&self) -> Option<String> {
        let statuses = self.fleet.status();
        let untold: Vec<_> = statuses
            .iter()
            .filter(|status| status.failed() && !self.news.is_told(status.index))
            .collect();
        untold
            .iter()
            .for_each(|status| self.news.tell(status.index));
        let reports: Vec<_> = untold.iter().map(|status| status.report()).collect();
        let (some, all) = (untold.len(), statuses.len());
        let instances = if all == 1 { "instance" } else { "instances" };
        let text = format!("{some} of {all} {instances} failed\n{}", reports.join("\n"));
        (some > 0).then_some(text)
    }
}

#[pymethods]
impl PyFleet {
    /// Starts what `description`, the text of a launch.json, says.
    #[new]
    fn new(py: Python<'_>, description: &str) -> PyResult<Self> {
        let description = LaunchDescription::from_json(description)
            .map_err(|error| PyValueError::new_err(error.to_string()))?;
        let started = py.detach(|| Fleet::start(&description, FleetOptions::default()));
        let fleet = started.map_err(|error| match error {
            // What the caller wrote wrong, and what the machine lacks, are two things.
            blendtorch_launcher::LaunchError::Description(error) => {
                PyValueError::new_err(error.to_string())
            }
            error => LaunchError::new_err(error.to_string()),
        })?;
        let news = Arc::default();
        known::enter(&fleet, &news);
        Ok(Self {
            fleet,
            news,
            returns_after_failure: description.restart >= Restart::OnFailure,
        })
    }

    /// The launch info, as JSON text.
    fn launch_info(&self) -> PyResult<String> {
        self.fleet
            .launch_info()
            .to_json()
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    /// Lines for the user: other machines can reach the sockets, there is no display for windows.
    fn warnings(&self) -> Vec<String> {
        self.fleet.warnings().to_vec()
    }

    /// Raises unless every instance runs; says which do not and why. One whose publisher has said that
    /// it failed gets a while to end, and is not alive where it does not.
    fn assert_alive(&self, py: Python<'_>) -> PyResult<()> {
        self.let_end(py, |_| true)?;
        if let Err(error) = py.detach(|| self.fleet.assert_alive()) {
            let statuses = self.fleet.status();
            let ended = statuses.iter().filter(|status| !status.is_alive());
            ended.for_each(|status| self.news.tell(status.index));
            return Err(LaunchError::new_err(error.to_string()));
        }
        let failed = self.failed();
        let Some((index, reason)) = failed.into_iter().next() else {
            return Ok(());
        };
        let why = reason.map_or_else(String::new, |reason| format!(":\n{reason}"));
        Err(LaunchError::new_err(format!(
            "instance {index} runs, and its publisher said that it failed{why}"
        )))
    }

    /// The name by which the control channel knows it, if it does.
    fn name(&self) -> Option<&str> {
        self.fleet.name()
    }

    /// One dict an instance: `index`, `pid`, `running`, `restarting`, `life`, `exit_code`, `signal`,
    /// `failed`, `report`.
    fn status<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let list = PyList::empty(py);
        for status in self.fleet.status() {
            if status.failed() {
                self.news.tell(status.index);
            }
            let (exit_code, signal) = match status.state {
                InstanceState::Exited(code) => (Some(code), None),
                InstanceState::Signaled(signal) => (None, Some(signal)),
                _ => (None, None),
            };
            let dict = PyDict::new(py);
            dict.set_item("index", status.index)?;
            dict.set_item("pid", status.pid)?;
            dict.set_item("running", status.is_running())?;
            dict.set_item("restarting", status.restarting)?;
            dict.set_item("life", status.life)?;
            dict.set_item("exit_code", exit_code)?;
            dict.set_item("signal", signal)?;
            dict.set_item("failed", status.failed())?;
            dict.set_item("report", status.report())?;
            list.append(dict)?;
        }
        Ok(list)
    }

    /// An end of this instance is its last from now on.
    fn release(&self, index: usize) {
        self.fleet.release(index);
    }

    /// Waits until every instance has ended, and gives their exit codes, -N for signal N as
    /// `subprocess` does; signals to this process are served.
    fn wait(&self, py: Python<'_>) -> PyResult<Vec<i32>> {
        while !py.detach(|| self.fleet.wait_timeout(SLICE)) {
            py.check_signals()?;
        }
        let code = |status: InstanceStatus| match status.state {
            InstanceState::Signaled(signal) => -signal,
            InstanceState::Exited(code) => code,
            InstanceState::Running | InstanceState::Waiting => 0,
        };
        let statuses = self.fleet.status();
        statuses
            .iter()
            .for_each(|status| self.news.tell(status.index));
        Ok(statuses.into_iter().map(code).collect())
    }

    /// Ends every instance and its children. What those say that had failed by themselves before, and
    /// that nobody was told of: None where there are none. With `patient`, those that said that they
    /// failed may end by themselves.
    fn stop(&self, py: Python<'_>, patient: bool) -> PyResult<Option<String>> {
        let waited = match patient {
            true => self.let_end(py, |index| !self.news.is_told(index)),
            false => Ok(()),
        };
        py.detach(|| {
            self.fleet.stop();
            self.fleet.retire();
        });
        known::forget(&self.news);
        waited.map(|()| self.untold())
    }
}

impl Drop for PyFleet {
    fn drop(&mut self) {
        known::forget(&self.news);
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
    known::register(module)?;
    client::register(module)?;
    module.add_class::<PyFleet>()?;
    module.add_function(wrap_pyfunction!(find_blender, module)?)?;
    module.add_function(wrap_pyfunction!(run_program, module)?)
}
