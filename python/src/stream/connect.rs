//! A dataset of publishers, as both iterators open it and go on with it: of those at addresses that
//! are given, or that stand in a launch info.

use crate::errors;
use crate::fleet::liveness;
use crate::timeout::Timeout;
use btt::{DatasetOptions, Error, Following, Recorder, RecorderOptions, RemoteIterableDataset};
use pyo3::prelude::*;
use std::path::{Path, PathBuf};

/// A launch info that is followed, and the name of the socket.
pub(super) type Follow = Option<(PathBuf, String)>;

/// Connects, and records where that is asked for.
pub(super) fn connect(
    py: Python<'_>,
    addresses: &[String],
    follow: Follow,
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
        let mut dataset = match follow {
            Some((file, socket)) => {
                RemoteIterableDataset::follow(Following::new(file, socket), options)?
            }
            None => RemoteIterableDataset::connect(addresses, options)?,
        };
        if let Some(path) = record {
            dataset.record(recorder(path, max_items)?);
        }
        Ok(dataset)
    })
    .map_err(|error| errors::consumer(&error))
}

/// Begins the next epoch, and another recording where that is asked for; false where nothing more
/// will come. After an error it may be begun again.
pub(super) fn go_on(
    dataset: &mut RemoteIterableDataset,
    max_items: Option<usize>,
    record: Option<&Path>,
) -> Result<bool, Error> {
    // First: a file that is there is replaced only by who has something to record.
    if !dataset.next_epoch() {
        return Ok(false);
    }
    dataset.set_max_items(max_items);
    if let Some(path) = record {
        dataset.record(recorder(path, max_items)?);
    }
    Ok(true)
}

fn recorder(path: &Path, max_items: Option<usize>) -> Result<Recorder, Error> {
    let options = RecorderOptions {
        max_messages: max_items.unwrap_or(usize::MAX),
        ..RecorderOptions::default()
    };
    Ok(Recorder::create(path, options)?)
}
