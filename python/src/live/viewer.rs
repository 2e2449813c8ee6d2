//! Python binding of `blendtorch_live::Viewer`.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use blendtorch_live::{Event, Hello, LiveError, Snapshot, Viewer};
use blendtorch_wire::{Element, Fields, Tensor, Value};
use indexmap::IndexMap;
use pyo3::exceptions::{PyMemoryError, PyOSError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;

use super::live_error;
use crate::errors;
use crate::instance::while_waiting;
use crate::timeout::{SLICE, Timeout};
use crate::values::fields_to_python;

/// What a viewer is told: a word, and what it is about.
type Told<'py> = (&'static str, Bound<'py, PyDict>);

/// A viewer of activity; `btb.network.LiveView` shows what it is told.
#[pyclass(name = "LiveViewer", frozen, module = "blendtorch._blendtorch")]
pub(super) struct PyLiveViewer {
    address: String,
    viewer: Mutex<Option<Viewer>>,
    process: u32,
}

impl PyLiveViewer {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl Send + FnOnce(&mut Viewer) -> Result<T, LiveError>,
    ) -> PyResult<T> {
        errors::refuse_child(self.process)?;
        let guard = self.viewer.lock_py_attached(py);
        let mut guard = guard.unwrap_or_else(PoisonError::into_inner);
        let Some(viewer) = guard.as_mut() else {
            return Err(PyOSError::new_err("the viewer is closed"));
        };
        py.detach(|| work(viewer))
            .map_err(|error| live_error(&error))
    }
}

#[pymethods]
impl PyLiveViewer {
    #[new]
    fn new(py: Python<'_>, address: &str, btid: Option<i64>) -> PyResult<Self> {
        let viewer = py.detach(|| Viewer::bind(address, btid));
        let viewer = viewer.map_err(|error| live_error(&error))?;
        Ok(Self {
            address: viewer.address(),
            viewer: Mutex::new(Some(viewer)),
            process: std::process::id(),
        })
    }

    /// The address, with the port that the system chose for port 0.
    #[getter]
    fn address(&self) -> &str {
        &self.address
    }

    /// The next that is told: ("hello", ...), ("snapshot", ...), ("ended", ...), ("lost", {}), or None
    /// when nothing came in time. None and -1 are for ever.
    fn next<'py>(&self, py: Python<'py>, timeout_ms: Timeout) -> PyResult<Option<Told<'py>>> {
        let (start, timeout) = (Instant::now(), timeout_ms.0);
        loop {
            let left = timeout.saturating_sub(start.elapsed()).min(SLICE);
            if let Some(event) = self.with(py, |viewer| viewer.next(left))? {
                return event_to_python(py, event).map(Some);
            }
            while_waiting(py)?;
            if start.elapsed() >= timeout {
                return Ok(None);
            }
        }
    }

    /// Says what was applied until now, and whether it is drawn.
    fn seen(&self, py: Python<'_>, drawn: bool) -> PyResult<()> {
        self.with(py, |viewer| viewer.seen(drawn))
    }

    /// Says that this network cannot be shown.
    fn refuse(&self, py: Python<'_>, reason: &str) -> PyResult<()> {
        self.with(py, |viewer| viewer.refuse(reason))
    }

    /// What was counted since it was bound.
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counts = self.with(py, |viewer| Ok(viewer.counts()))?;
        let dict = PyDict::new(py);
        dict.set_item("applied", counts.applied)?;
        dict.set_item("pictures", counts.pictures)?;
        dict.set_item("missed", counts.missed)?;
        dict.set_item("unknown_spikes", counts.unknown_spikes)?;
        dict.set_item("unfit", counts.unfit)?;
        dict.set_item("malformed", counts.malformed)?;
        Ok(dict)
    }

    /// Closes.
    fn close(&self, py: Python<'_>) {
        if errors::refuse_child(self.process).is_err() {
            return; // it is the parent's to close
        }
        let guard = self.viewer.lock_py_attached(py);
        let viewer = guard.unwrap_or_else(PoisonError::into_inner).take();
        py.detach(|| drop(viewer));
    }
}

fn event_to_python(py: Python<'_>, event: Event) -> PyResult<Told<'_>> {
    let dict = PyDict::new(py);
    let word = match event {
        Event::Hello(hello) => {
            told_hello(py, hello, &dict)?;
            "hello"
        }
        Event::Snapshot(snapshot) => {
            told_snapshot(py, snapshot, &dict)?;
            "snapshot"
        }
        Event::Ended(ended) => {
            dict.set_item("how", ended.end.how().word())?;
            dict.set_item("reason", ended.end.reason())?;
            dict.set_item("snapshots", ended.snapshots)?;
            "ended"
        }
        Event::Lost => "lost",
    };
    Ok((word, dict))
}

fn told_hello(py: Python<'_>, hello: Hello, into: &Bound<'_, PyDict>) -> PyResult<()> {
    into.set_item("policy", hello.policy.word())?;
    into.set_item("window", hello.policy.window())?;
    into.set_item("description", &hello.description)?;
    for (key, arrays) in [("populations", hello.populations), ("arrays", hello.arrays)] {
        let tensors = arrays.into_iter();
        let fields = tensors.map(|(name, tensor)| (name, Value::from(tensor)));
        into.set_item(key, dict_of(py, fields.collect())?)?;
    }
    let devices = PyDict::new(py);
    for (name, values) in hello.devices {
        devices.set_item(name, values)?;
    }
    into.set_item("devices", devices)
}

fn told_snapshot(py: Python<'_>, snapshot: Snapshot, into: &Bound<'_, PyDict>) -> PyResult<()> {
    into.set_item("step", snapshot.step)?;
    into.set_item("start_ms", snapshot.start_ms)?;
    into.set_item("stop_ms", snapshot.stop_ms)?;
    into.set_item("spikes", dict_of(py, fields_of(snapshot.spikes)?)?)?;
    into.set_item("values", dict_of(py, fields_of(snapshot.values)?)?)?;
    into.set_item("devices", dict_of(py, fields_of(snapshot.devices)?)?)
}

fn fields_of<T: Element>(arrays: IndexMap<String, Vec<T>>) -> PyResult<Fields> {
    let one = |(name, elements): (String, Vec<T>)| {
        let tensor = Tensor::from_vec(&[elements.len()], elements);
        let tensor = tensor.map_err(|error| PyMemoryError::new_err(error.to_string()))?;
        Ok((name, Value::from(tensor)))
    };
    arrays.into_iter().map(one).collect()
}

fn dict_of(py: Python<'_>, fields: Fields) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    fields_to_python(py, fields, &dict)?;
    Ok(dict)
}
