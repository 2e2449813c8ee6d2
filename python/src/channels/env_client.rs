//! Python binding of `RemoteEnv`.

use crate::errors;
use crate::timeout::{SLICE, Timeout};
use crate::values::{Heap, fields_to_python, value_from_python};
use blendtorch_channels::{Command, EnvOptions, RemoteEnv, Reset};
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The trainer's end: gives commands, waits for the answers.
#[pyclass(name = "EnvClient", frozen, module = "blendtorch._blendtorch")]
pub(super) struct PyEnvClient {
    env: Mutex<Option<RemoteEnv>>,
    process: u32,
}

type Turn<'a> = MutexGuard<'a, Option<RemoteEnv>>;

impl PyEnvClient {
    fn turn(&self, py: Python<'_>) -> PyResult<Turn<'_>> {
        errors::refuse_child(self.process)?;
        let turn = self.env.lock_py_attached(py);
        Ok(turn.unwrap_or_else(PoisonError::into_inner))
    }

    fn begin(&self, py: Python<'_>, command: Command) -> PyResult<()> {
        let mut turn = self.turn(py)?;
        let env = get(&mut turn)?;
        py.detach(|| env.begin(command))
            .map_err(|error| errors::channel(&error))
    }
}

fn get<'a>(turn: &'a mut Turn<'_>) -> PyResult<&'a mut RemoteEnv> {
    turn.as_mut()
        .ok_or_else(|| PyOSError::new_err("the environment is closed"))
}

#[pymethods]
impl PyEnvClient {
    #[new]
    #[pyo3(signature = (address, *, timeout_ms))]
    fn new(address: &str, timeout_ms: Timeout) -> PyResult<Self> {
        let options = EnvOptions::with_timeout(timeout_ms.0);
        let env = RemoteEnv::connect(address, options).map_err(|error| errors::channel(&error))?;
        Ok(Self {
            env: Mutex::new(Some(env)),
            process: std::process::id(),
        })
    }

    /// Begins an episode, without waiting.
    #[pyo3(signature = (seed=None, options=None))]
    fn begin_reset(
        &self,
        py: Python<'_>,
        seed: Option<&Bound<'_, PyAny>>,
        options: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<()> {
        let seed = seed.map(|seed| {
            seed.extract::<u64>().map_err(|_| {
                PyValueError::new_err(format!(
                    "seed must be an integer from 0 to 2**64 - 1: {seed}"
                ))
            })
        });
        let options = options.map(|options| value_from_python(&Heap, options, "options"));
        let reset = Reset {
            seed: seed.transpose()?,
            options: options.transpose()?,
        };
        self.begin(py, Command::Reset(reset))
    }

    /// Applies an action, without waiting.
    fn begin_step(&self, py: Python<'_>, action: &Bound<'_, PyAny>) -> PyResult<()> {
        let action = value_from_python(&Heap, action, "action")?;
        self.begin(py, Command::Step(action))
    }

    /// Asks what the environment says of itself, without waiting.
    fn begin_describe(&self, py: Python<'_>) -> PyResult<()> {
        self.begin(py, Command::Describe)
    }

    /// Asks for an image of the present state, without waiting.
    fn begin_render(&self, py: Python<'_>) -> PyResult<()> {
        self.begin(py, Command::Render)
    }

    /// The answer to the last command as a dict, or None when a tenth of a second brought none:
    /// then signals were served, and the caller may look after the instance.
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        let mut turn = self.turn(py)?;
        let env = get(&mut turn)?;
        let answer = py
            .detach(|| env.poll(SLICE))
            .map_err(|error| errors::channel(&error))?;
        drop(turn);
        let Some(answer) = answer else {
            py.check_signals()?;
            return Ok(None);
        };
        let dict = PyDict::new(py);
        fields_to_python(py, answer.fields, &dict)?;
        Ok(Some(dict))
    }

    /// Gives up the answer that is due, if one is.
    fn give_up(&self, py: Python<'_>) -> PyResult<()> {
        let mut turn = self.turn(py)?;
        get(&mut turn)?.give_up();
        Ok(())
    }

    /// While connected, whether directly, past the ZeroMQ library.
    #[getter]
    fn is_direct(&self, py: Python<'_>) -> PyResult<Option<bool>> {
        let mut turn = self.turn(py)?;
        Ok(get(&mut turn)?.is_direct())
    }

    /// Leaves.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if errors::refuse_child(self.process).is_err() {
            return Ok(()); // it is the parent's to close
        }
        let env = self.turn(py)?.take();
        py.detach(|| drop(env));
        Ok(())
    }
}
