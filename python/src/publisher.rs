//! Python binding of `btb::Publisher`.

use crate::errors;
use crate::values::fields_from_python;
use btb::{PublishError, Publisher, PublisherOptions};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::time::Duration;

/// Publishes keyword arguments as messages at one address.
#[pyclass(name = "Publisher", module = "blendtorch._blendtorch")]
pub(crate) struct PyPublisher(Option<Publisher>);

impl PyPublisher {
    fn get(&mut self) -> PyResult<&mut Publisher> {
        let closed = || PyOSError::new_err("the publisher is closed");
        self.0.as_mut().ok_or_else(closed)
    }
}

#[pymethods]
impl PyPublisher {
    #[new]
    #[pyo3(signature = (address, *, btid, send_hwm, linger_ms))]
    fn new(
        py: Python<'_>,
        address: &str,
        btid: Option<i64>,
        send_hwm: u32,
        linger_ms: u64,
    ) -> PyResult<Self> {
        let options = PublisherOptions {
            btid,
            send_hwm,
            linger: Duration::from_millis(linger_ms),
            ..PublisherOptions::default()
        };
        match py.detach(|| Publisher::bind(address, options)) {
            Ok(publisher) => Ok(Self(Some(publisher))),
            Err(PublishError::Transport(error)) => Err(PyOSError::new_err(error.to_string())),
            Err(error) => Err(pyo3::exceptions::PyValueError::new_err(error.to_string())),
        }
    }

    /// The bound address, with the port that the system chose for port 0.
    #[getter]
    fn address(&mut self) -> PyResult<String> {
        Ok(self.get()?.address())
    }

    /// Messages sent, their bytes, and seconds spent waiting for room.
    fn stats<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = self.get()?.stats();
        let dict = PyDict::new(py);
        dict.set_item("messages", stats.messages)?;
        dict.set_item("bytes", stats.bytes)?;
        dict.set_item("blocked", stats.blocked.as_secs_f64())?;
        Ok(dict)
    }

    /// Publishes `fields`, which belong to a sample of an episode. Blocks without the GIL while
    /// the queues are full or nobody is connected; signals are served.
    fn publish(
        &mut self,
        py: Python<'_>,
        fields: &Bound<'_, PyDict>,
        episode: Option<u64>,
        sample: Option<u64>,
    ) -> PyResult<()> {
        let publisher = self.get()?;
        let fields = fields_from_python(publisher, fields)?;
        publisher.set_place(episode, sample);
        #[allow(
            clippy::redundant_closure_for_method_calls,
            reason = "the method alone is not general enough over lifetimes"
        )]
        let check = || Python::attach(|py| py.check_signals());
        py.detach(|| publisher.publish_while(fields, check))
            .map_err(errors::producer)
    }

    /// Lets consumers take what is queued, tells each that this was all, and closes. False when
    /// the linger time ran out before that.
    fn close(&mut self, py: Python<'_>) -> bool {
        match self.0.take() {
            Some(mut publisher) => py.detach(|| publisher.close()),
            None => true,
        }
    }
}

/// Adds this module's classes to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyPublisher>()
}
