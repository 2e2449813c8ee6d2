//! `ItemStream`: the items of a dataset, as dicts.

use super::books::Desk;
use super::connect::{Follow, connect, go_on};
use super::turns::{Source, Turns};
use crate::timeout::{SLICE, Timeout};
use crate::values::{Owned, item_to_python, own_item};
use btt::{Error, HeapAllocator, Item, RemoteIterableDataset};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::PathBuf;

/// Iterates the items of many publishers, as dicts.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
pub(super) struct ItemStream {
    items: Turns<Items>,
}

/// Items, and where their tensors are copied to.
struct Items {
    dataset: RemoteIterableDataset,
    allocator: HeapAllocator,
}

impl Source for Items {
    type Next = (Item, Owned);

    fn next(&mut self) -> Result<Option<(Item, Owned)>, Error> {
        let Some(mut item) = self.dataset.next_leased(SLICE)? else {
            return Ok(None);
        };
        let owned = own_item(&mut item, &mut self.allocator);
        Ok(Some((item, owned)))
    }

    fn is_finished(&self) -> bool {
        self.dataset.is_finished()
    }

    fn close(&mut self) -> Result<(), Error> {
        let recorded = self.dataset.finish_recording();
        self.dataset.finish();
        recorded.map(drop)
    }
}

#[pymethods]
impl ItemStream {
    #[new]
    #[pyo3(signature = (
        addresses, *, follow=None, queue_size, timeout_ms, max_items, record=None, desk=None
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
        record: Option<PathBuf>,
        desk: Option<Bound<'_, Desk>>,
    ) -> PyResult<Self> {
        let record = record.as_deref();
        let dataset = connect(
            py, &addresses, follow, queue_size, timeout_ms, max_items, record,
        )?;
        let stats = dataset.stats_handle();
        let items = Items {
            dataset,
            allocator: HeapAllocator::default(),
        };
        Ok(Self {
            items: Turns::new(items, stats, desk),
        })
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// The next item; waits without the GIL. After an error the iteration may go on.
    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.items.next(py, |(item, owned): (Item, Owned)| {
            item_to_python(py, &item, owned).inspect_err(|_| self.items.count_discarded(1))
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
        self.items.next_epoch(py, desk, move |items| {
            go_on(&mut items.dataset, max_items, record.as_deref())
        })
    }

    /// Whether the iteration has ended; in a forked child, false.
    fn is_finished(&self, py: Python<'_>) -> bool {
        self.items.is_finished(py)
    }

    /// Counters; see the stub.
    fn stats<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        self.items.stats(py)
    }

    /// The sequence numbers received, as JSON.
    fn receipts(&self) -> PyResult<String> {
        self.items.receipts()
    }

    /// Ends the iteration for good, and the recording.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        self.items.close(py)
    }
}
