//! `Recording`: items of a file as dicts.

use crate::errors;
use crate::values::{item_to_python, own_item};
use btt::{HeapAllocator, Recording};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;

/// Reads items by their number. It may be used in a child forked after it was opened.
#[pyclass(name = "Recording", frozen, module = "blendtorch._blendtorch")]
pub(super) struct PyRecording {
    recording: Recording,
    allocator: HeapAllocator,
}

#[pymethods]
impl PyRecording {
    #[new]
    fn new(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let recording = py.detach(|| Recording::open(path));
        Ok(Self {
            recording: recording.map_err(|error| errors::recording(&error))?,
            allocator: HeapAllocator::default(),
        })
    }

    fn __len__(&self) -> usize {
        self.recording.len()
    }

    /// An item as a dict.
    fn read<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyDict>> {
        let read = py.detach(|| {
            let mut item = self.recording.get_shared(index)?;
            let owned = own_item(&mut item, &mut self.allocator.clone());
            Ok((item, owned))
        });
        let (item, owned) = read.map_err(|error| errors::recording(&error))?;
        item_to_python(py, &item, owned)
    }

    /// Who sent an item and which one it is.
    fn header<'py>(&self, py: Python<'py>, index: usize) -> PyResult<Bound<'py, PyDict>> {
        let item = py
            .detach(|| self.recording.get_shared(index))
            .map_err(|error| errors::recording(&error))?;
        let header = PyDict::new(py);
        header.set_item("publisher", item.header.publisher)?;
        header.set_item("sequence", item.header.sequence)?;
        header.set_item("btid", item.header.btid)?;
        header.set_item("episode", item.header.episode)?;
        header.set_item("sample", item.header.sample)?;
        header.set_item("time_ns", item.header.time_ns)?;
        Ok(header)
    }

    /// Where the file is damaged or cut off, in words, if that was seen when it was opened.
    fn damage(&self) -> Option<String> {
        self.recording.damage().map(ToString::to_string)
    }

    /// Reads the whole file and checks every checksum.
    fn verify(&self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.recording.verify())
            .map_err(|error| errors::recording(&error))
    }
}
