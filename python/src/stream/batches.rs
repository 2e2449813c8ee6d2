//! `BatchStream`: the batches of a dataset, as dicts of `Memory` and lists.

use super::books::Desk;
use super::images::{ImageTransform, conversions};
use super::items::Owned;
use super::stats::{receipts_to_json, stats_to_python};
use super::{SLICE, connect, ended, failed, turn};
use crate::errors;
use crate::memory::Memory;
use crate::recording::NOBODY;
use crate::timeout::Timeout;
use crate::values::{own_tensors, value_to_python};
use btt::{
    Allocator, Batch, Column, DType, DataLoader, Header, HeapAllocator, LoaderOptions,
    RecordedDataset, Source, StatsHandle, Storage, TensorColumn,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock};

/// Iterates the batches of many publishers, as dicts of `Memory` and lists.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
pub(super) struct BatchStream {
    loader: Mutex<DataLoader<HeapAllocator>>,
    stats: StatsHandle,
    /// Whether the instances' numbers are a tensor: the first batch that has any decides.
    numbered: OnceLock<bool>,
    desk: Option<Desk>,
    process: u32,
}

#[pymethods]
impl BatchStream {
    #[new]
    #[pyo3(signature = (
        addresses, *, queue_size, timeout_ms, max_items, batch_size, drop_last, prefetch_bytes,
        record=None, transform=Vec::new(), threads=0, desk=None
    ))]
    #[allow(
        clippy::too_many_arguments,
        clippy::needless_pass_by_value,
        reason = "keywords of Python"
    )]
    fn new(
        py: Python<'_>,
        addresses: Vec<String>,
        queue_size: u32,
        timeout_ms: Timeout,
        max_items: Option<usize>,
        batch_size: usize,
        drop_last: bool,
        prefetch_bytes: usize,
        record: Option<PathBuf>,
        transform: Vec<(String, ImageTransform)>,
        threads: usize,
        desk: Option<Bound<'_, Desk>>,
    ) -> PyResult<Self> {
        let options = LoaderOptions {
            batch_size,
            drop_last,
            prefetch_bytes,
            convert: conversions(transform),
            threads,
        };
        let record = record.as_deref();
        let dataset = connect(py, &addresses, queue_size, timeout_ms, max_items, record)?;
        Self::load(dataset, options, desk.map(|desk| desk.get().clone()))
    }

    /// The batches of recordings, in their order or shuffled by a seed.
    #[staticmethod]
    #[pyo3(signature = (
        paths, *, seed, batch_size, drop_last, prefetch_bytes, transform=Vec::new(), threads=0,
        desk=None
    ))]
    #[allow(
        clippy::too_many_arguments,
        clippy::needless_pass_by_value,
        reason = "keywords of Python"
    )]
    fn replay(
        py: Python<'_>,
        paths: Vec<PathBuf>,
        seed: Option<u64>,
        batch_size: usize,
        drop_last: bool,
        prefetch_bytes: usize,
        transform: Vec<(String, ImageTransform)>,
        threads: usize,
        desk: Option<Bound<'_, Desk>>,
    ) -> PyResult<Self> {
        let options = LoaderOptions {
            batch_size,
            drop_last,
            prefetch_bytes,
            convert: conversions(transform),
            threads,
        };
        let dataset = py
            .detach(|| RecordedDataset::open(&paths))
            .map_err(|error| errors::recording(&error))?;
        let dataset = match seed {
            Some(seed) => dataset.shuffled(seed),
            None => dataset,
        };
        Self::load(dataset, options, desk.map(|desk| desk.get().clone()))
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// The next batch; waits without the GIL. After an error the iteration may go on.
    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        errors::refuse_child(self.process)?;
        loop {
            let mut turn = turn(py, &self.loader);
            let loader = &mut *turn;
            let batch = py.detach(|| {
                let batch = loader.next_timeout(SLICE);
                if let Some(desk) = &self.desk {
                    desk.now_and_then(&self.stats);
                }
                batch
            });
            match batch.map_err(|error| failed(&error, self.desk.as_ref(), &self.stats))? {
                Some(batch) => {
                    let items = batch.len();
                    return batch_to_python(py, batch, &self.numbered)
                        .inspect_err(|_| self.stats.count_discarded(items));
                }
                None if loader.is_finished() => {
                    return Err(ended(self.desk.as_ref(), &self.stats));
                }
                None => {}
            }
            drop(turn);
            py.check_signals()?;
        }
    }

    /// Counters; see the stub.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats_to_python(py, &self.stats.get())
    }

    /// The sequence numbers received, as JSON.
    fn receipts(&self) -> PyResult<String> {
        receipts_to_json(&self.stats)
    }

    /// Ends the iteration.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if errors::refuse_child(self.process).is_err() {
            return Ok(()); // it is the parent's to close
        }
        let mut turn = turn(py, &self.loader);
        let loader = &mut *turn;
        let closed = py.detach(|| loader.close());
        if let Some(desk) = &self.desk {
            desk.end(&self.stats, None);
        }
        closed.map_err(|error| errors::consumer(&error))
    }
}

impl BatchStream {
    fn load(
        dataset: impl Into<Source>,
        options: LoaderOptions,
        desk: Option<Desk>,
    ) -> PyResult<Self> {
        let loader = DataLoader::new(dataset, options).map_err(|error| errors::consumer(&error))?;
        Ok(Self {
            stats: loader.stats_handle(),
            loader: Mutex::new(loader),
            numbered: OnceLock::new(),
            desk,
            process: std::process::id(),
        })
    }
}

fn batch_to_python<'py>(
    py: Python<'py>,
    batch: Batch,
    numbered: &OnceLock<bool>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let by_hand = |h: &Header| h.btid.is_none() && h.publisher == NOBODY;
    if !batch.headers.iter().all(by_hand) {
        let column = btids(&batch.headers);
        match (*numbered.get_or_init(|| column.is_some()), column) {
            (true, Some(column)) => dict.set_item("btid", Memory::new(column))?,
            (true, None) => {
                return Err(PyValueError::new_err(
                    "a publisher without btid, where all before it had one: give each its number, or \
                     none",
                ));
            }
            (false, _) => {
                let btids = batch.headers.iter().map(|header| header.btid);
                dict.set_item("btid", PyList::new(py, btids.collect::<Vec<_>>())?)?;
            }
        }
    }
    for (name, column) in batch.columns {
        match column {
            Column::Tensor(tensor) => dict.set_item(name, Memory::new(tensor))?,
            Column::Values(mut values) => {
                let mut owned = Owned::new();
                let mut allocator = HeapAllocator::default();
                values
                    .iter_mut()
                    .for_each(|value| own_tensors(value, &mut allocator, &mut owned));
                let list = PyList::empty(py);
                for value in &values {
                    list.append(value_to_python(py, value, &mut owned)?)?;
                }
                dict.set_item(name, list)?;
            }
        }
    }
    Ok(dict)
}

/// The instances' numbers as a tensor, if all have one.
fn btids(headers: &[Header]) -> Option<TensorColumn> {
    let btids: Vec<i64> = headers.iter().map(|h| h.btid).collect::<Option<_>>()?;
    let shape = vec![btids.len()];
    let mut storage = HeapAllocator::default().allocate(DType::I64, &shape).ok()?;
    for (bytes, btid) in storage.bytes_mut().chunks_exact_mut(8).zip(&btids) {
        bytes.copy_from_slice(&btid.to_le_bytes());
    }
    Some(TensorColumn {
        dtype: DType::I64,
        shape,
        storage,
    })
}
