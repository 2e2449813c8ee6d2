//! Python binding of `btb::Publisher`.

use crate::draft::{self, DraftTensor};
use crate::errors;
use crate::values::fields_from_python;
use btb::{PublishError, Publisher, PublisherOptions, StatsHandle};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyRuntimeWarning};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;
use std::ffi::CString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

/// Publishes keyword arguments as messages at one address. Threads take turns.
#[pyclass(name = "Publisher", frozen, module = "blendtorch._blendtorch")]
pub(crate) struct PyPublisher {
    address: String,
    warning: Option<String>,
    stats: StatsHandle,
    publisher: Mutex<Option<Publisher>>,
    /// Who has the publisher: a signal handler that interrupts a wait must not wait for itself.
    holder: Mutex<Option<ThreadId>>,
    /// A close was asked for: a publish that waits gives up.
    closing: AtomicBool,
    /// A forked child must not wait for a turn that a thread of its parent had.
    process: u32,
}

/// The publisher, as long as one call has it.
struct Turn<'a> {
    publisher: MutexGuard<'a, Option<Publisher>>,
    owner: &'a PyPublisher,
}

impl Turn<'_> {
    fn get(&mut self) -> PyResult<&mut Publisher> {
        self.publisher.as_mut().ok_or_else(closed)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.owner.holder() = None;
    }
}

fn closed() -> PyErr {
    PyOSError::new_err("the publisher is closed")
}

impl PyPublisher {
    fn holder(&self) -> MutexGuard<'_, Option<ThreadId>> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_mine(&self) -> bool {
        *self.holder() == Some(thread::current().id())
    }

    /// Warns, once, that shared memory is short.
    fn say_shortage(py: Python<'_>, publisher: &Publisher) -> PyResult<()> {
        let Some(text) = publisher.memory_warning() else {
            return Ok(());
        };
        let text =
            CString::new(text).map_err(|error| PyRuntimeError::new_err(error.to_string()))?;
        let category = py.get_type::<PyRuntimeWarning>();
        // The caller of the method of `DataPublisher`, or of `Draft`, that called this one.
        PyErr::warn(py, &category, &text, 2)
    }

    /// Waits for this thread's turn, without the GIL.
    fn turn(&self, py: Python<'_>) -> PyResult<Turn<'_>> {
        errors::refuse_child(self.process)?;
        if self.is_mine() {
            return Err(PyRuntimeError::new_err(
                "this publisher is publishing: a signal handler may only close it",
            ));
        }
        let publisher = self
            .publisher
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner);
        *self.holder() = Some(thread::current().id());
        Ok(Turn {
            publisher,
            owner: self,
        })
    }
}

#[pymethods]
impl PyPublisher {
    #[new]
    #[pyo3(signature = (address, *, btid, send_hwm, linger_ms, shm_bytes=None))]
    fn new(
        py: Python<'_>,
        address: &str,
        btid: Option<i64>,
        send_hwm: u32,
        linger_ms: u64,
        shm_bytes: Option<usize>,
    ) -> PyResult<Self> {
        let default = PublisherOptions::default();
        let options = PublisherOptions {
            btid,
            send_hwm,
            linger: Duration::from_millis(linger_ms),
            shm_bytes: shm_bytes.unwrap_or(default.shm_bytes),
        };
        match py.detach(|| Publisher::bind(address, options)) {
            Ok(publisher) => Ok(Self {
                address: publisher.address(),
                warning: publisher.warning(),
                stats: publisher.stats_handle(),
                publisher: Mutex::new(Some(publisher)),
                holder: Mutex::default(),
                closing: AtomicBool::new(false),
                process: std::process::id(),
            }),
            Err(PublishError::Transport(error)) => Err(PyOSError::new_err(error.to_string())),
            Err(error) => Err(pyo3::exceptions::PyValueError::new_err(error.to_string())),
        }
    }

    /// The bound address, with the port that the system chose for port 0.
    #[getter]
    fn address(&self) -> &str {
        &self.address
    }

