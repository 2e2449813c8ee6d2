//! Python binding of `blendtorch_live::Sender`.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use blendtorch_live::{
    Hello, LinkCounts, LiveError, Policy, Sender, SenderOptions, Snapshot, targets,
};
use blendtorch_wire::End;
use indexmap::IndexMap;
use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::{PyOSError, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::{PyDict, PyList};

use super::live_error;
use crate::errors;
use crate::timeout::{SLICE, Timeout};
use crate::values::{Heap, fields_from_python};

/// A sender of activity; `blendtorch.circuit.LiveSender` is its face.
#[pyclass(name = "LiveSender", frozen, module = "blendtorch._blendtorch")]
pub(super) struct PyLiveSender {
    sender: Mutex<Option<Sender>>,
    process: u32,
}

impl PyLiveSender {
    fn lock(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, Option<Sender>>> {
        errors::refuse_child(self.process)?;
        let sender = self.sender.lock_py_attached(py);
        Ok(sender.unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for viewers after something was handed over; what happened since the last call, if
    /// anything did.
    fn handed(
        &self,
        py: Python<'_>,
        hand_over: impl FnOnce(&mut Sender) -> Result<(), LiveError>,
    ) -> PyResult<Option<News>> {
        let mut guard = self.lock(py)?;
        let sender = guard.as_mut().ok_or_else(closed)?;
        hand_over(sender).map_err(|error| live_error(&error))?;
        let mut may_go_on = sender.wait(Duration::ZERO);
        while !may_go_on {
            py.check_signals()?;
            may_go_on = py.detach(|| sender.wait(SLICE));
        }
        let news = told(sender.news());
        Ok((!news.is_empty()).then_some(news))
    }
}

#[pymethods]
impl PyLiveSender {
    #[new]
    #[pyo3(signature = (
        to, description, populations, arrays, devices, *, policy, window, patience_ms, linger_ms
    ))]
    #[allow(
        clippy::needless_pass_by_value,
        clippy::too_many_arguments,
        reason = "PyO3 hands arguments over by value, and they are many"
    )]
    fn new(
        py: Python<'_>,
        to: Vec<String>,
        description: &str,
        populations: &Bound<'_, PyDict>,
        arrays: &Bound<'_, PyDict>,
        devices: Vec<(String, u32)>,
        policy: &str,
        window: u32,
        patience_ms: Timeout,
        linger_ms: Timeout,
    ) -> PyResult<Self> {
        let mut hello = Hello::new(description);
        for (name, value) in fields_from_python(&Heap, populations)? {
            let positions = value.as_tensor().ok_or_else(|| no_array(&name))?;
            hello.populations.insert(name, positions.clone());
        }
        for (name, value) in fields_from_python(&Heap, arrays)? {
            let array = value.as_tensor().ok_or_else(|| no_array(&name))?;
            hello.arrays.insert(name, array.clone());
        }
        hello.devices.extend(devices);
        let options = SenderOptions {
            policy: Policy::of(policy, window).map_err(|error| live_error(&error))?,
            patience: patience_ms.0,
            linger: linger_ms.0,
        };
        let started = py.detach(|| {
            let addresses = targets(&to)?;
            Sender::start(&addresses, hello, options)
        });
        let sender = started.map_err(|error| live_error(&error))?;
        Ok(Self {
            sender: Mutex::new(Some(sender)),
            process: std::process::id(),
        })
    }

    /// Sends an interval; waits where the policy says so. What happened since the last call, if
    /// anything did: (text, whether it is a trouble).
    fn send(
        &self,
        py: Python<'_>,
        times: Times,
        spikes: Option<&Bound<'_, PyDict>>,
        values: Option<&Bound<'_, PyDict>>,
        devices: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Option<News>> {
        let snapshot = snapshot(times, spikes, values, devices)?;
        self.handed(py, |sender| sender.hand_over(snapshot))
    }

    /// The same for several intervals, which go at once: times, spikes, and values of devices of each.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "PyO3 hands arguments over by value"
    )]
    fn send_all(
        &self,
        py: Python<'_>,
        intervals: Vec<(Times, Bound<'_, PyDict>, Bound<'_, PyDict>)>,
    ) -> PyResult<Option<News>> {
        let one = |(times, spikes, devices): &(Times, Bound<'_, PyDict>, Bound<'_, PyDict>)| {
            snapshot(*times, Some(spikes), None, Some(devices))
        };
        let snapshots: PyResult<Vec<Snapshot>> = intervals.iter().map(one).collect();
        let snapshots = snapshots?;
        self.handed(py, |sender| sender.hand_over_all(snapshots))
    }

    /// What is counted, a dict a viewer.
    fn counts<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let guard = self.lock(py)?;
        let counts = guard.as_ref().map(Sender::counts).unwrap_or_default();
        counted(py, &counts)
    }

    /// Says the end; the counts, and what happened since it was last asked.
    fn close<'py>(
        &self,
        py: Python<'py>,
        how: &str,
        reason: Option<&str>,
    ) -> PyResult<(Bound<'py, PyList>, News)> {
        if errors::refuse_child(self.process).is_err() {
            return Ok((PyList::empty(py), Vec::new())); // it is the parent's to close
        }
        let Some(mut sender) = self.lock(py)?.take() else {
            return Ok((PyList::empty(py), Vec::new()));
        };
        let end = End::told(how, reason);
        let (counts, news) = py.detach(|| {
            let counts = sender.close(&end);
            (counts, sender.news())
        });
        Ok((counted(py, &counts)?, told(news)))
    }
}

