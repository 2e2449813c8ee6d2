//! The data loader: a thread that assembles batches ahead of the training loop.
//!
//! Owns that thread, the finished batches that wait, and between two epochs what the thread had. How a
//! batch is assembled is `crate::batch`'s.

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
use worker::{Tools, Worker};

/// What goes from the loader's thread to the loop.
type Batches<A> = Queue<Result<Batch<<A as Allocator>::Storage>, Error>>;

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
pub struct DataLoader<A: Allocator = HeapAllocator> {
    queue: Arc<Batches<A>>,
    stop: Arc<AtomicBool>,
    stats: StatsHandle,
    thread: Option<JoinHandle<Tools<A>>>,
    /// What the thread had, between two epochs.
    tools: Option<Tools<A>>,
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
        let mut loader = Self {
            queue: Arc::new(Queue::new(prefetch_bytes)),
            stop: Arc::default(),
            stats: dataset.stats_handle(),
            thread: None,
            tools: None,
            process: std::process::id(),
        };
        loader.start(Tools {
            dataset,
            assembler,
            drop_last,
        })?;
        Ok(loader)
    }

    /// Begins the next epoch, as
    /// [`RemoteIterableDataset::next_epoch`](crate::RemoteIterableDataset::next_epoch): `max_items`
    /// more in batches, over the same connections. A batch holds items of one epoch: the last one
    /// may have fewer, or with [`drop_last`](LoaderOptions::drop_last) its items count as discarded.
    /// In an epoch that is not over, the batches that wait, and the items of the one that is being
    /// assembled, count as discarded. False where nothing more will come, as from recordings that
    /// have been read.
    ///
    /// # Errors
    /// [`Error::Thread`]; that the sockets are another process's.
    pub fn next_epoch(&mut self) -> Result<bool, Error> {
        if self.is_inherited() {
            return Err(blendtorch_transport::Error::Forked.into());
        }
        self.stop()?;
        let goes_on = |tools: &mut Tools<A>| tools.dataset.next_epoch();
        let Some(tools) = self.tools.take_if(goes_on) else {
            return Ok(false);
        };
        self.queue = Arc::new(Queue::new(self.queue.limit()));
        self.stop = Arc::default();
        self.start(tools)?;
        Ok(true)
    }

    /// What is batched, between two epochs: then it may be given another `max_items`, or a recorder.
    /// `None` while the loader's thread has it, and once the loader is closed.
    pub fn source(&mut self) -> Option<&mut Source> {
        if self.is_finished() {
            self.join().ok()?;
        }
        self.tools.as_mut().map(|tools| &mut tools.dataset)
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

    /// Ends the iteration for good. Items that were received and not delivered count as discarded.
    ///
    /// # Errors
    /// [`Error::Thread`] if the loader's thread had panicked.
    pub fn close(&mut self) -> Result<(), Error> {
        if self.is_inherited() {
            // No thread to join, and locks that it or others may have held for ever.
            std::mem::forget((self.thread.take(), self.tools.take()));
            return Ok(());
        }
        let stopped = self.stop();
        if let Some(mut tools) = self.tools.take() {
            tools.dataset.finish();
        }
        stopped
    }

    /// Starts the thread.
    fn start(&mut self, tools: Tools<A>) -> Result<(), Error> {
        let worker = Worker {
            tools,
            queue: self.queue.clone(),
            stop: self.stop.clone(),
        };
        let thread = std::thread::Builder::new()
            .name("btt-loader".into())
            .spawn(move || worker.run())
            .map_err(|error| Error::Thread(error.to_string()))?;
        self.thread = Some(thread);
        Ok(())
    }

    /// Ends the thread, and counts what had not been delivered.
    fn stop(&mut self) -> Result<(), Error> {
        self.stop.store(true, Ordering::Release);
        let left: usize = self.queue.close().iter().flatten().map(Batch::len).sum();
        self.stats.lock().stats.discarded += left as u64;
        self.join()
    }

    /// Waits for the thread, and takes back what it had.
    fn join(&mut self) -> Result<(), Error> {
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(tools)) => self.tools = Some(tools),
            Some(Err(_)) => {
                return Err(Error::Thread(
                    "panicked: this is a bug in blendtorch".into(),
                ));
            }
            None => {}
        }
        Ok(())
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

impl<A: Allocator> std::fmt::Debug for DataLoader<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataLoader").finish_non_exhaustive()
    }
}

impl<A: Allocator> Drop for DataLoader<A> {
    fn drop(&mut self) {
        // A panic of the thread has been printed by itself.
        let _ = self.close();
    }
}
