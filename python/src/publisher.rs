//! Python binding of `btb::Publisher`.

use crate::asked::{self, AFTER_INTERRUPT, Asked};
use crate::draft::{self, DraftTensor};
use crate::errors;
use crate::instance::while_waiting;
use crate::values::{Publishing, fields_from_python};
use btb::{End, PublishError, Publisher, PublisherOptions, StatsHandle};
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyRuntimeWarning};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;
use std::ffi::CString;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

/// Publishes keyword arguments as messages at one address. Threads take turns.
#[pyclass(name = "Publisher", frozen, module = "blendtorch._blendtorch")]
pub(crate) struct PyPublisher {
    address: String,
    warning: Option<String>,
    stats: StatsHandle,
    publisher: Mutex<Option<Publisher>>,
    /// A signal handler that interrupts a wait must not wait for itself.
    holder: Mutex<Holder>,
    /// A close was asked for: a publish that waits gives up.
    closing: AtomicBool,
    /// A forked child must not wait for a turn that a thread of its parent had.
    process: u32,
}

/// Who has the publisher.
#[derive(Debug, Default)]
struct Holder {
    now: Option<ThreadId>,
    /// Who published last, and how that came to its end, if it has.
    latest: Option<ThreadId>,
    end: Option<End>,
    /// What a close has given up, until it is said.
    loss: Option<String>,
    /// What the close came to: whoever asks later is told the same.
    all_taken: Option<bool>,
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
        self.owner.holder().now = None;
    }
}

fn closed() -> PyErr {
    PyOSError::new_err("the publisher is closed")
}

