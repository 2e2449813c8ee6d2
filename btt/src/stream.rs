//! The same streams for asynchronous programs: [`futures_core::Stream`]s, in whatever executor.
//!
//! Owns the thread that waits for items in a task's stead; batches have one already. It must never
//! block a task: waits are wake-ups, and dropping a stream waits for nothing longer than a slice.

use crate::accounting::{Receipts, Stats, StatsHandle};
use crate::batch::Batch;
use crate::dataset::RemoteIterableDataset;
use crate::error::Error;
use crate::item::Item;
use crate::loader::DataLoader;
use crate::queue::{FinishOnDrop, Queue};
use crate::storage::{Allocator, HeapAllocator};
use futures_core::Stream;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

/// Items that may wait for the task.
const AHEAD: usize = 4;
/// How often the thread looks whether it is still wanted.
const SLICE: Duration = Duration::from_millis(100);

/// The items of a dataset, as [`RemoteIterableDataset::into_stream`] gives them. At most four wait
/// for the task; then publishers are held back. After a time-out or a message that is not ours the
/// stream goes on; it ends with its publishers, or after `max_items` until the
/// [next epoch](Self::next_epoch).
#[derive(Debug)]
pub struct ItemStream {
    queue: Arc<Queue<Result<Item, Error>>>,
    stats: StatsHandle,
    /// Of an epoch; it hands the dataset back.
    thread: Option<JoinHandle<RemoteIterableDataset>>,
}

/// The batches of a loader, as [`DataLoader::into_stream`] gives them.
pub struct BatchStream<A: Allocator = HeapAllocator>(DataLoader<A>);

impl RemoteIterableDataset {
    /// The items as a [`Stream`], for asynchronous programs. A thread waits for them.
    ///
    /// ```no_run
    /// use btt::{DatasetOptions, RemoteIterableDataset};
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example() -> Result<(), btt::Error> {
    /// let addresses = ["tcp://127.0.0.1:11000"];
    /// let dataset = RemoteIterableDataset::connect(&addresses, DatasetOptions::default())?;
    /// let mut items = dataset.into_stream()?;
    /// while let Some(item) = items.try_next().await? {
    ///     println!("{:?}", item.fields["image"]);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Thread`].
    pub fn into_stream(self) -> Result<ItemStream, Error> {
        ItemStream::of(self)
    }
}

/// Pushes all that comes, until nobody wants more.
fn forward(dataset: &mut RemoteIterableDataset, queue: &Queue<Result<Item, Error>>) {
    while !queue.is_closed() && !dataset.is_finished() {
        let item = dataset.next_timeout(SLICE);
        let last = matches!(item, Err(Error::Transport(_)));
        let Some(item) = item.transpose() else {
            continue;
        };
        let is_item = item.is_ok();
        if !queue.push(item, 1) && is_item {
            dataset.stats_handle().lock().stats.discarded += 1;
        }
        if last {
            return;
        }
    }
}

impl ItemStream {
    fn of(mut dataset: RemoteIterableDataset) -> Result<Self, Error> {
        let queue = Arc::new(Queue::new(AHEAD));
        let stats = dataset.stats_handle();
        let finish = FinishOnDrop(queue.clone());
        let thread = std::thread::Builder::new()
            .name("btt-stream".into())
            .spawn(move || {
                forward(&mut dataset, &finish.0);
                dataset
            })
            .map_err(|error| Error::Thread(error.to_string()))?;
        Ok(Self {
            queue,
            stats,
            thread: Some(thread),
        })
    }

    /// Begins the next epoch, as [`RemoteIterableDataset::next_epoch`]. In one that is not over, the
    /// items that wait count as discarded, and the thread is waited for: at most a tenth of a second.
    /// False where nothing more will come.
    ///
    /// # Errors
    /// [`Error::Thread`].
    pub fn next_epoch(&mut self) -> Result<bool, Error> {
        self.stop();
        let Some(thread) = self.thread.take() else {
            return Ok(false);
        };
        let joined = thread.join();
        let mut dataset =
            joined.map_err(|_| Error::Thread("panicked: this is a bug in blendtorch".into()))?;
        let goes_on = dataset.next_epoch();
        if goes_on {
            *self = Self::of(dataset)?;
        }
        Ok(goes_on)
    }

    /// Lets the thread go, and counts what had not been delivered.
    fn stop(&self) {
        let left = self.queue.close();
        let items = left.iter().filter(|item| item.is_ok()).count();
        self.stats.lock().stats.discarded += items as u64;
    }

    /// What the dataset has seen so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats.get()
    }

    /// As [`RemoteIterableDataset::receipts`].
    #[must_use]
    pub fn receipts(&self) -> Receipts {
        self.stats.receipts()
    }
}

impl Stream for ItemStream {
    type Item = Result<Item, Error>;

    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.queue.poll_pop(context)
    }
}

impl Drop for ItemStream {
    /// Ends the iteration; the thread follows by itself, and the dataset goes with it.
    fn drop(&mut self) {
        self.stop();
    }
}

impl<A: Allocator> DataLoader<A> {
    /// The batches as a [`Stream`], for asynchronous programs.
    #[must_use]
    pub fn into_stream(self) -> BatchStream<A> {
        BatchStream(self)
    }
}

impl<A: Allocator> BatchStream<A> {
    /// Begins the next epoch, as [`DataLoader::next_epoch`].
    ///
    /// # Errors
    /// As there.
    pub fn next_epoch(&mut self) -> Result<bool, Error> {
        self.0.next_epoch()
    }

    /// What the dataset has seen so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.0.stats()
    }

    /// As [`RemoteIterableDataset::receipts`].
    #[must_use]
    pub fn receipts(&self) -> Receipts {
        self.0.receipts()
    }
}

impl<A: Allocator> std::fmt::Debug for BatchStream<A> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BatchStream").finish_non_exhaustive()
    }
}

// A loader is never pinned: it holds its thread and its queue by handle.
impl<A: Allocator> Unpin for BatchStream<A> {}

impl<A: Allocator> Stream for BatchStream<A> {
    type Item = Result<Batch<A::Storage>, Error>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next(context)
    }
}
