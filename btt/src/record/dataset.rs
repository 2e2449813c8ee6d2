//! A dataset over several recordings: by random access, or as an iterator, also in random order.

use super::error::{Damage, RecordError};
use super::files::recordings_of;
use super::recording::Recording;
use crate::accounting::{Stats, StatsHandle};
use crate::item::Item;
use blendtorch_wire::{Message, Value};
use std::path::Path;

/// The items of several recordings, one file after the other.
///
/// Iterating it yields each item once. A damaged item is an error after which the iteration may go
/// on.
#[derive(Debug)]
pub struct RecordedDataset {
    recordings: Vec<Recording>,
    /// Items before each recording.
    starts: Vec<usize>,
    len: usize,
    /// The order of iteration, if it is not that of the files.
    order: Option<Vec<usize>>,
    next: usize,
    stats: StatsHandle,
}

impl RecordedDataset {
    /// Opens recordings; the items are numbered in this order.
    ///
    /// # Errors
    /// As [`Recording::open`]'s.
    pub fn open<P: AsRef<Path>>(paths: &[P]) -> Result<Self, RecordError> {
        let recordings = paths
            .iter()
            .map(Recording::open)
            .collect::<Result<Vec<_>, _>>()?;
        let mut len = 0;
        let starts = recordings.iter().map(|recording| {
            let start = len;
            len += recording.len();
            start
        });
        Ok(Self {
            starts: starts.collect(),
            len,
            recordings,
            order: None,
            next: 0,
            stats: StatsHandle::default(),
        })
    }

    /// Opens all recordings of a prefix: those of `record_path_prefix`, one file a worker.
    ///
    /// # Errors
    /// As [`Recording::open`]'s, and [`RecordError::NoFiles`].
    pub fn open_prefix(prefix: impl AsRef<Path>) -> Result<Self, RecordError> {
        Self::open(&recordings_of(prefix)?)
    }

    /// The dataset in random order. The same seed gives the same order.
    #[must_use]
    pub fn shuffled(mut self, seed: u64) -> Self {
        let mut order: Vec<usize> = (0..self.len).collect();
        let mut random = SplitMix(seed);
        for last in (1..order.len()).rev() {
            order.swap(last, random.below(last + 1));
        }
        self.order = Some(order);
        self
    }

    /// Items in all recordings.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The recordings, in the order given.
    #[must_use]
    pub fn recordings(&self) -> &[Recording] {
        &self.recordings
    }

    /// What was found damaged when the recordings were opened.
    pub fn damages(&self) -> impl Iterator<Item = (&Path, &Damage)> {
        let damage = |recording: &'_ Recording| recording.damage().is_some();
        self.recordings
            .iter()
            .filter(move |recording| damage(recording))
            .filter_map(|recording| Some((recording.path(), recording.damage()?)))
    }

    /// An item by its number from 0, in the order of the files.
    ///
    /// # Errors
    /// As [`Recording::get`]'s.
    pub fn get(&self, index: usize) -> Result<Item, RecordError> {
        Ok(Item::new(self.read(index)?, true))
    }

    /// What has been read so far: `received` and `bytes` of tensors.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.stats.get()
    }

    fn read(&self, index: usize) -> Result<Message, RecordError> {
        let file = self.starts.partition_point(|start| *start <= index);
        match file.checked_sub(1).filter(|_| index < self.len) {
            Some(file) => self.recordings[file].read(index - self.starts[file]),
            None => Err(RecordError::OutOfRange {
                path: self.recordings.first().map_or_else(
                    || "an empty list of recordings".into(),
                    |recording| recording.path().to_owned(),
                ),
                index,
                len: self.len,
            }),
        }
    }

    /// The next message, whose tensors lie in the memory that was read into.
    pub(crate) fn next_message(&mut self) -> Option<Result<Message, RecordError>> {
        let index = match &self.order {
            Some(order) => *order.get(self.next)?,
            None => (self.next < self.len).then_some(self.next)?,
        };
        self.next += 1;
        let read = self.read(index).inspect_err(|error| {
            if matches!(error, RecordError::Damaged { .. }) {
                self.stats.lock().stats.malformed += 1;
            }
        });
        Some(read.inspect(|message| {
            let tensors = message.fields.values().filter_map(Value::as_tensor);
            let bytes: usize = tensors.map(|tensor| tensor.bytes().len()).sum();
            let mut books = self.stats.lock();
            books.stats.received += 1;
            books.stats.bytes += bytes as u64;
        }))
    }

    pub(crate) fn stats_handle(&self) -> StatsHandle {
        self.stats.clone()
    }
}

impl Iterator for RecordedDataset {
    type Item = Result<Item, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        let message = self.next_message()?;
        Some(message.map(|message| Item::new(message, true)))
    }
}

/// A small generator, enough to shuffle: SplitMix64, <https://prng.di.unimi.it/splitmix64.c>.
struct SplitMix(u64);

impl SplitMix {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`, as good as evenly: the bound is far below 2^64.
    fn below(&mut self, bound: usize) -> usize {
        let scaled = (u128::from(self.next()) * bound as u128) >> 64;
        usize::try_from(scaled).unwrap_or(0)
    }
}
