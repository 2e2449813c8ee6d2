//! The remote dataset: an iterator over the samples of many publishers.
//!
//! Owns the receiver and what it has delivered. What is counted is `crate::accounting`'s; when silence
//! is an error, who has ended how, what an epoch is, and what is recorded, is said in a file each.

mod ends;
mod epochs;
mod follow;
mod instances;
mod launch_info;
mod liveness;
mod options;
mod patience;
mod silence;
mod tape;
mod wait;

pub use launch_info::{Following, LaunchInfoError};
pub use liveness::{Life, Liveness};
pub use options::DatasetOptions;
pub(crate) use wait::Wait;

use crate::accounting::{Origin, Receipts, Stats, StatsHandle};
use crate::error::Error;
use crate::item::Item;
use crate::record::{Recorded, Recorder};
use blendtorch_transport::{Address, Received, Receiver, ReceiverOptions};
use blendtorch_wire::{Bytes, Kind, Limits, Message};
use ends::Ends;
use instances::Instances;
use launch_info::Followed;
use patience::Patience;
use std::time::{Duration, Instant};
use tape::Tape;

/// How often it is looked who has gone, while others send.
const NOTE: Duration = Duration::from_millis(200);

/// The samples of many publishers, taken fairly, in the order of each.
///
/// Iterating ends when every publisher has said that it ended, or after `max_items`, an epoch; then
/// [`next_epoch`](Self::next_epoch) goes on. A time-out and a message that is not ours are errors
/// after which the iteration may go on. Publishers that have failed are the last error, when none is
/// left ([`Error::Failed`]).
#[derive(Debug)]
pub struct RemoteIterableDataset {
    addresses: Vec<Address>,
    options: DatasetOptions,
    limits: Limits,
    receiver: Receiver,
    stats: StatsHandle,
    patience: Patience,
    note_at: Instant,
    ends: Ends,
    instances: Instances,
    /// The launch info that the addresses stand in, if they do.
    followed: Option<Followed>,
    /// Of this epoch.
    delivered: usize,
    /// Nothing more will come: nobody is left.
    over: bool,
    tape: Tape,
}

impl RemoteIterableDataset {
    /// Connects to `addresses`, whether or not their publishers have started yet.
    ///
    /// # Errors
    /// [`Error::NoAddresses`], [`Error::Address`], [`Error::Transport`].
    pub fn connect<A: AsRef<str>>(addresses: &[A], options: DatasetOptions) -> Result<Self, Error> {
        if addresses.is_empty() {
            return Err(Error::NoAddresses);
        }
        let addresses = addresses
            .iter()
            .map(|address| address.as_ref().parse())
            .collect::<Result<Vec<Address>, _>>()?;
        Self::with(addresses, options)
    }

    fn with(addresses: Vec<Address>, options: DatasetOptions) -> Result<Self, Error> {
        let receiver = Receiver::connect(
            &addresses,
            &ReceiverOptions {
                high_water_mark: options.queue_size,
                max_message_bytes: options.max_message_bytes,
                shm: options.shm,
            },
        )?;
        Ok(Self {
            limits: Limits {
                max_message_bytes: options.max_message_bytes,
                ..Limits::default()
            },
            patience: Patience::new(options.timeout, options.first_item_timeout, addresses.len()),
            ends: Ends::default(),
            instances: Instances::default(),
            followed: None,
            addresses,
            options,
            receiver,
            stats: StatsHandle::default(),
            note_at: Instant::now(),
            delivered: 0,
            over: false,
            tape: Tape::default(),
        })
    }

