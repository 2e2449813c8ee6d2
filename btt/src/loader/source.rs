//! Where a loader's items come from: publishers, or files.

use crate::accounting::StatsHandle;
use crate::dataset::{RemoteIterableDataset, Wait};
use crate::error::Error;
use crate::record::RecordedDataset;
use std::time::Duration;

/// A dataset that a [`DataLoader`](crate::DataLoader) batches.
#[derive(Debug)]
#[non_exhaustive]
pub enum Source {
    /// What publishers send.
    Remote(Box<RemoteIterableDataset>),
    /// What was recorded.
    Recorded(RecordedDataset),
}

impl From<RemoteIterableDataset> for Source {
    fn from(dataset: RemoteIterableDataset) -> Self {
        Self::Remote(Box::new(dataset))
    }
}

impl From<RecordedDataset> for Source {
    fn from(dataset: RecordedDataset) -> Self {
        Self::Recorded(dataset)
    }
}

impl Source {
    pub(super) fn wait(&mut self, timeout: Duration) -> Result<Wait, Error> {
        match self {
            Self::Remote(dataset) => dataset.wait(timeout),
            Self::Recorded(dataset) => Ok(match dataset.next_message().transpose()? {
                Some(message) => Wait::Sample {
                    message,
                    leased: true,
                },
                None => Wait::End,
            }),
        }
    }

    /// Begins the next epoch; false where nothing more will come.
    pub(super) fn next_epoch(&mut self) -> bool {
        match self {
            Self::Remote(dataset) => dataset.next_epoch(),
            Self::Recorded(_) => false,
        }
    }

    pub(super) fn finish(&mut self) {
        if let Self::Remote(dataset) = self {
            dataset.finish();
        }
    }

    /// Finishes what the dataset records, if it does.
    pub(super) fn finish_recording(&mut self) -> Result<(), Error> {
        match self {
            Self::Remote(dataset) => dataset.finish_recording().map(drop),
            Self::Recorded(_) => Ok(()),
        }
    }

    /// What is to be told behind the last item.
    pub(super) fn take_failure(&mut self) -> Option<Error> {
        match self {
            Self::Remote(dataset) => dataset.take_failure(),
            Self::Recorded(_) => None,
        }
    }

    pub(super) fn stats_handle(&self) -> StatsHandle {
        match self {
            Self::Remote(dataset) => dataset.stats_handle(),
            Self::Recorded(dataset) => dataset.stats_handle(),
        }
    }
}
