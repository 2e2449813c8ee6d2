//! Waiting for something that takes long, and that nobody can be told to leave.

use crate::timeout::SLICE;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Does something in a thread of its own, and waits for it without the GIL, serving signals. Who is
/// interrupted does not wait for its end.
pub(crate) fn aside<T: Send + 'static>(
    py: Python<'_>,
    act: impl FnOnce() -> T + Send + 'static,
) -> PyResult<T> {
    let (answer, hear) = sync_channel(1);
    thread::Builder::new()
        .name("blendtorch-asks".into())
        .spawn(move || drop(answer.send(act())))
        .map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
    let hear = Mutex::new(hear);
    let wait = || {
        let hear = hear.lock().unwrap_or_else(PoisonError::into_inner);
        hear.recv_timeout(SLICE)
    };
    loop {
        match py.detach(wait) {
            Ok(answer) => return Ok(answer),
            Err(RecvTimeoutError::Timeout) => py.check_signals()?,
            Err(RecvTimeoutError::Disconnected) => {
                return Err(PyRuntimeError::new_err("who asked has panicked"));
            }
        }
    }
}
