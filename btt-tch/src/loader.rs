//! The loader of tensor batches.

use crate::batch::TensorBatch;
use crate::storage::TchAllocator;
use btt::{DataLoader, Error, LoaderOptions, Source, Stats};
use std::time::Duration;

/// Batches of a dataset as tensors, assembled in the background. It is a [`btt::DataLoader`] whose
/// memory is torch's.
#[derive(Debug)]
pub struct TchLoader {
    inner: DataLoader<TchAllocator>,
}

impl TchLoader {
    /// Starts loading.
    ///
    /// # Errors
    /// [`Error::Thread`].
    pub fn new(dataset: impl Into<Source>, options: LoaderOptions) -> Result<Self, Error> {
        let inner = DataLoader::with_allocator(dataset, options, TchAllocator::default())?;
        Ok(Self { inner })
    }

    /// What the dataset has seen so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.inner.stats()
    }

    /// Waits up to `timeout` for the next batch. `None` when none came, or the stream has ended
    /// (then [`is_finished`](Self::is_finished) says so).
    ///
    /// # Errors
    /// As the dataset's, and [`Error::Collate`], also for a field whose dtype `tch` lacks (see
    /// [`kind`](crate::kind)). The iteration may go on after an error.
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<TensorBatch>, Error> {
        Ok(self.inner.next_timeout(timeout)?.map(TensorBatch::from))
    }

    /// Begins the next epoch, over the same connections: see [`DataLoader::next_epoch`]. False where
    /// nothing more will come.
    ///
    /// # Errors
    /// As there.
    pub fn next_epoch(&mut self) -> Result<bool, Error> {
        self.inner.next_epoch()
    }

    /// What is batched, between two epochs: see [`DataLoader::source`].
    pub fn source(&mut self) -> Option<&mut Source> {
        self.inner.source()
    }

    /// Whether every batch has been delivered.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.inner.is_finished()
    }

    /// Ends the iteration for good. Items that were received and not delivered count as discarded.
    ///
    /// # Errors
    /// [`Error::Thread`] if the loader's thread had panicked.
    pub fn close(&mut self) -> Result<(), Error> {
        self.inner.close()
    }
}

impl Iterator for TchLoader {
    type Item = Result<TensorBatch, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        Some(self.inner.next()?.map(TensorBatch::from))
    }
}
