//! Python binding of `Duplex`.

use super::SLICE;
use crate::errors;
use crate::values::{Heap, fields_from_python, fields_to_python};
use blendtorch_channels::{Duplex, DuplexOptions};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One end of a channel between two. Threads take turns.
#[pyclass(name = "Duplex", frozen, module = "blendtorch._blendtorch")]
pub(super) struct PyDuplex {
    address: String,
    timeout: Duration,
    duplex: Mutex<Option<Duplex>>,
    process: u32,
}

type Turn<'a> = MutexGuard<'a, Option<Duplex>>;

impl PyDuplex {
    /// Waits for this thread's turn, without the GIL.
    fn turn(&self, py: Python<'_>) -> PyResult<Turn<'_>> {
        errors::refuse_child(self.process)?;
        let turn = self.duplex.lock_py_attached(py);
        Ok(turn.unwrap_or_else(PoisonError::into_inner))
    }
}

fn get<'a>(turn: &'a mut Turn<'_>) -> PyResult<&'a mut Duplex> {
    turn.as_mut()
        .ok_or_else(|| PyOSError::new_err("the channel is closed"))
}

#[pymethods]
impl PyDuplex {
    #[new]
    #[pyo3(signature = (address, *, bind, btid, linger_ms, timeout_ms))]
    fn new(
        py: Python<'_>,
        address: &str,
        bind: bool,
        btid: Option<i64>,
        linger_ms: u64,
        timeout_ms: u64,
    ) -> PyResult<Self> {
        let timeout = Duration::from_millis(timeout_ms);
        let options = DuplexOptions {
            btid,
            linger: Duration::from_millis(linger_ms),
            timeout,
        };
        let made = py.detach(|| match bind {
            true => Duplex::bind(address, options),
            false => Duplex::connect(address, options),
        });
        let duplex = made.map_err(|error| errors::channel(&error))?;
        Ok(Self {
            address: duplex.address(),
            timeout,
            duplex: Mutex::new(Some(duplex)),
            process: std::process::id(),
        })
    }

    /// The address, with the port that the system chose for port 0.
    #[getter]
    fn address(&self) -> &str {
        &self.address
    }

    /// Sends the fields; the message's number.
    fn send(&self, py: Python<'_>, fields: &Bound<'_, PyDict>) -> PyResult<u64> {
        let fields = fields_from_python(&Heap, fields)?;
        let mut turn = self.turn(py)?;
        let duplex = get(&mut turn)?;
        let message = duplex
            .message(fields)
            .map_err(|error| errors::channel(&error))?;
        let start = Instant::now();
        loop {
            let left = self.timeout.saturating_sub(start.elapsed());
            let sent = py.detach(|| duplex.try_send(&message, left.min(SLICE)));
            if let Some(number) = sent.map_err(|error| errors::channel(&error))? {
                return Ok(number);
            }
            if left.is_zero() {
                return Err(errors::channel(&duplex.not_taken(start.elapsed())));
            }
            py.check_signals()?;
        }
    }

    /// The next message as a dict, or None when none came in time.
    fn recv<'py>(
        &self,
        py: Python<'py>,
        timeout_ms: Option<u64>,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        let start = Instant::now();
        let timeout = timeout_ms.map(Duration::from_millis);
        loop {
            let left = timeout.map_or(SLICE, |timeout| timeout.saturating_sub(start.elapsed()));
            let mut turn = self.turn(py)?;
            let duplex = get(&mut turn)?;
            let received = py.detach(|| duplex.recv(left.min(SLICE)));
            drop(turn);
            if let Some(message) = received.map_err(|error| errors::channel(&error))? {
                let dict = PyDict::new(py);
                dict.set_item("btid", message.btid)?;
                dict.set_item("btmid", message.btmid)?;
                fields_to_python(py, message.fields, &dict)?;
                return Ok(Some(dict));
            }
            py.check_signals()?;
            if timeout.is_some_and(|timeout| start.elapsed() >= timeout) {
                return Ok(None);
            }
        }
    }

    /// Closes, after what was sent has gone out or the linger time is over.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if errors::refuse_child(self.process).is_err() {
            return Ok(()); // it is the parent's to close
        }
        let duplex = self.turn(py)?.take();
        py.detach(|| drop(duplex));
        Ok(())
    }
}
