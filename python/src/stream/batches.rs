//! `BatchStream`: the batches of a dataset, as dicts of `Memory` and lists.

use super::books::Desk;
use super::connect::{Follow, connect, go_on};
use super::images::{ImageTransform, conversions};
use super::turns::{Source, Turns};
use crate::errors;
use crate::memory::Memory;
use crate::timeout::{SLICE, Timeout};
use crate::values::{Owned, is_by_hand, own_tensors, value_to_python};
use btt::{
    Allocator, Batch, Column, DType, DataLoader, Error, Header, HeapAllocator, LoaderOptions,
    RecordedDataset, Storage, TensorColumn,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Iterates the batches of many publishers, as dicts of `Memory` and lists.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
pub(super) struct BatchStream {
    batches: Turns<DataLoader>,
    /// Whether the instances' numbers are a tensor: the first batch that has any decides.
    numbered: OnceLock<bool>,
}

impl Source for DataLoader {
    type Next = Batch;

    fn next(&mut self) -> Result<Option<Batch>, Error> {
        self.next_timeout(SLICE)
    }

    fn is_finished(&self) -> bool {
        Self::is_finished(self) // its own
    }

    fn close(&mut self) -> Result<(), Error> {
        Self::close(self)
    }
}

#[pymethods]
impl BatchStream {
    #[new]
    #[pyo3(signature = (
        addresses, *, follow=None, queue_size, timeout_ms, max_items, batch_size, drop_last,
        prefetch_bytes, record=None, transform=Vec::new(), threads=0, desk=None
    ))]
    #[allow(
        clippy::too_many_arguments,
        clippy::needless_pass_by_value,
        reason = "keywords of Python"
    )]
    fn new(
        py: Python<'_>,
        addresses: Vec<String>,
        follow: Follow,
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
        let dataset = connect(
            py, &addresses, follow, queue_size, timeout_ms, max_items, record,
        )?;
        Self::load(dataset, options, desk)
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
        Self::load(dataset, options, desk)
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// The next batch; waits without the GIL. After an error the iteration may go on.
    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.batches.next(py, |batch| {
            let items = batch.len();
            batch_to_python(py, batch, &self.numbered)
                .inspect_err(|_| self.batches.count_discarded(items))
        })
    }

    /// Begins the next epoch over the same connections; see the stub.
    #[pyo3(signature = (*, max_items, record=None, desk=None))]
    fn next_epoch(
        &self,
        py: Python<'_>,
        max_items: Option<usize>,
        record: Option<PathBuf>,
        desk: Option<Bound<'_, Desk>>,
    ) -> PyResult<bool> {
        self.batches.next_epoch(py, desk, move |loader| {
            let Some(btt::Source::Remote(dataset)) = loader.source() else {
                return Ok(false);
            };
            Ok(go_on(dataset, max_items, record.as_deref())? && loader.next_epoch()?)
        })
    }

    /// Whether the iteration has ended; in a forked child, false.
    fn is_finished(&self, py: Python<'_>) -> bool {
        self.batches.is_finished(py)
    }

    /// Counters; see the stub.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.batches.stats(py)
    }

    /// The sequence numbers received, as JSON.
    fn receipts(&self) -> PyResult<String> {
        self.batches.receipts()
    }

    /// Ends the iteration for good.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.batches.close(py)
    }
}

impl BatchStream {
    fn load(
        dataset: impl Into<btt::Source>,
        options: LoaderOptions,
        desk: Option<Bound<'_, Desk>>,
    ) -> PyResult<Self> {
        let loader = DataLoader::new(dataset, options).map_err(|error| errors::consumer(&error))?;
        let stats = loader.stats_handle();
        Ok(Self {
            batches: Turns::new(loader, stats, desk),
            numbered: OnceLock::new(),
        })
    }
}

fn batch_to_python<'py>(
    py: Python<'py>,
    batch: Batch,
    numbered: &OnceLock<bool>,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    if !batch.headers.iter().all(is_by_hand) {
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