    /// What has been seen so far.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats.get()
    }

    /// The sequence numbers received so far, to be put together with those of other consumers:
    /// [`Receipts::total`] says what was lost.
    #[must_use]
    pub fn receipts(&self) -> Receipts {
        self.stats.receipts()
    }

    /// The addresses, in the order given; of a launch info that is [followed](Self::follow), all that
    /// it has listed so far.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        &self.addresses
    }

    /// How the instances at the addresses are, asked now, in their order.
    #[must_use]
    pub fn instances(&self) -> Vec<Life> {
        let life = |address| {
            let liveness = self.options.liveness.as_ref();
            liveness.map_or(Life::Unknown, |liveness| liveness.of_now(address))
        };
        self.addresses.iter().map(life).collect()
    }

    /// Waits up to `timeout` for the next item. `None` when none came, or the stream has ended
    /// (then [`is_finished`](Self::is_finished) says so).
    ///
    /// # Errors
    /// As the iterator's.
    pub fn next_timeout(&mut self, timeout: Duration) -> Result<Option<Item>, Error> {
        match self.wait(timeout)? {
            Wait::Sample { message, leased } => Ok(Some(Item::new(message, leased))),
            Wait::Nothing => Ok(None),
            Wait::End => self.take_failure().map_or(Ok(None), Err),
        }
    }

    /// As [`next_timeout`](Self::next_timeout), without taking the tensors out of their
    /// publisher's memory. **Copy what you keep, and drop the item soon**: a publisher has few
    /// slots, and one that waits for yours stalls.
    ///
    /// # Errors
    /// As the iterator's.
    pub fn next_leased(&mut self, timeout: Duration) -> Result<Option<Item>, Error> {
        match self.wait(timeout)? {
            Wait::Sample { message, .. } => Ok(Some(Item::new(message, false))),
            Wait::Nothing => Ok(None),
            Wait::End => self.take_failure().map_or(Ok(None), Err),
        }
    }

    /// From now on, each sample is appended to a recording as it was received, before it is
    /// delivered. The recording is finished with the iteration: each epoch may have its own.
    ///
    /// When appending fails, that is the iteration's next error, once; the sample is discarded and
    /// later ones are delivered without being recorded.
    pub fn record(&mut self, recorder: Recorder) {
        self.tape = Tape::new(recorder);
    }

    /// Finishes the recording now, if there is one; what it holds.
    ///
    /// # Errors
    /// [`Error::Record`].
    pub fn finish_recording(&mut self) -> Result<Option<Recorded>, Error> {
        Ok(self.tape.finish()?)
    }

    /// Reads the counters while another thread iterates.
    #[must_use]
    pub fn stats_handle(&self) -> StatsHandle {
        self.stats.clone()
    }

    /// Waits up to `timeout` for the next sample. Fails when the user's patience is over.
    pub(crate) fn wait(&mut self, timeout: Duration) -> Result<Wait, Error> {
        let wait = self.wait_for_sample(timeout)?;
        if matches!(wait, Wait::End) {
            if !self.over {
                self.settle_instances();
            }
            self.finish_recording()?;
        }
        Ok(wait)
    }

    fn wait_for_sample(&mut self, timeout: Duration) -> Result<Wait, Error> {
        if self.is_finished() {
            return Ok(Wait::End);
        }
        let begin = Instant::now();
        if let Some(liveness) = &self.options.liveness {
            self.instances.begin(&self.addresses, liveness);
        }
        // The clock is looked at seldom: of small items some hundred thousand come in a second.
        let mut start = begin;
        loop {
            self.patience.asks(start);
            // Before anything is received: an error must not cost an item.
            if self.followed.as_mut().is_some_and(|f| f.is_due(start)) {
                self.follow_launch_info()?;
                if self.over {
                    return Ok(Wait::End);
                }
            }
            let left = timeout.saturating_sub(start - begin);
            let received = self
                .receiver
                .recv_timeout(left.min(self.patience.slice()))?;
            let now = Instant::now();
            self.stats.lock().stats.blocked += now - start;
            if received.is_none() || start >= self.note_at {
                self.note_who_has_gone();
                self.follow_instances(received.is_none())?;
            }
            match received {
                Some(received) => {
                    if let Some((message, leased)) = self.take(received, now)? {
                        self.delivered += 1;
                        return Ok(Wait::Sample { message, leased });
                    }
                }
                None => {
                    self.tape.flush_if_due()?;
                    self.check_patience()?;
                }
            }
            if self.over {
                return Ok(Wait::End);
            }
            start = Instant::now();
            if start - begin >= timeout {
                return Ok(Wait::Nothing);
            }
        }
    }

    /// Decodes and books a message that came now; the sample, if it is one to deliver.
    fn take(&mut self, received: Received, now: Instant) -> Result<Option<(Message, bool)>, Error> {
        let Received {
            frames,
            leased,
            peer,
            connection,
        } = received;
        let origin = Origin {
            address: &self.addresses[peer],
            peer,
            connection,
        };
        let message = match Message::decode(&frames, &self.limits) {
            Ok(message) => message,
            Err(source) => {
                self.stats.lock().stats.malformed += 1;
                return Err(Error::Malformed {
                    address: self.addresses[peer].clone(),
                    btid: Message::peek_btid(&frames, &self.limits),
                    source,
                });
            }
        };
        let bytes: usize = frames.iter().map(Bytes::len).sum();
        let mut books = self.stats.lock();
        books.stats.bytes += bytes as u64;
        if leased {
            books.stats.shm_bytes += bytes as u64;
        }
        if message.header.kind == Kind::Data {
            let new = books.enter(&message.header, origin);
            drop(books);
            if new {
                self.patience.item_came(now);
                // Behind the last sample nobody may ask again: the file is complete now.
                let last = self.options.max_items == Some(self.delivered + 1);
                if let Err(error) = self.tape.append(&message, &frames, last) {
                    self.stats.lock().stats.discarded += 1;
                    return Err(error.into());
                }
            }
            return Ok(new.then_some((message, leased)));
        }
        drop(books);
        self.enter_end(&message.header, peer, connection)?;
        self.patience.starts_anew();
        self.end_if_nobody_is_left()?;
        Ok(None)
    }

    /// The iteration ends with its publishers.
    fn end_if_nobody_is_left(&mut self) -> Result<(), Error> {
        let ended = self.receiver.peers()?.iter().all(|peer| peer.ended);
        let nobody = ended && !self.instances.awaits_another_life();
        let mut followed = self.followed.as_mut();
        let others = followed.as_mut().is_some_and(|f| f.awaits_others(nobody));
        self.over = nobody && !others;
        if self.over {
            self.ends.all_have_ended();
            self.note_who_has_gone();
        }
        Ok(())
    }

    /// What is to be told when the iteration has ended with its publishers and not all of them in
    /// order; once.
    pub(crate) fn take_failure(&mut self) -> Option<Error> {
        if self.followed.is_some() {
            self.ends.forget_who_came_back(&self.stats.get());
        }
        let failed = self.ends.take_failed(self.options.liveness.as_ref());
        (!failed.is_empty()).then_some(Error::Failed { failed })
    }

    fn note_who_has_gone(&mut self) {
        // The only error is a socket that is closed: then nobody can be asked any more.
        if let Ok(peers) = self.receiver.peers() {
            let mut books = self.stats.lock();
            books.note(&peers, |index| self.ends.is_left(index));
        }
        self.note_at = Instant::now() + NOTE;
    }
}

impl Iterator for RemoteIterableDataset {
    type Item = Result<Item, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.wait(Duration::from_secs(3600)) {
                Ok(Wait::Sample { message, leased }) => {
                    return Some(Ok(Item::new(message, leased)));
                }
                Ok(Wait::Nothing) => {}
                Ok(Wait::End) => return self.take_failure().map(Err),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}
