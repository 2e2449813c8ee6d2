//! The loader's thread: it gathers items, has them written and delivers the batches.

use super::source::Source;
use crate::batch::{Assembler, Batch, CollateError};
use crate::dataset::Wait;
use crate::error::Error;
use crate::queue::{FinishOnDrop, Queue};
use crate::storage::Allocator;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How often it looks whether it is still wanted.
const SLICE: Duration = Duration::from_millis(100);

/// What the thread owns.
pub(super) struct Worker<A: Allocator> {
    pub(super) dataset: Source,
    pub(super) assembler: Assembler<A>,
    pub(super) drop_last: bool,
    pub(super) queue: Arc<Queue<Result<Batch<A::Storage>, Error>>>,
    pub(super) stop: Arc<AtomicBool>,
}

/// What a look at the dataset brought to the batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Item,
    Nothing,
    End,
}

impl<A: Allocator> Worker<A> {
    /// Batches all that the dataset has, or until it is told to stop.
    pub(super) fn run(mut self) {
        let _finish = FinishOnDrop(self.queue.clone());
        let mut next = Next::Nothing;
        while next != Next::End && !self.stop.load(Ordering::Acquire) {
            next = self.receive(SLICE);
            // What has arrived meanwhile is written beside it.
            while next == Next::Item && self.gathers() {
                next = self.receive(Duration::ZERO);
            }
            self.write();
        }
        if let Err(error) = self.dataset.finish_recording() {
            self.fail(error);
        }
        self.dataset.finish();
        if self.drop_last || self.stop.load(Ordering::Acquire) {
            self.discard(self.assembler.len());
        } else {
            let last = self.assembler.flush();
            self.hand_out(last);
        }
        // Behind the last batch.
        if !self.stop.load(Ordering::Acquire)
            && let Some(error) = self.dataset.take_failure()
        {
            self.fail(error);
        }
    }

    /// Whether to look for another item before what there is is written. A recording always has one:
    /// reading ahead would only take memory.
    fn gathers(&self) -> bool {
        matches!(self.dataset, Source::Remote(_))
            && self.assembler.takes_more()
            && !self.stop.load(Ordering::Acquire)
    }

    /// Waits for an item and adds it to the batch.
    fn receive(&mut self, timeout: Duration) -> Next {
        match self.dataset.wait(timeout) {
            Ok(Wait::Sample { message, .. }) => match self.assembler.add(message) {
                Ok(()) => Next::Item,
                Err(error) => {
                    self.discard(1);
                    self.fail(error.into());
                    Next::Nothing
                }
            },
            Ok(Wait::Nothing) => Next::Nothing,
            Ok(Wait::End) => Next::End,
            Err(error @ Error::Transport(_)) => {
                self.fail(error);
                Next::End
            }
            Err(error) => {
                self.fail(error);
                Next::Nothing
            }
        }
    }

    /// Writes the items that were added, and delivers the batch if they complete it.
    fn write(&mut self) {
        let start = Instant::now();
        let written = self.assembler.write();
        self.dataset.stats_handle().lock().stats.assembling += start.elapsed();
        self.hand_out(written);
    }

    fn hand_out(&mut self, batch: Result<Option<Batch<A::Storage>>, CollateError>) {
        match batch {
            Ok(Some(batch)) => self.deliver(batch),
            Ok(None) => {}
            Err(error) => {
                // From here on nothing is left to be written.
                let items = self.assembler.abandon();
                self.discard(items);
                self.fail(error.into());
            }
        }
    }

    fn deliver(&self, batch: Batch<A::Storage>) {
        let (items, bytes) = (batch.len(), batch.byte_len());
        if !self.queue.push(Ok(batch), bytes) {
            self.discard(items);
        }
    }

    fn fail(&mut self, error: Error) {
        // An error may wait long: first the items, whose memory is their publishers'.
        self.write();
        // A few errors may wait; the loop that reads none of them is not helped by more.
        self.queue.push(Err(error), self.queue.limit() / 4 + 1);
    }

    fn discard(&self, items: usize) {
        self.dataset.stats_handle().lock().stats.discarded += items as u64;
    }
}
