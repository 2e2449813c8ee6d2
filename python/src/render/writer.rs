//! Python binding of `blendtorch_render::write::Writer`.
//!
//! Owns the arrays of the frame that is being written, and where events go: to the launcher's program
//! where there is one, or to a function or a list of the caller's.

use super::buffers::lend;
use crate::errors::refuse_child;
use crate::instance::while_waiting;
use crate::timeout::SLICE;
use blendtorch_render::write::{Arrays, Error, Event, Spec, Writer};
use btb::Instance;
use pyo3::buffer::PyUntypedBuffer;
use pyo3::exceptions::{PyOSError, PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::{Acquire, Release};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What is said to the launcher's program.
const TOPIC: &str = "render";

/// Events that nobody has taken yet, as JSON.
type Untaken = Arc<Mutex<VecDeque<String>>>;

/// Writes frames in a thread of its own.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
struct FrameWriter {
    writer: Writer,
    /// The buffers of the frame that is being written, kept until that is done.
    lent: Mutex<Vec<PyUntypedBuffer>>,
    untaken: Untaken,
    on_event: Option<Py<PyAny>>,
    /// A call is under way: another one would let go of the arrays that it hands over.
    entered: AtomicBool,
    process: u32,
}

/// A call under way.
struct Entered<'a>(&'a AtomicBool);

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.0.store(false, Release);
    }
}

fn error(error: &Error) -> PyErr {
    let text = error.to_string();
    match error {
        Error::Folder { .. } | Error::Thread(_) => PyOSError::new_err(text),
        Error::Closed => PyRuntimeError::new_err(text),
        _ => PyValueError::new_err(text),
    }
}

/// Has whoever listens told. Without a launcher, or with a function of the caller's, events are kept.
/// The folder tells a head which render an event belongs to.
fn teller(kept: bool, untaken: Untaken, folder: String) -> impl FnMut(Event) + Send + 'static {
    move |event| {
        let Ok(mut value) = serde_json::to_value(&event) else {
            return;
        };
        value["folder"] = folder.as_str().into();
        // What is in the files already, and may be long.
        if let Some(about) = value
            .get_mut("about")
            .and_then(|about| about.as_object_mut())
        {
            about.remove("manifest");
            about.remove("view");
        }
        let instance = Instance::this().filter(|this| !kept && this.link().is_some());
        match instance {
            Some(instance) => instance.say(TOPIC, value),
            None => lock(&untaken).push_back(value.to_string()),
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FrameWriter {
    /// The one call under way.
    fn enter(&self) -> PyResult<Entered<'_>> {
        refuse_child(self.process)?;
        if self.entered.swap(true, Acquire) {
            let text = "this writer of frames is in use by another call: one thread at a time";
            return Err(PyRuntimeError::new_err(text));
        }
        Ok(Entered(&self.entered))
    }

    /// Waits without the GIL until nothing is being written, and lets go of the arrays.
    fn idle(&self, py: Python<'_>) -> PyResult<()> {
        while !py.detach(|| self.writer.wait(SLICE)) {
            while_waiting(py)?;
        }
        drop(std::mem::take(&mut *lock(&self.lent)));
        self.tell(py)
    }

    /// Calls the function of the caller's with each event.
    fn tell(&self, py: Python<'_>) -> PyResult<()> {
        if let Some(function) = &self.on_event {
            // One by one: where the function raises, those behind are told by the next call.
            while let Some(event) = lock(&self.untaken).pop_front() {
                function.call1(py, (event,))?;
            }
        }
        Ok(())
    }
}

#[pymethods]
impl FrameWriter {
    /// `spec`: what is written of each frame, as JSON; `folder`: where files on their way are made, by
    /// way of `scratch` where that is given.
    /// `on_event` is called with each event, as JSON, by the thread that calls `write`, `flush` or
    /// `close`; without it events go to the launcher's program, and where there is none to `events`.
    #[new]
    #[allow(clippy::needless_pass_by_value, reason = "extracted from Python")]
    #[pyo3(signature = (spec, folder, *, scratch=None, on_event=None))]
    fn new(
        py: Python<'_>,
        spec: &str,
        folder: PathBuf,
        scratch: Option<PathBuf>,
        on_event: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let untaken = Untaken::default();
        let tell = teller(
            on_event.is_some(),
            Arc::clone(&untaken),
            folder.to_string_lossy().into_owned(),
        );
        let opened = py.detach(|| {
            let spec = Spec::from_json(spec)?;
            Writer::open_by_way_of(spec, &folder, scratch.as_deref(), tell)
        });
        Ok(Self {
            writer: opened.map_err(|wrong| error(&wrong))?,
            lent: Mutex::default(),
            untaken,
            on_event,
            entered: AtomicBool::new(false),
            process: std::process::id(),
        })
    }

    /// What the user should know of the specification, a line each.
    fn warnings(&self) -> Vec<String> {
        self.writer.spec().warnings()
    }

    /// Queues a frame after waiting, without the GIL and serving signals, until the one before is
    /// done. `arrays` are by source; they must not change until the next `write` or `flush` has
    /// returned. `about` is JSON, passed on with the event.
    fn write(
        &self,
        py: Python<'_>,
        frame: i64,
        arrays: &Bound<'_, PyDict>,
        about: &str,
    ) -> PyResult<()> {
        let _entered = self.enter()?;
        let (mut lent, mut kept) = (Arrays::new(), Vec::new());
        for (name, array) in arrays {
            let name: String = name.extract()?;
            let (pixels, buffer) = lend(&name, &array)?;
            lent.insert(name, Box::new(pixels));
            kept.push(buffer);
        }
        self.idle(py)?;
        // From here on the thread may read them: they are kept first.
        *lock(&self.lent) = kept;
        py.detach(|| self.writer.write(frame, lent, about))
            .map_err(|wrong| {
                drop(std::mem::take(&mut *lock(&self.lent)));
                error(&wrong)
            })
    }

    /// Waits until nothing is being written.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        let _entered = self.enter()?;
        self.idle(py)
    }

    /// Waits until nothing is being written, and ends the thread.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let _entered = self.enter()?;
        self.idle(py)?;
        py.detach(|| self.writer.close());
        Ok(())
    }

    /// Events that were not told to anybody, as JSON, once.
    fn events(&self) -> Vec<String> {
        lock(&self.untaken).drain(..).collect()
    }
}

impl Drop for FrameWriter {
    fn drop(&mut self) {
        if self.process == std::process::id() {
            // The thread may still read the arrays that are let go of behind this.
            Python::attach(|py| py.detach(|| self.writer.wait(Duration::MAX)));
        } else {
            // There is no thread in a child: its parent's arrays stay.
            std::mem::forget(std::mem::take(&mut *lock(&self.lent)));
        }
    }
}

/// Adds this module's class to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<FrameWriter>()
}
