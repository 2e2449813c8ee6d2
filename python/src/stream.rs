//! Python bindings of `btt`: an iterator of items, an iterator of batches.

use crate::errors;
use crate::memory::Memory;
use crate::values::{own_tensors, value_to_python};
use btt::{
    Batch, Column, DType, DataLoader, DatasetOptions, Header, HeapAllocator, Item, LoaderOptions,
    RemoteIterableDataset, Stats, Storage, TensorColumn,
};
use pyo3::exceptions::PyStopIteration;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::collections::VecDeque;
use std::time::Duration;

/// Waits are interrupted this often to serve signals.
const SLICE: Duration = Duration::from_millis(100);

fn connect(
    py: Python<'_>,
    addresses: &[String],
    queue_size: u32,
    timeout_ms: u64,
    max_items: Option<usize>,
) -> PyResult<RemoteIterableDataset> {
    let options = DatasetOptions {
        queue_size,
        timeout: Duration::from_millis(timeout_ms),
        max_items,
        ..DatasetOptions::default()
    };
    py.detach(|| RemoteIterableDataset::connect(addresses, options))
        .map_err(|error| errors::consumer(&error))
}

/// Iterates the items of many publishers, as dicts.
#[pyclass(name = "ItemStream", module = "blendtorch._blendtorch")]
pub(crate) struct ItemStream {
    dataset: RemoteIterableDataset,
    allocator: HeapAllocator,
}

#[pymethods]
impl ItemStream {
    #[new]
    #[pyo3(signature = (addresses, *, queue_size, timeout_ms, max_items))]
    #[allow(clippy::needless_pass_by_value, reason = "extracted from Python")]
    fn new(
        py: Python<'_>,
        addresses: Vec<String>,
        queue_size: u32,
        timeout_ms: u64,
        max_items: Option<usize>,
    ) -> PyResult<Self> {
        Ok(Self {
            dataset: connect(py, &addresses, queue_size, timeout_ms, max_items)?,
            allocator: HeapAllocator::default(),
        })
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// The next item; waits without the GIL.
    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        loop {
            let (dataset, allocator) = (&mut self.dataset, &mut self.allocator);
            let item = py
                .detach(|| next_owned(dataset, allocator))
                .map_err(|error| errors::consumer(&error))?;
            if let Some((item, owned)) = item {
                return item_to_python(py, &item, owned);
            }
            if self.dataset.is_finished() {
                return Err(PyStopIteration::new_err(()));
            }
            py.check_signals()?;
        }
    }

    /// Counters; see the stub.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats_to_python(py, &self.dataset.stats())
    }

    /// Ends the iteration.
    fn close(&mut self, py: Python<'_>) {
        py.detach(|| self.dataset.finish());
    }
}

type Owned = VecDeque<Result<Memory, String>>;

fn next_owned(
    dataset: &mut RemoteIterableDataset,
    allocator: &mut HeapAllocator,
) -> Result<Option<(Item, Owned)>, btt::Error> {
    let Some(mut item) = dataset.next_leased(SLICE)? else {
        return Ok(None);
    };
    let mut owned = Owned::new();
    for value in item.fields.values_mut() {
        own_tensors(value, allocator, &mut owned);
    }
    Ok(Some((item, owned)))
}

fn item_to_python<'py>(
    py: Python<'py>,
    item: &Item,
    mut owned: Owned,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("btid", item.header.btid)?;
    for (name, value) in &item.fields {
        dict.set_item(name, value_to_python(py, value, &mut owned)?)?;
    }
    Ok(dict)
}

/// Iterates the batches of many publishers, as dicts of `Memory` and lists.
#[pyclass(name = "BatchStream", module = "blendtorch._blendtorch")]
pub(crate) struct BatchStream(DataLoader<HeapAllocator>);

#[pymethods]
impl BatchStream {
    #[new]
    #[pyo3(signature = (
        addresses, *, queue_size, timeout_ms, max_items, batch_size, drop_last, prefetch_bytes
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
        timeout_ms: u64,
        max_items: Option<usize>,
        batch_size: usize,
        drop_last: bool,
        prefetch_bytes: usize,
    ) -> PyResult<Self> {
        let dataset = connect(py, &addresses, queue_size, timeout_ms, max_items)?;
        let options = LoaderOptions {
            batch_size,
            drop_last,
            prefetch_bytes,
        };
        let loader = DataLoader::new(dataset, options).map_err(|error| errors::consumer(&error))?;
        Ok(Self(loader))
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// The next batch; waits without the GIL.
    fn __next__<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        loop {
            let loader = &mut self.0;
            let batch = py.detach(|| loader.next_timeout(SLICE));
            if let Some(batch) = batch.map_err(|error| errors::consumer(&error))? {
                return batch_to_python(py, batch);
            }
            if self.0.is_finished() {
                return Err(PyStopIteration::new_err(()));
            }
            py.check_signals()?;
        }
    }

    /// Counters; see the stub.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        stats_to_python(py, &self.0.stats())
    }

    /// Ends the iteration.
    fn close(&mut self, py: Python<'_>) -> PyResult<()> {
        py.detach(|| self.0.close())
            .map_err(|error| errors::consumer(&error))
    }
}

fn batch_to_python(py: Python<'_>, batch: Batch) -> PyResult<Bound<'_, PyDict>> {
    let dict = PyDict::new(py);
    match btids(&batch.headers) {
        Some(column) => dict.set_item("btid", Memory::new(column))?,
        None => {
            let btids = batch.headers.iter().map(|header| header.btid);
            dict.set_item("btid", PyList::new(py, btids.collect::<Vec<_>>())?)?;
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
    use btt::Allocator;
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

fn stats_to_python<'py>(py: Python<'py>, stats: &Stats) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    for (name, value) in [
        ("received", stats.received),
        ("duplicated", stats.duplicated),
        ("reordered", stats.reordered),
        ("missing", stats.missing),
        ("malformed", stats.malformed),
        ("discarded", stats.discarded),
        ("bytes", stats.bytes),
        ("shm_bytes", stats.shm_bytes),
        ("ended", stats.ended),
    ] {
        dict.set_item(name, value)?;
    }
    dict.set_item("blocked", stats.blocked.as_secs_f64())?;
    let publishers = PyList::empty(py);
    for publisher in &stats.publishers {
        let entry = PyDict::new(py);
        entry.set_item("publisher", publisher.publisher)?;
        entry.set_item("btid", publisher.btid)?;
        entry.set_item("received", publisher.received)?;
        entry.set_item("duplicated", publisher.duplicated)?;
        entry.set_item("reordered", publisher.reordered)?;
        entry.set_item("missing", publisher.missing)?;
        entry.set_item("ended", publisher.ended)?;
        publishers.append(entry)?;
    }
    dict.set_item("publishers", publishers)?;
    Ok(dict)
}

/// Adds this module's classes to `_blendtorch`.
pub(crate) fn register(module: &Bound<'_, PyModule>) -> PyResult<()> {
    module.add_class::<Memory>()?;
    module.add_class::<ItemStream>()?;
    module.add_class::<BatchStream>()
}
