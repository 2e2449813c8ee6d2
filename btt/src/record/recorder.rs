//! The writer of recordings: appends messages, and nothing ever changes what has been written.

use super::error::RecordError;
use super::format::{CHANNEL, CHUNK_HEAD, LIBRARY, MAGIC, MESSAGE_HEAD, PROFILE, Writer, op};
use super::frames;
use super::options::{Recorded, RecorderOptions};
use super::summary::{Chunk, Summary};
use blendtorch_wire::{Bytes, Header, Message};
use crc32fast::Hasher;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Writes messages to a file as they were received.
///
/// Whatever was flushed is readable however the process ends. [`finish`](Self::finish), or a drop,
/// flushes the rest and adds a summary for other tools.
#[derive(Debug)]
pub struct Recorder {
    path: PathBuf,
    file: BufWriter<File>,
    options: RecorderOptions,
    /// Bytes in the file, and their checksum.
    position: u64,
    crc: Hasher,
    /// Records that wait to be written, and of each message in them its time and place.
    waiting: Vec<u8>,
    index: Vec<(u64, u64)>,
    last_time: u64,
    last_flush: Instant,
    summary: Summary,
    dropped: u64,
    closed: bool,
    /// A child forked from it must not write.
    process: u32,
}

impl Recorder {
    /// Makes an empty recording, in place of what was there.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn create(path: impl AsRef<Path>, options: RecorderOptions) -> Result<Self, RecordError> {
        let path = path.as_ref().to_owned();
        let file = File::create(&path).map_err(RecordError::io(&path, "create"))?;
        let mut recorder = Self {
            path,
            file: BufWriter::new(file),
            options,
            position: 0,
            crc: Hasher::new(),
            waiting: Vec::new(),
            index: Vec::new(),
            last_time: 0,
            last_flush: Instant::now(),
            summary: Summary::default(),
            dropped: 0,
            closed: false,
            process: std::process::id(),
        };
        let mut start = Writer(MAGIC.to_vec());
        start.record(op::HEADER, |header| {
            header.text(PROFILE);
            header.text(LIBRARY);
        });
        recorder.write(&[&start.0])?;
        recorder.write_out()?;
        Ok(recorder)
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What has been recorded so far, what waits included.
    #[must_use]
    pub fn recorded(&self) -> Recorded {
        Recorded {
            messages: self.summary.messages + self.index.len() as u64,
            dropped: self.dropped,
        }
    }

    /// Appends a message as it was received: `frames` as they travelled, `header` the one in them.
    /// False when the capacity is reached: then it is counted as dropped.
    ///
    /// # Errors
    /// [`RecordError::Io`], after which the recorder is closed; [`RecordError::FrameTooLarge`];
    /// [`RecordError::Closed`].
    pub fn append(&mut self, header: &Header, frames: &[Bytes]) -> Result<bool, RecordError> {
        self.check_open()?;
        if self.recorded().messages >= self.options.max_messages as u64 {
            self.dropped += 1;
            return Ok(false);
        }
        let pieces = frames::pieces(frames)?;
        let tail: Vec<&[u8]> = pieces
            .iter()
            .zip(frames)
            .flat_map(|(piece, frame)| [&piece[..], frame])
            .collect();
        let bytes: usize = tail.iter().map(|part| part.len()).sum();
        self.start_message(header, bytes);
        let due = self.index.len() >= self.options.flush_messages || self.is_due();
        if due || self.waiting.len() + bytes >= self.options.chunk_bytes {
            self.write_chunk(&tail)?;
        } else {
            tail.iter()
                .for_each(|part| self.waiting.extend_from_slice(part));
        }
        Ok(true)
    }

    /// Encodes a message and appends it.
    ///
    /// # Errors
    /// As [`append`](Self::append), and [`RecordError::Encode`].
    pub fn append_message(&mut self, message: &Message) -> Result<bool, RecordError> {
        self.append(&message.header, &message.encode()?)
    }

