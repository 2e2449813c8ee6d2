//! Python binding of `Duplex`.

use crate::errors;
use crate::instance::while_waiting;
use crate::timeout::{SLICE, Timeout};
use crate::values::{Heap, fields_from_python, fields_to_python};
use blendtorch_channels::{Duplex, DuplexOptions, Error};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::sync::RwLockExt;
use pyo3::types::PyDict;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

/// One end of a channel between two. Threads may send and receive beside each other.
#[pyclass(name = "Duplex", frozen, module = "blendtorch._blendtorch")]
pub(super) struct PyDuplex {
    address: String,
    timeout: Duration,
    duplex: RwLock<Option<Duplex>>,
    process: u32,
}

impl PyDuplex {
    /// Does `work` without the GIL, unless the channel is closed.
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl Send + FnOnce(&Duplex) -> Result<T, Error>,
    ) -> PyResult<T> {
        errors::refuse_child(self.process)?;
        let duplex = self.duplex.read_py_attached(py);
        let duplex = duplex.unwrap_or_else(PoisonError::into_inner);
        let Some(duplex) = duplex.as_ref() else {
            return Err(PyOSError::new_err("the channel is closed"));
        };
        py.detach(|| work(duplex))
            .map_err(|error| errors::channel(&error))
    }
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
        timeout_ms: Timeout,
    ) -> PyResult<Self> {
        let timeout = timeout_ms.0;
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
            duplex: RwLock::new(Some(duplex)),
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
        let (number, message) = self.with(py, |duplex| duplex.message(fields))?;
        let start = Instant::now();
        loop {
            let left = self.timeout.saturating_sub(start.elapsed());
            if self.with(py, |duplex| duplex.try_send(&message, left.min(SLICE)))? {
                return Ok(number);
            }
            if left.is_zero() {
                return self.with(py, |duplex| Err(duplex.not_taken(start.elapsed())));
            }
            py.check_signals()?;
        }
    }

    /// The next message as a dict, or None when none came in time. None and -1 are for ever.
    fn recv<'py>(
        &self,
        py: Python<'py>,
        timeout_ms: Timeout,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        let start = Instant::now();
        let timeout = timeout_ms.0;
        loop {
            let left = timeout.saturating_sub(start.elapsed());
            if let Some(message) = self.with(py, |duplex| duplex.recv(left.min(SLICE)))? {
                let dict = PyDict::new(py);
                dict.set_item("btid", message.btid)?;
                dict.set_item("btmid", message.btmid)?;
                fields_to_python(py, message.fields, &dict)?;
                return Ok(Some(dict));
            }
            while_waiting(py)?;
            if start.elapsed() >= timeout {
                return Ok(None);
            }
        }
    }

    /// Closes, after what was sent has gone out or the linger time is over.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if errors::refuse_child(self.process).is_err() {
            return Ok(()); // it is the parent's to close
        }
        let duplex = self.duplex.write_py_attached(py);
        let duplex = duplex.unwrap_or_else(PoisonError::into_inner).take();
        py.detach(|| drop(duplex));
        Ok(())
    }
}
