//! Where an iteration ends: with `max_items`, until the next epoch, or for good.
//!
//! Owns what becomes of the connections then. Between two epochs they stay, with all that has been
//! received; nothing may be thrown away but at the end, where it is counted.

use super::RemoteIterableDataset;
use super::tape::Tape;
use crate::accounting::Origin;
use blendtorch_wire::{Kind, Message};
use std::time::Duration;

/// How long an ending iteration looks for what is on its way from a publisher's queue to ours.
const LAST_LOOK: Duration = Duration::from_millis(5);

impl RemoteIterableDataset {
    /// Whether the iteration has ended: all of the epoch's items have been delivered, or nothing
    /// more will come.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.over || self.is_complete()
    }

    /// Begins the next epoch: `max_items` more, over the same connections, beginning with what has
    /// been received meanwhile. Counters and receipts go on. False where nothing more will come:
    /// every publisher has ended, or [`finish`](Self::finish) was called.
    ///
    /// Publishers that have ended since the last item are heard of by the epoch that follows, which
    /// may then be short, or empty.
    ///
    /// ```no_run
    /// # use btt::{DatasetOptions, Error, RemoteIterableDataset};
    /// # let addresses = ["tcp://127.0.0.1:11000"];
    /// # let options = DatasetOptions { max_items: Some(1000), ..DatasetOptions::default() };
    /// let mut dataset = RemoteIterableDataset::connect(&addresses, options)?;
    /// for epoch in 0..10 {
    ///     for item in &mut dataset {
    ///         let item = item?;
    ///     }
    ///     if !dataset.next_epoch() {
    ///         break;
    ///     }
    /// }
    /// # Ok::<(), Error>(())
    /// ```
    pub fn next_epoch(&mut self) -> bool {
        if !self.over {
            self.delivered = 0;
        }
        !self.over
    }

    /// How many items this epoch has, and those that follow; `None` for all that comes.
    pub fn set_max_items(&mut self, max_items: Option<usize>) {
        self.options.max_items = max_items;
    }

    /// Ends the iteration for good: leaves the publishers. What had been received and not delivered
    /// is counted as discarded. A recording is finished; who wants to hear of a full disk calls
    /// [`finish_recording`](Self::finish_recording) before.
    pub fn finish(&mut self) {
        self.tape = Tape::default();
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        // At most what the queues hold: a producer must not keep us here by sending on.
        let most = self.addresses.len() * (self.options.queue_size as usize + 1);
        for _ in 0..most {
            let Ok(Some(received)) = self.receiver.recv_timeout(LAST_LOOK) else {
                break;
            };
            let (peer, connection) = (received.peer, received.connection);
            match Message::decode(&received.frames, &self.limits) {
                Ok(message) if message.header.kind == Kind::Data => {
                    let origin = Origin {
                        address: &self.addresses[peer],
                        peer,
                        connection,
                    };
                    let mut books = self.stats.lock();
                    if books.enter(&message.header, origin) {
                        books.stats.discarded += 1;
                    }
                }
                // The only error is a socket that is closed already.
                Ok(message) => drop(self.enter_end(&message.header, peer, connection)),
                Err(_) => self.stats.lock().stats.malformed += 1,
            }
        }
        self.note_who_has_gone();
        self.settle_instances();
        for peer in 0..self.addresses.len() {
            // The only error is a socket that is closed already.
            let _ = self.receiver.disconnect(peer);
        }
    }

    /// Whether all samples that were asked for have been delivered.
    fn is_complete(&self) -> bool {
        self.options
            .max_items
            .is_some_and(|max| self.delivered >= max)
    }
}

impl Drop for RemoteIterableDataset {
    /// What had been received is counted also where nobody has said [`finish`](Self::finish): who
    /// holds a `StatsHandle` reads it. In a forked child nothing is received, and nothing counted.
    fn drop(&mut self) {
        self.finish();
    }
}
