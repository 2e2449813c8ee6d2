//! The data loader: a thread that assembles batches ahead of the training loop.
//!
//! Owns that thread and the finished batches that wait. How a batch is assembled is `crate::batch`'s.

mod options;
mod source;
mod worker;

pub use options::LoaderOptions;
pub use source::Source;

use crate::accounting::{Receipts, Stats, StatsHandle};
use crate::batch::{Assembler, Batch};
use crate::error::Error;
use crate::queue::Queue;
use crate::storage::{Allocator, HeapAllocator};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;
use worker::Worker;

/// Batches of a dataset, assembled in the background: each tensor is copied once, from where it
/// was received straight into the memory of its batch.
///
/// ```no_run
/// use btt::{DataLoader, DatasetOptions, LoaderOptions, RemoteIterableDataset};
///
/// let addresses = ["tcp://127.0.0.1:11000"];
/// let dataset = RemoteIterableDataset::connect(&addresses, DatasetOptions::default())?;
/// for batch in DataLoader::new(dataset, LoaderOptions::default())? {
///     let batch = batch?;
///     let image = batch.tensor("image").expect("the scene publishes images");
///     println!("{} {:?}", image.dtype, image.shape); // uint8 [8, 480, 640, 4]
/// }
/// # Ok::<(), btt::Error>(())
/// ```
#[derive(Debug)]
pub struct DataLoader<A: Allocator = HeapAllocator> {
    queue: Arc<Queue<Result<Batch<A::Storage>, Error>>>,
    stop: Arc<AtomicBool>,
    stats: StatsHandle,
    thread: Option<JoinHandle<()>>,
    /// The loader's thread lives in this process and in no child forked from it.
    process: u32,
}

impl DataLoader {
    /// A loader with batches in ordinary memory.
    ///
    /// # Errors
    /// As [`with_allocator`](Self::with_allocator).
    pub fn new(dataset: impl Into<Source>, options: LoaderOptions) -> Result<Self, Error> {
        Self::with_allocator(dataset, options, HeapAllocator::default())
    }
}

impl<A: Allocator> DataLoader<A> {
    /// A loader with batches in memory that `allocator` provides.
    ///
    /// # Errors
    /// [`Error::Thread`]; [`Error::Convert`] for a conversion that no image fits.
    pub fn with_allocator(
        dataset: impl Into<Source>,
        options: LoaderOptions,
        allocator: A,
    ) -> Result<Self, Error> {
        let dataset = dataset.into();
        let LoaderOptions {
            batch_size,
            drop_last,
            prefetch_bytes,
            convert,
            threads,
        } = options;
        let assembler = Assembler::new(batch_size, convert, threads, allocator)?;
        let queue = Arc::new(Queue::new(prefetch_bytes));
        let stop = Arc::new(AtomicBool::new(false));
        let stats = dataset.stats_handle();
        let worker = Worker {
            dataset,
            assembler,
            drop_last,
            queue: queue.clone(),
            stop: stop.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("btt-loader".into())
            .spawn(move || worker.run())
            .map_err(|error| Error::Thread(error.to_string()))?;
        Ok(Self {
            queue,
            stop,
            stats,
            thread: Some(thread),
            process: std::process::id(),
        })
    }

    /// What the dataset has seen so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats.get()
    }

    /// As [`RemoteIterableDataset::receipts`](crate::RemoteIterableDataset::receipts).
    #[must_use]
    pub fn receipts(&self) -> Receipts {
        self.stats.receipts()
    }

    /// Reads the counters while another thread iterates.
    #[must_use]
    pub fn stats_handle(&self) -> StatsHandle {
        self.stats.clone()
    }

    /// Waits up to `timeout` for the next batch. `None` when none came, or the stream has ended
    /// (then [`is_finished`](Self::is_finished) says so).
    ///
    /// # Errors
    /// As the dataset's, and [`Error::Collate`]. The iteration may go on after an error.
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<Batch<A::Storage>>, Error> {
        if self.is_inherited() {
            return Err(blendtorch_transport::Error::Forked.into());
        }
        self.queue.pop_timeout(timeout).transpose()
    }

    /// The next batch for a task: see [`BatchStream`](crate::BatchStream).
    pub(crate) fn poll_next(
        &mut self,
        context: &Context<'_>,
    ) -> Poll<Option<Result<Batch<A::Storage>, Error>>> {
        if self.is_inherited() {
            return Poll::Ready(Some(Err(blendtorch_transport::Error::Forked.into())));
        }
        self.queue.poll_pop(context)
    }

    /// Whether every batch has been delivered. In a forked child, false: ask the parent.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !self.is_inherited() && self.queue.is_finished()
    }

    /// Ends the iteration. Items that were received and not delivered count as discarded.
    ///
    /// # Errors
    /// [`Error::Thread`] if the loader's thread had panicked.
    pub fn close(&mut self) -> Result<(), Error> {
        if self.is_inherited() {
            // No thread to join, and locks that it may have held for ever.
            std::mem::forget(self.thread.take());
            return Ok(());
        }
        self.stop.store(true, Ordering::Release);
        let left: usize = self.queue.close().iter().flatten().map(Batch::len).sum();
        self.stats.lock().stats.discarded += left as u64;
        match self.thread.take().map(JoinHandle::join) {
            Some(Err(_)) => Err(Error::Thread(
                "panicked: this is a bug in blendtorch".into(),
            )),
            _ => Ok(()),
        }
    }

    fn is_inherited(&self) -> bool {
        self.process != std::process::id()
    }
}

impl<A: Allocator> Iterator for DataLoader<A> {
    type Item = Result<Batch<A::Storage>, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.is_finished() {
            if let Some(next) = self.next_timeout(Duration::from_secs(3600)).transpose() {
                return Some(next);
            }
        }
        None
    }
}

impl<A: Allocator> Drop for DataLoader<A> {
    fn drop(&mut self) {
        // A panic of the thread has been printed by itself.
        let _ = self.close();
    }
}