impl PyPublisher {
    fn holder(&self) -> MutexGuard<'_, Holder> {
        self.holder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_mine(&self) -> bool {
        self.holder().now == Some(thread::current().id())
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

    /// Waits for this thread's turn, without the GIL. Who publishes is the latest.
    fn turn(&self, py: Python<'_>, publishes: bool) -> PyResult<Turn<'_>> {
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
        let mut holder = self.holder();
        holder.now = Some(thread::current().id());
        if publishes {
            (holder.latest, holder.end) = (holder.now, None);
        }
        drop(holder);
        Ok(Turn {
            publisher,
            owner: self,
        })
    }

    /// Waits for its turn, without the GIL, and closes.
    fn close_now(&self) -> bool {
        let mut publisher = self
            .publisher
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.holder().now = Some(thread::current().id());
        let taken = publisher.take();
        let turn = Turn {
            publisher,
            owner: self,
        };
        let closed = self.close_taken(taken);
        drop(turn);
        closed
    }

    /// Closes what a turn had, as it was said that it ends. Signals shorten it.
    fn close_taken(&self, publisher: Option<Publisher>) -> bool {
        let Some(mut publisher) = publisher else {
            return self.holder().all_taken.unwrap_or(true);
        };
        let end = self.holder().end.clone().unwrap_or_else(End::finished);
        let start = Instant::now();
        // Asked to stop before this close began: it is told how long that may take.
        let most = (*end.how() == btb::How::Interrupted).then_some(start + AFTER_INTERRUPT);
        let asked = Asked::watch();
        let all_taken = publisher.close_until(end, || match (asked.until(), most) {
            (Some(until), Some(most)) => Some(until.min(most)),
            (until, most) => until.or(most),
        });
        self.holder().all_taken = Some(all_taken);
        match publisher.take_loss() {
            Some(loss) if asked::ends_process() => eprintln!("blendtorch: {loss}"),
            loss => self.holder().loss = loss,
        }
        all_taken
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
        linger_ms: Option<u64>,
        shm_bytes: Option<usize>,
    ) -> PyResult<Self> {
        let default = PublisherOptions::default();
        let options = PublisherOptions {
            btid,
            send_hwm,
            linger: linger_ms.map(Duration::from_millis),
            shm_bytes: shm_bytes.unwrap_or(default.shm_bytes),
            ..default
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
        dict.set_item("undelivered", stats.undelivered)?;
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
        let mut turn = self.turn(py, false)?;
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
        let mut turn = self.turn(py, true)?;
        let publisher = turn.get()?;
        // What is refused is refused before a draft is over.
        let publishing = Publishing::new(publisher, drafted.is_none());
        let mut fields = fields_from_python(&publishing, fields)?;
        // Held until the GIL is here again.
        let lent = publishing.lent.filter(|lent| !lent.is_empty());
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
        let check = || {
            Python::attach(while_waiting)?;
            match self.closing.load(Ordering::Acquire) {
                true => Err(closed()),
                false => Ok(()),
            }
        };
        let published = py.detach(|| match lent {
            Some(_) => publisher.publish_lent_while(fields, check),
            None => publisher.publish_while(fields, check),
        });
        if self.closing.load(Ordering::Acquire) {
            // Asked for by a signal handler of this very thread, or by a thread that waits.
            let publisher = turn.publisher.take();
            py.detach(|| self.close_taken(publisher));
        }
        published.map_err(errors::producer)
    }

    /// Lets consumers take what is queued, tells each how this came to its end, and closes. False
    /// where somebody did not take all of it.
    #[pyo3(signature = (how=None, reason=None))]
    fn close(&self, py: Python<'_>, how: Option<&str>, reason: Option<&str>) -> PyResult<bool> {
        if errors::refuse_child(self.process).is_err() {
            return Ok(true); // it is the parent's to close
        }
        if let Some(how) = how {
            self.holder().end = Some(end(how, reason)?);
        }
        self.closing.store(true, Ordering::Release);
        if self.is_mine() {
            return Ok(false); // a signal handler during `publish`, which closes when it gives up
        }
        Ok(py.detach(|| self.close_now()))
    }

    /// Of the thread that calls this it is known that it has failed: if it was the last that
    /// published, and nobody does after it, that is how this ends.
    fn failed_here(&self, reason: &str) {
        if errors::refuse_child(self.process).is_err() {
            return;
        }
        let mut holder = self.holder();
        if holder.latest == Some(thread::current().id()) {
            holder.end = Some(End::failed(reason));
        }
    }

    /// Once: what a close has given up, for the user.
    fn take_loss(&self) -> Option<String> {
        self.holder().loss.take()
    }
}

fn end(how: &str, reason: Option<&str>) -> PyResult<End> {
    match how {
        "finished" => Ok(End::finished()),
        "interrupted" => Ok(End::interrupted()),
        "failed" => Ok(End::failed(reason.unwrap_or_default())),
        _ => Err(pyo3::exceptions::PyValueError::new_err(format!(
            "'{how}' is no way to end"
        ))),
    }
}

/// Closes all of these at once, each with its `how` and `reason`: what one consumer does not take
/// delays no other publisher, and a signal is for all of them.
#[pyfunction]
#[allow(clippy::needless_pass_by_value, reason = "extracted from Python")]
fn close_publishers(
    py: Python<'_>,
    publishers: Vec<(Py<PyPublisher>, String, Option<String>)>,
) -> PyResult<()> {
    let _asked = Asked::watch();
    let mut ways = Vec::new();
    for (publisher, how, reason) in &publishers {
        let publisher = publisher.get();
        if errors::refuse_child(publisher.process).is_ok() && !publisher.is_mine() {
            ways.push((publisher, end(how, reason.as_deref())?));
        }
    }
    py.detach(|| {
        thread::scope(|scope| {
            for (publisher, end) in ways {
                // What is known of the thread that published is known better.
                publisher.holder().end.get_or_insert(end);
                publisher.closing.store(true, Ordering::Release);
                scope.spawn(move || publisher.close_now());
            }
        });
    });
    if asked::ends_process() {
        // Nobody will ask for them.
        let losses = publishers
            .iter()
            .filter_map(|(one, ..)| one.get().take_loss());
        losses.for_each(|loss| eprintln!("blendtorch: {loss}"));
    }
    Ok(())
}

/// Adds this module's classes to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_function(wrap_pyfunction!(close_publishers, module)?)?;
    module.add_class::<PyPublisher>()
}
