//! `ItemStream`: the items of a dataset, as dicts.

use super::books::Desk;
use super::stats::{receipts_to_json, stats_to_python};
use super::{SLICE, connect, ended, failed, turn};
use crate::errors;
use crate::memory::Memory;
use crate::recording::NOBODY;
use crate::timeout::Timeout;
use crate::values::{own_tensors, value_to_python};
use btt::{HeapAllocator, Item, RemoteIterableDataset, StatsHandle};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Mutex;

/// Iterates the items of many publishers, as dicts.
#[pyclass(frozen, module = "blendtorch._blendtorch")]
pub(super) struct ItemStream {
    stream: Mutex<Stream>,
    stats: StatsHandle,
    desk: Option<Desk>,
    process: u32,
}

struct Stream {
    dataset: RemoteIterableDataset,
    allocator: HeapAllocator,
}

#[pymethods]
impl ItemStream {
    #[new]
    #[pyo3(signature = (addresses, *, queue_size, timeout_ms, max_items, record=None, desk=None))]
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
        record: Option<PathBuf>,
        desk: Option<Bound<'_, Desk>>,
    ) -> PyResult<Self> {
        let record = record.as_deref();
        let dataset = connect(py, &addresses, queue_size, timeout_ms, max_items, record)?;
        Ok(Self {
            stats: dataset.stats_handle(),
            stream: Mutex::new(Stream {
                dataset,
                allocator: HeapAllocator::default(),
            }),
            desk: desk.map(|desk| desk.get().clone()),
            process: std::process::id(),
        })
    }

    fn __iter__(slf: Bound<'_, Self>) -> Bound<'_, Self> {
        slf
    }

    /// The next item; waits without the GIL. After an error the iteration may go on.
    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        errors::refuse_child(self.process)?;
        loop {
            let mut turn = turn(py, &self.stream);
            let stream = &mut *turn;
            let item = py.detach(|| {
                let item = stream.next_owned();
                if let Some(desk) = &self.desk {
                    desk.now_and_then(&self.stats);
                }
                item
            });
            match item.map_err(|error| failed(&error, self.desk.as_ref(), &self.stats))? {
                Some((item, owned)) => return item_to_python(py, &item, owned),
                None if stream.dataset.is_finished() => {
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

    /// Ends the iteration, and the recording.
    fn close(&self, py: Python<'_>) -> PyResult<()> {
        if errors::refuse_child(self.process).is_err() {
            return Ok(()); // it is the parent's to close
        }
        let mut turn = turn(py, &self.stream);
        let stream = &mut *turn;
        let recorded = py.detach(|| {
            let recorded = stream.dataset.finish_recording();
            stream.dataset.finish();
            recorded
        });
        if let Some(desk) = &self.desk {
            desk.end(&self.stats, None);
        }
        recorded.map(drop).map_err(|error| errors::consumer(&error))
    }
}

/// The tensors of an item, copied out of their publisher's memory, in order.
pub(crate) type Owned = VecDeque<Result<Memory, String>>;

impl Stream {
    fn next_owned(&mut self) -> Result<Option<(Item, Owned)>, btt::Error> {
        let Some(mut item) = self.dataset.next_leased(SLICE)? else {
            return Ok(None);
        };
        let mut owned = Owned::new();
        for value in item.fields.values_mut() {
            own_tensors(value, &mut self.allocator, &mut owned);
        }
        Ok(Some((item, owned)))
    }
}

/// An item as a dict: `btid`, and what was published.
pub(crate) fn item_to_python<'py>(
    py: Python<'py>,
    item: &Item,
    mut owned: Owned,
) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    // What was saved by hand comes back as it was, also without a btid.
    if item.header.btid.is_some() || item.header.publisher != NOBODY {
        dict.set_item("btid", item.header.btid)?;
    }
    for (name, value) in &item.fields {
        dict.set_item(name, value_to_python(py, value, &mut owned)?)?;
    }
    Ok(dict)
}
