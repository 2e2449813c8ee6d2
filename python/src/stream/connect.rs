//! A dataset of publishers, as both iterators open it.

use crate::errors;
use crate::fleet::liveness;
use crate::timeout::Timeout;
use btt::{DatasetOptions, Recorder, RecorderOptions, RemoteIterableDataset};
use pyo3::prelude::*;
use std::path::Path;

/// Connects, and records where that is asked for.
pub(super) fn connect(
    py: Python<'_>,
    addresses: &[String],
    queue_size: u32,
    timeout_ms: Timeout,
    max_items: Option<usize>,
    record: Option<&Path>,
) -> PyResult<RemoteIterableDataset> {
    let options = DatasetOptions {
        queue_size,
        timeout: timeout_ms.0,
        liveness: Some(liveness()),
        max_items,
        ..DatasetOptions::default()
    };
    py.detach(|| {
        let mut dataset = RemoteIterableDataset::connect(addresses, options)?;
        if let Some(path) = record {
            let options = RecorderOptions {
                max_messages: max_items.unwrap_or(usize::MAX),
                ..RecorderOptions::default()
            };
            dataset.record(Recorder::create(path, options)?);
        }
        Ok(dataset)
    })
    .map_err(|error| errors::consumer(&error))
}