    /// A line for the user when others than this machine can reach the address.
    #[getter]
    fn warning(&self) -> Option<&str> {
        self.warning.as_deref()
    }

    /// Messages sent, their bytes, seconds spent waiting for room, and large tensors in shared memory
    /// and on the heap; at any time.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let stats = self.stats.get();
        let dict = PyDict::new(py);
        dict.set_item("messages", stats.messages)?;
        dict.set_item("bytes", stats.bytes)?;
        dict.set_item("blocked", stats.blocked.as_secs_f64())?;
        dict.set_item("waited", stats.waited.as_secs_f64())?;
        dict.set_item("shared", stats.shared)?;
        dict.set_item("heap", stats.heap)?;
        Ok(dict)
    }

    /// A tensor in memory from which it is sent, to be written through numpy.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands arguments over by value"
    )]
    fn begin(
        &self,
        py: Python<'_>,
        field: &str,
        dtype: &str,
        shape: Vec<usize>,
    ) -> PyResult<DraftTensor> {
        let named = |error: PyErr| {
            let text = format!("field '{field}': {}", error.value(py));
            PyErr::from_type(error.get_type(py), text)
        };
        let dtype = draft::dtype(dtype).map_err(named)?;
        let mut turn = self.turn(py)?;
        let publisher = turn.get()?;
        let tensor = py.detach(|| publisher.tensor_mut(dtype, &shape));
        Self::say_shortage(py, publisher)?;
        let tensor = tensor.map_err(|error| named(errors::tensor(&error)))?;
        DraftTensor::new(py, tensor)
    }

    /// Publishes `fields`, which belong to a sample of an episode. Blocks without the GIL while
    /// the queues are full or nobody is connected; signals are served, and a close from elsewhere
    /// ends the wait. The tensors of `drafted` come first.
    #[pyo3(signature = (fields, episode, sample, drafted=None))]
    fn publish(
        &self,
        py: Python<'_>,
        fields: &Bound<'_, PyDict>,
        episode: Option<u64>,
        sample: Option<u64>,
        drafted: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        let mut turn = self.turn(py)?;
        let publisher = turn.get()?;
        // What is refused is refused before a draft is over.
        let mut fields = fields_from_python(publisher, fields)?;
        if let Some(drafted) = drafted {
            let others = std::mem::take(&mut fields);
            for (name, tensor) in drafted {
                let tensor = tensor.cast::<DraftTensor>()?.get();
                fields.insert(name.extract()?, tensor.publish(py, publisher)?.into());
            }
            fields.extend(others);
        }
        Self::say_shortage(py, publisher)?;
        publisher.set_place(episode, sample);
        #[allow(
            clippy::redundant_closure_for_method_calls,
            reason = "the method alone is not general enough over lifetimes"
        )]
        let check = || {
            Python::attach(|py| py.check_signals())?;
            match self.closing.load(Ordering::Acquire) {
                true => Err(closed()),
                false => Ok(()),
            }
        };
        let published = py.detach(|| publisher.publish_while(fields, check));
        if self.closing.load(Ordering::Acquire) {
            // Asked for by a signal handler of this very thread, or by a thread that waits.
            let publisher = turn.publisher.take();
            py.detach(|| drop(publisher));
        }
        published.map_err(errors::producer)
    }

    /// Lets consumers take what is queued, tells each that this was all, and closes. False when
    /// the linger time ran out before that.
    fn close(&self, py: Python<'_>) -> PyResult<bool> {
        if errors::refuse_child(self.process).is_err() {
            return Ok(true); // it is the parent's to close
        }
        self.closing.store(true, Ordering::Release);
        if self.is_mine() {
            return Ok(false); // a signal handler during `publish`, which closes when it gives up
        }
        let publisher = self.turn(py)?.publisher.take();
        Ok(publisher.is_none_or(|mut publisher| py.detach(|| publisher.close())))
    }
}

/// Adds this module's classes to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<PyPublisher>()
}
