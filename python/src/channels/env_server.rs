//! Python binding of `EnvServer`.

use crate::errors;
use crate::instance::while_waiting;
use crate::timeout::SLICE;
use crate::values::{Heap, fields_from_python, owned_value_to_python};
use blendtorch_channels::{Command, EnvServer, Failure};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyTuple};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// The environment's end: takes commands, answers each.
#[pyclass(name = "EnvServer", frozen, module = "blendtorch._blendtorch")]
pub(super) struct PyEnvServer {
    address: String,
    server: Mutex<Option<EnvServer>>,
    process: u32,
}

type Turn<'a> = MutexGuard<'a, Option<EnvServer>>;

impl PyEnvServer {
    fn turn(&self, py: Python<'_>) -> PyResult<Turn<'_>> {
        errors::refuse_child(self.process)?;
        let turn = self.server.lock_py_attached(py);
        Ok(turn.unwrap_or_else(PoisonError::into_inner))
    }
}

fn get<'a>(turn: &'a mut Turn<'_>) -> PyResult<&'a mut EnvServer> {
    turn.as_mut()
        .ok_or_else(|| PyOSError::new_err("the environment's channel is closed"))
}

#[pymethods]
impl PyEnvServer {
    #[new]
    #[pyo3(signature = (address, *, btid))]
    fn new(py: Python<'_>, address: &str, btid: Option<i64>) -> PyResult<Self> {
        let server = py
            .detach(|| EnvServer::bind(address, btid))
            .map_err(|error| errors::channel(&error))?;
        Ok(Self {
            address: server.address(),
            server: Mutex::new(Some(server)),
            process: std::process::id(),
        })
    }

    /// The bound address, with the port that the system chose for port 0.
    #[getter]
    fn address(&self) -> &str {
        &self.address
    }

    /// The next command: `("step", action, None)`, `("reset", seed, options)`,
    /// `("describe", None, None)`, `("render", None, None)`; or None when none came in time. `timeout` is in seconds; None
    /// waits for ever.
    fn recv<'py>(
        &self,
        py: Python<'py>,
        timeout: Option<f64>,
    ) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let deadline = match timeout {
            Some(seconds) => Duration::try_from_secs_f64(seconds.max(0.0))
                .ok()
                .and_then(|timeout| Instant::now().checked_add(timeout)),
            None => None,
        };
        loop {
            let left = deadline.map_or(SLICE, |at| at.saturating_duration_since(Instant::now()));
            let mut turn = self.turn(py)?;
            let server = get(&mut turn)?;
            let request = py
                .detach(|| server.recv(left.min(SLICE)))
                .map_err(|error| errors::channel(&error))?;
            drop(turn);
            if let Some(request) = request {
                return command_to_python(py, request.command).map(Some);
            }
            while_waiting(py)?;
            if deadline.is_some_and(|at| Instant::now() >= at) {
                return Ok(None);
            }
        }
    }

    /// Answers the last command. False if who gave it has left.
    fn answer(&self, py: Python<'_>, fields: &Bound<'_, PyDict>) -> PyResult<bool> {
        let mut turn = self.turn(py)?;
        let server = get(&mut turn)?;
        let fields = fields_from_python(&Heap, fields)?;
        py.detach(|| server.answer(fields))
            .map_err(|error| errors::channel(&error))
    }

    /// Answers the last command with what went wrong. False if who gave it has left.
    fn fail(
        &self,
        py: Python<'_>,
        kind: String,
        message: String,
        traceback: String,
        goes_on: bool,
    ) -> PyResult<bool> {
        let mut turn = self.turn(py)?;
        let server = get(&mut turn)?;
        let failure = Failure {
            kind,
            message,
            traceback,
            goes_on,
        };
        py.detach(|| server.fail(failure))
            .map_err(|error| errors::channel(&error))
    }

    /// Closes, after the last answer has gone out.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if errors::refuse_child(self.process).is_err() {
            return Ok(()); // it is the parent's to close
        }
        let server = self.turn(py)?.take();
        py.detach(|| drop(server));
        Ok(())
    }
}

fn command_to_python(py: Python<'_>, command: Command) -> PyResult<Bound<'_, PyTuple>> {
    let name = command.name();
    match command {
        Command::Step(action) => {
            (name, owned_value_to_python(py, action)?, py.None()).into_pyobject(py)
        }
        Command::Reset(reset) => {
            let options = match reset.options {
                Some(options) => owned_value_to_python(py, options)?,
                None => py.None().into_bound(py),
            };
            (name, reset.seed, options).into_pyobject(py)
        }
        Command::Describe | Command::Render => (name, py.None(), py.None()).into_pyobject(py),
    }
}