/// An interval's number, begin and end.
type Times = (u64, f64, f64);
/// What happened, in words, and whether it is trouble.
type News = Vec<(String, bool)>;

fn snapshot(
    (step, start_ms, stop_ms): Times,
    spikes: Option<&Bound<'_, PyDict>>,
    values: Option<&Bound<'_, PyDict>>,
    devices: Option<&Bound<'_, PyDict>>,
) -> PyResult<Snapshot> {
    let mut snapshot = Snapshot::new(step, start_ms, stop_ms);
    snapshot.spikes = arrays(spikes)?;
    snapshot.values = arrays(values)?;
    snapshot.devices = arrays(devices)?;
    Ok(snapshot)
}

fn told(news: Vec<blendtorch_live::News>) -> News {
    let one = |one: blendtorch_live::News| (one.text, one.is_trouble);
    news.into_iter().map(one).collect()
}

/// Arrays of that type, by name: Python's side sees to the type.
fn arrays<T: Element>(given: Option<&Bound<'_, PyDict>>) -> PyResult<IndexMap<String, Vec<T>>> {
    let Some(given) = given else {
        return Ok(IndexMap::new());
    };
    let one = |(name, array): (Bound<'_, PyAny>, Bound<'_, PyAny>)| {
        let elements = PyBuffer::<T>::get(&array)?.to_vec(array.py())?;
        Ok((name.extract()?, elements))
    };
    given.iter().map(one).collect()
}

fn no_array(name: &str) -> PyErr {
    PyTypeError::new_err(format!("{name} is no array"))
}

fn closed() -> PyErr {
    PyOSError::new_err("the sender is closed: nothing can be sent after the end")
}

fn counted<'py>(py: Python<'py>, counts: &[LinkCounts]) -> PyResult<Bound<'py, PyList>> {
    let list = PyList::empty(py);
    for one in counts {
        let dict = PyDict::new(py);
        dict.set_item("address", &one.address)?;
        dict.set_item("state", one.state.word())?;
        dict.set_item("sent", one.sent)?;
        dict.set_item("applied", one.applied)?;
        dict.set_item("drawn", one.drawn)?;
        dict.set_item("pictures", one.pictures)?;
        dict.set_item("left_out", one.left_out)?;
        dict.set_item("lost", one.lost)?;
        dict.set_item("waited_s", one.waited_s)?;
        list.append(dict)?;
    }
    Ok(list)
}