    /// Hands all that waits to the system: from now on it is readable, even if this process is
    /// killed.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn flush(&mut self) -> Result<(), RecordError> {
        self.check_open()?;
        match self.index.is_empty() {
            true => Ok(()),
            false => self.write_chunk(&[]),
        }
    }

    /// Flushes if something waits and the last flush is longer ago than the options say.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn flush_if_due(&mut self) -> Result<(), RecordError> {
        match self.is_due() && !self.index.is_empty() {
            true => self.flush(),
            false => Ok(()),
        }
    }

    /// Flushes, and ends the file with a summary.
    ///
    /// # Errors
    /// As [`append`](Self::append).
    pub fn finish(mut self) -> Result<Recorded, RecordError> {
        self.close()?;
        Ok(self.recorded())
    }

    fn is_due(&self) -> bool {
        self.last_flush.elapsed() >= self.options.flush_interval
    }

    fn check_open(&self) -> Result<(), RecordError> {
        match self.closed || self.process != std::process::id() {
            true => Err(RecordError::Closed {
                path: self.path.clone(),
            }),
            false => Ok(()),
        }
    }

    /// Writes what stands before a message's data to what waits.
    fn start_message(&mut self, header: &Header, bytes: usize) {
        // Other tools read by time: it must not go backwards.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |since| u64::try_from(since.as_nanos()).unwrap_or(0));
        self.last_time = self.last_time.max(now);
        let mut waiting = Writer(std::mem::take(&mut self.waiting));
        if self.summary.chunks.is_empty() && self.index.is_empty() {
            waiting.channel();
        }
        self.index.push((self.last_time, waiting.0.len() as u64));
        waiting.0.push(op::MESSAGE);
        waiting.u64((MESSAGE_HEAD + bytes) as u64);
        waiting.u16(CHANNEL);
        #[allow(clippy::cast_possible_truncation, reason = "MCAP has 32 bits for it")]
        waiting.u32(header.sequence as u32);
        waiting.u64(self.last_time);
        waiting.u64(header.time_ns);
        self.waiting = waiting.0;
    }

    /// Writes a chunk of what waits and, behind it, `tail`: the data of its last message.
    fn write_chunk(&mut self, tail: &[&[u8]]) -> Result<(), RecordError> {
        let records = std::mem::take(&mut self.waiting);
        let index = std::mem::take(&mut self.index);
        let length = records.len() + tail.iter().map(|part| part.len()).sum::<usize>();
        let mut crc = Hasher::new();
        crc.update(&records);
        tail.iter().for_each(|part| crc.update(part));

        let chunk = Chunk {
            start: self.position,
            records: length as u64,
            times: (
                index.first().map_or(0, |entry| entry.0),
                index.last().map_or(0, |entry| entry.0),
            ),
            messages: index.len() as u64,
        };
        let mut head = Writer::default();
        head.0.push(op::CHUNK);
        head.u64((CHUNK_HEAD + length) as u64);
        head.u64(chunk.times.0);
        head.u64(chunk.times.1);
        head.u64(chunk.records);
        head.u32(crc.clone().finalize());
        head.text(""); // no compression: it would cost more than it saves
        head.u64(chunk.records);
        self.write(&[&head.0])?;
        self.write_checked(&[&records], tail, &crc)?;

        let mut after = Writer::default();
        after.record(op::MESSAGE_INDEX, |record| {
            record.u16(CHANNEL);
            record.sized(|entries| {
                for (time, offset) in index {
                    entries.u64(time);
                    entries.u64(offset);
                }
            });
        });
        self.write(&[&after.0])?;
        self.summary.add(chunk);
        self.waiting = records;
        self.waiting.clear();
        self.write_out()
    }

    /// Flushes and writes the summary, once.
    fn close(&mut self) -> Result<(), RecordError> {
        if self.closed || self.process != std::process::id() {
            return Ok(());
        }
        self.flush()?;
        let mut end = Writer::default();
        let crc = self.crc.clone().finalize();
        end.record(op::DATA_END, |record| record.u32(crc));
        self.summary.write(&mut end, self.position);
        self.write(&[&end.0])?;
        self.write_out()?;
        self.closed = true;
        Ok(())
    }

    fn write(&mut self, parts: &[&[u8]]) -> Result<(), RecordError> {
        let mut crc = Hasher::new();
        parts.iter().for_each(|part| crc.update(part));
        self.write_checked(parts, &[], &crc)
    }

    /// Writes parts whose checksum is known.
    fn write_checked(
        &mut self,
        parts: &[&[u8]],
        more: &[&[u8]],
        crc: &Hasher,
    ) -> Result<(), RecordError> {
        self.crc.combine(crc);
        for part in parts.iter().chain(more) {
            self.position += part.len() as u64;
            let written = self.file.write_all(part);
            self.or_close(written)?;
        }
        Ok(())
    }

    fn write_out(&mut self) -> Result<(), RecordError> {
        let written = self.file.flush();
        self.last_flush = Instant::now();
        self.or_close(written)
    }

    /// After a part of a record nothing can follow that would be found.
    fn or_close(&mut self, written: std::io::Result<()>) -> Result<(), RecordError> {
        written.map_err(|source| {
            self.closed = true;
            RecordError::Io {
                path: self.path.clone(),
                action: "write",
                source,
            }
        })
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // Who wants to hear of a full disk calls `finish`.
        let _ = self.close();
    }
}
