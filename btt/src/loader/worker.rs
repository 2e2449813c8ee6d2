//! The loader's thread: it gathers items, has them written and delivers the batches of one epoch.
//!
//! Owns what it works with until the epoch is over, and hands it back then. It must never leave the
//! publishers: the loader does.

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

/// What a thread works with, one epoch after the other.
pub(super) struct Tools<A: Allocator> {
    pub(super) dataset: Source,
    pub(super) assembler: Assembler<A>,
    pub(super) drop_last: bool,
}

/// What the thread owns.
pub(super) struct Worker<A: Allocator> {
    pub(super) tools: Tools<A>,
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
    /// Batches all that the epoch has, or until it is told to stop.
    pub(super) fn run(mut self) -> Tools<A> {
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
        if let Err(error) = self.tools.dataset.finish_recording() {
            self.fail(error);
        }
        if self.tools.drop_last || self.stop.load(Ordering::Acquire) {
            let items = self.tools.assembler.abandon();
            self.discard(items);
        } else {
            let last = self.tools.assembler.flush();
            self.hand_out(last);
        }
        // Behind the last batch.
        if !self.stop.load(Ordering::Acquire)
            && let Some(error) = self.tools.dataset.take_failure()
        {
            self.fail(error);
        }
        self.tools
    }

    /// Whether to look for another item before what there is is written. A recording always has one:
    /// reading ahead would only take memory.
    fn gathers(&self) -> bool {
        matches!(self.tools.dataset, Source::Remote(_))
            && self.tools.assembler.takes_more()
            && !self.stop.load(Ordering::Acquire)
    }

    /// Waits for an item and adds it to the batch.
    fn receive(&mut self, timeout: Duration) -> Next {
        match self.tools.dataset.wait(timeout) {
            Ok(Wait::Sample { message, .. }) => match self.tools.assembler.add(message) {
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
                self.tools.dataset.finish();
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
        let written = self.tools.assembler.write();
        self.tools.dataset.stats_handle().lock().stats.assembling += start.elapsed();
        self.hand_out(written);
    }

    fn hand_out(&mut self, batch: Result<Option<Batch<A::Storage>>, CollateError>) {
        match batch {
            Ok(Some(batch)) => self.deliver(batch),
            Ok(None) => {}
            Err(error) => {
                // From here on nothing is left to be written.
                let items = self.tools.assembler.abandon();
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
        self.tools.dataset.stats_handle().lock().stats.discarded += items as u64;
    }
}
