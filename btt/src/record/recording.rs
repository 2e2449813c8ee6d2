//! The reader of recordings: any item, at any time, from any thread.
//!
//! It reads by position and maps nothing: a file that becomes shorter under it is an error instead
//! of a signal, and a forked process may read on.

use super::chunk::{Chunk, ChunkError, Place, read};
use super::error::{Damage, RecordError};
use super::format::{MAGIC, RECORD_HEAD, Reader};
use super::frames;
use super::scan::{Contents, scan};
use crate::item::Item;
use crate::storage::HeapAllocator;
use blendtorch_wire::{Bytes, Limits, Message};
use std::fs::File;
use std::iter::FusedIterator;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Bytes that [`Recording::verify`] reads at a time.
const BLOCK: usize = 1 << 20;

/// A recording that is open for reading.
///
/// Opening reads little more than the heads of its chunks. The checksum of a chunk is checked when
/// the first of its items is read: what is delivered is what was recorded.
#[derive(Debug)]
pub struct Recording {
    path: PathBuf,
    file: File,
    length: u64,
    contents: Contents,
    memory: HeapAllocator,
    limits: Limits,
}

impl Recording {
    /// Opens a recording, finished or not. One that is damaged, or whose recorder was killed, opens
    /// up to there: see [`damage`](Self::damage).
    ///
    /// # Errors
    /// [`RecordError::Io`], [`RecordError::NotARecording`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, RecordError> {
        let path = path.as_ref().to_owned();
        let file = File::open(&path).map_err(RecordError::io(&path, "open"))?;
        let metadata = file.metadata().map_err(RecordError::io(&path, "read"))?;
        if metadata.is_dir() {
            return Err(RecordError::not_a_recording(&path, "it is a folder"));
        }
        let length = metadata.len();
        Ok(Self {
            contents: scan(&path, &file, length)?,
            path,
            file,
            length,
            memory: HeapAllocator::default(),
            // What is in the file may be read: its size is the limit.
            limits: Limits {
                max_message_bytes: usize::MAX,
                ..Limits::default()
            },
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Items that can be read.
    #[must_use]
    pub fn len(&self) -> usize {
        self.contents.items
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where reading had to stop when the file was opened, and why. Of a recorder that was killed
    /// it is the file's end. Wrong bytes within chunks are found when those are read, or by
    /// [`verify`](Self::verify).
    #[must_use]
    pub fn damage(&self) -> Option<&Damage> {
        self.contents.damage.as_ref()
    }

    /// An item, by its number from 0, as it was received.
    ///
    /// # Errors
    /// [`RecordError::OutOfRange`], [`RecordError::Io`], and [`RecordError::Damaged`] for an item
    /// whose bytes are not what was recorded; others may be.
    pub fn get(&self, index: usize) -> Result<Item, RecordError> {
        Ok(Item::new(self.read(index)?, true))
    }

    /// As [`get`](Self::get), without copying the tensors: they lie in the memory into which the
    /// item was read, **unaligned, and keep up to a chunk of it alive**.
    ///
    /// # Errors
    /// As [`get`](Self::get)'s.
    pub fn get_shared(&self, index: usize) -> Result<Item, RecordError> {
        Ok(Item::new(self.read(index)?, false))
    }

    /// The items in their order.
    #[must_use]
    pub fn iter(&self) -> RecordedItems<'_> {
        RecordedItems {
            recording: self,
            next: 0,
        }
    }

    /// Reads the whole file and checks every checksum, also those of parts without items.
    ///
    /// # Errors
    /// [`RecordError::Damaged`] with the first damage, [`RecordError::Io`].
    pub fn verify(&self) -> Result<(), RecordError> {
        for chunk in &self.contents.chunks {
            let read = chunk.read(&self.file, &self.memory);
            let (_, places) = read.map_err(|error| self.chunk_error(chunk, error))?;
            self.check_count(chunk, &places)?;
        }
        if let Some(damage) = self.damage() {
            return Err(self.damaged(damage.clone()));
        }
        let Some((data_end, crc)) = self.contents.data_end else {
            return Ok(());
        };
        if self.crc(0, data_end)? != crc {
            return Err(self.damaged(Damage {
                offset: 0,
                reason: format!(
                    "the checksum of the first {data_end} bytes is wrong, those of all items are \
                     right: something between them has changed"
                ),
                items: self.len(),
            }));
        }
        self.verify_summary(data_end + (RECORD_HEAD + 4) as u64)
    }

    fn verify_summary(&self, start: u64) -> Result<(), RecordError> {
        let end = self.length - (4 + MAGIC.len()) as u64;
        let mut footer = [0; 20];
        let at = end - 16;
        let read = self.file.read_exact_at(&mut footer, at);
        read.map_err(RecordError::io(&self.path, "read"))?;
        let mut fields = Reader(&footer);
        let (summary, _, crc) = (fields.u64(), fields.u64(), fields.u32());
        let right = match (summary, crc) {
            (Some(0), Some(0)) => true, // there is none
            (summary, crc) => summary == Some(start) && crc == Some(self.crc(start, end)?),
        };
        match right {
            true => Ok(()),
            false => Err(self.damaged(Damage {
                offset: start,
                reason: "the checksum of the summary for other tools is wrong; no item is".into(),
                items: self.len(),
            })),
        }
    }

    /// The checksum of a part of the file.
    fn crc(&self, start: u64, end: u64) -> Result<u32, RecordError> {
        let mut crc = crc32fast::Hasher::new();
        let mut block = vec![0; BLOCK];
        let mut at = start;
        while at < end {
            let count = BLOCK.min(usize::try_from(end - at).unwrap_or(BLOCK));
            let read = self.file.read_exact_at(&mut block[..count], at);
            read.map_err(RecordError::io(&self.path, "read"))?;
            crc.update(&block[..count]);
            at += count as u64;
        }
        Ok(crc.finalize())
    }

    /// A message whose tensors lie in the memory that was read into.
    pub(crate) fn read(&self, index: usize) -> Result<Message, RecordError> {
        if index >= self.len() {
            return Err(RecordError::OutOfRange {
                path: self.path.clone(),
                index,
                len: self.len(),
            });
        }
        let chunks = &self.contents.chunks;
        let chunk = &chunks[chunks.partition_point(|chunk| chunk.first <= index) - 1];
        let (place, data) = self.data(chunk, index - chunk.first)?;
        let frames = frames::split(&data, self.limits.max_tensors + 1);
        let message = frames.and_then(|frames| {
            Message::decode(&frames, &self.limits).map_err(|error| error.to_string())
        });
        message.map_err(|reason| {
            self.damaged(Damage {
                offset: chunk.records + place.start as u64,
                reason: format!("item {index} is no message: {reason}"),
                items: index,
            })
        })
    }

    /// The data of a chunk's message, and where it is.
    fn data(&self, chunk: &Chunk, number: usize) -> Result<(Place, Bytes), RecordError> {
        let failed = |error| self.chunk_error(chunk, error);
        if let Some(place) = chunk.places.get().and_then(|places| places.get(number)) {
            let at = chunk.records + place.start as u64;
            let data = read(&self.file, at, place.length, &self.memory).map_err(failed)?;
            return Ok((*place, data));
        }
        let (records, places) = chunk.read(&self.file, &self.memory).map_err(failed)?;
        self.check_count(chunk, &places)?;
        let place = places[number];
        // Another thread may have been here first, with the same result.
        let _ = chunk.places.set(places);
        Ok((
            place,
            records.slice(place.start..place.start + place.length),
        ))
    }

    fn check_count(&self, chunk: &Chunk, places: &[Place]) -> Result<(), RecordError> {
        match places.len() == chunk.count {
            true => Ok(()),
            false => Err(self.damaged(Damage {
                offset: chunk.records + chunk.length as u64,
                reason: format!(
                    "a message index of {} messages behind a chunk of {}",
                    chunk.count,
                    places.len()
                ),
                items: chunk.first,
            })),
        }
    }

    fn chunk_error(&self, chunk: &Chunk, error: ChunkError) -> RecordError {
        match error {
            ChunkError::Io(source) => RecordError::io(&self.path, "read")(source),
            ChunkError::Damaged(reason) => self.damaged(Damage {
                offset: chunk.start,
                reason,
                items: chunk.first,
            }),
        }
    }

    fn damaged(&self, damage: Damage) -> RecordError {
        RecordError::Damaged {
            path: self.path.clone(),
            damage,
        }
    }
}

/// The items of a [`Recording`], in their order. After an error it may go on.
#[derive(Clone, Debug)]
pub struct RecordedItems<'a> {
    recording: &'a Recording,
    next: usize,
}

impl Iterator for RecordedItems<'_> {
    type Item = Result<Item, RecordError>;

    fn next(&mut self) -> Option<Self::Item> {
        let index = self.next;
        (index < self.recording.len()).then(|| {
            self.next += 1;
            self.recording.get(index)
        })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.recording.len() - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for RecordedItems<'_> {}
impl FusedIterator for RecordedItems<'_> {}

impl<'a> IntoIterator for &'a Recording {
    type Item = Result<Item, RecordError>;
    type IntoIter = RecordedItems<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
