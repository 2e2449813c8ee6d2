//! `Recorder`: saves dicts as items.

use crate::errors;
use crate::values::{Heap, NOBODY, fields_from_python};
use btt::wire::Message;
use btt::{Recorder, RecorderOptions, Value};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::MutexExt;
use pyo3::types::PyDict;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Appends items to a recording. Threads take turns.
#[pyclass(name = "Recorder", frozen, module = "blendtorch._blendtorch")]
pub(super) struct PyRecorder {
    recorder: Mutex<Open>,
    process: u32,
}

struct Open {
    recorder: Option<Recorder>,
    /// Items that were to be saved, the number of the next.
    sequence: u64,
    /// (messages, dropped) when it was closed.
    recorded: (u64, u64),
}

impl PyRecorder {
    fn turn(&self, py: Python<'_>) -> PyResult<MutexGuard<'_, Open>> {
        errors::refuse_child(self.process)?;
        Ok(self
            .recorder
            .lock_py_attached(py)
            .unwrap_or_else(PoisonError::into_inner))
    }
}

#[pymethods]
impl PyRecorder {
    #[new]
    #[pyo3(signature = (path, *, max_messages, flush_messages))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        max_messages: usize,
        flush_messages: usize,
    ) -> PyResult<Self> {
        let options = RecorderOptions {
            max_messages,
            flush_messages,
            ..RecorderOptions::default()
        };
        let recorder = py.detach(|| Recorder::create(path, options));
        Ok(Self {
            recorder: Mutex::new(Open {
                recorder: Some(recorder.map_err(|error| errors::recording(&error))?),
                sequence: 0,
                recorded: (0, 0),
            }),
            process: std::process::id(),
        })
    }

    /// Appends an item; False when the capacity is reached.
    fn save(&self, py: Python<'_>, item: &Bound<'_, PyDict>) -> PyResult<bool> {
        let mut fields = fields_from_python(&Heap, item)?;
        let mut turn = self.turn(py)?;
        let open = &mut *turn;
        let mut message = Message::data(NOBODY, open.sequence);
        // As it was received: a number in the header. Anything else is a field like others.
        if let Some(Value::Int(btid)) = fields.get("btid") {
            message.header.btid = Some(*btid);
            fields.shift_remove("btid");
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        message.header.time_ns =
            now.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0));
        message.fields = fields;
        let recorder = open
            .recorder
            .as_mut()
            .ok_or_else(|| PyValueError::new_err("the recorder is closed: nothing can be saved"))?;
        let kept = py
            .detach(|| recorder.append_message(&message))
            .map_err(|error| errors::recording(&error))?;
        open.sequence += 1;
        Ok(kept)
    }

    /// Hands all that waits to the system.
    fn flush(&self, py: Python<'_>) -> PyResult<()> {
        let mut turn = self.turn(py)?;
        match &mut turn.recorder {
            Some(recorder) => py
                .detach(|| recorder.flush())
                .map_err(|error| errors::recording(&error)),
            None => Ok(()),
        }
    }

    /// How many items were kept, and how many dropped.
    fn recorded(&self, py: Python<'_>) -> PyResult<(u64, u64)> {
        let turn = self.turn(py)?;
        Ok(turn.recorder.as_ref().map_or(turn.recorded, |recorder| {
            let recorded = recorder.recorded();
            (recorded.messages, recorded.dropped)
        }))
    }

    /// Flushes and completes the file.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if errors::refuse_child(self.process).is_err() {
            return Ok(()); // it is the parent's to close
        }
        let mut turn = self.turn(py)?;
        let Some(recorder) = turn.recorder.take() else {
            return Ok(());
        };
        let recorded = py
            .detach(|| recorder.finish())
            .map_err(|error| errors::recording(&error))?;
        turn.recorded = (recorded.messages, recorded.dropped);
        Ok(())
    }
}
