//! One chunk of a recording: where its messages are, once its checksum has been found right.

use super::format::{MESSAGE_ENCODING, MESSAGE_HEAD, Reader, op};
use crate::storage::{Allocator, HeapAllocator, HeapStorage, Storage};
use blendtorch_wire::{Bytes, DType};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::OnceLock;

/// Buffers are of so many bytes or a multiple, so that the next chunk fits into the last one's.
const BUFFER_STEP: usize = 64 << 10;

/// A chunk, as the walk over the file has found it.
#[derive(Debug)]
pub(super) struct Chunk {
    /// Its first byte in the file.
    pub(super) start: u64,
    /// The first byte of its records.
    pub(super) records: u64,
    /// Bytes of its records: they are in the file.
    pub(super) length: usize,
    /// The checksum that they should have.
    pub(super) crc: u32,
    /// Items before it, and in it.
    pub(super) first: usize,
    pub(super) count: usize,
    /// Where the data of its messages is, from the start of its records; known when checked.
    pub(super) places: OnceLock<Vec<Place>>,
}

/// Of a message's data: first byte and length.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    pub(super) start: usize,
    pub(super) length: usize,
}

/// Why a chunk cannot be read.
#[derive(Debug)]
pub(super) enum ChunkError {
    Io(io::Error),
    /// What is wrong with it.
    Damaged(String),
}

impl Chunk {
    /// Reads all records and checks them.
    pub(super) fn read(
        &self,
        file: &File,
        memory: &HeapAllocator,
    ) -> Result<(Bytes, Vec<Place>), ChunkError> {
        let records = read(file, self.records, self.length, memory)?;
        let crc = crc32fast::hash(&records);
        if crc != self.crc {
            return Err(ChunkError::Damaged(format!(
                "the checksum of a chunk of {} bytes is {crc:08x}, not {:08x}",
                self.length, self.crc
            )));
        }
        let places = places(&records).map_err(ChunkError::Damaged)?;
        Ok((records, places))
    }
}

/// Reads so many bytes, which were in the file when it was opened.
pub(super) fn read(
    file: &File,
    offset: u64,
    length: usize,
    memory: &HeapAllocator,
) -> Result<Bytes, ChunkError> {
    let damaged = |error: String| ChunkError::Damaged(format!("no memory: {error}"));
    let capacity = length.div_ceil(BUFFER_STEP) * BUFFER_STEP;
    let mut storage = memory
        .clone()
        .allocate(DType::U8, &[capacity])
        .map_err(damaged)?;
    match file.read_exact_at(&mut storage.bytes_mut()[..length], offset) {
        Ok(()) => Ok(Bytes::from_owner(Buffer(storage)).slice(..length)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(ChunkError::Damaged(
            "the file has become shorter while it was read".into(),
        )),
        Err(error) => Err(ChunkError::Io(error)),
    }
}

/// Memory that goes back to its allocator with the last slice of it.
struct Buffer(HeapStorage);

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.0.bytes()
    }
}

/// Where the messages are in a chunk's records, whose checksum is right.
fn places(records: &[u8]) -> Result<Vec<Place>, String> {
    let mut reader = Reader(records);
    let mut places = Vec::new();
    while !reader.0.is_empty() {
        let at = records.len() - reader.0.len();
        let record = reader.u8().zip(reader.u64()).and_then(|(op, length)| {
            let content = reader.take(usize::try_from(length).ok()?)?;
            Some((op, content))
        });
        let (op, content) = record.ok_or_else(|| format!("byte {at} of a chunk is no record"))?;
        match op {
            op::MESSAGE if content.len() >= MESSAGE_HEAD => {
                let length = content.len() - MESSAGE_HEAD;
                let start = records.len() - reader.0.len() - length;
                places.push(Place { start, length });
            }
            op::CHANNEL => check_channel(content)?,
            op::SCHEMA => {}
            other => return Err(format!("a chunk has a bad {}", op::name(other))),
        }
    }
    Ok(places)
}

fn check_channel(content: &[u8]) -> Result<(), String> {
    let mut reader = Reader(content);
    let encoding = || {
        reader.take(4)?;
        reader.text()?;
        reader.text()
    };
    match { encoding }() {
        Some(MESSAGE_ENCODING) => Ok(()),
        Some(other) => Err(format!(
            "a channel's message encoding is '{}', not '{MESSAGE_ENCODING}'",
            other.escape_debug()
        )),
        None => Err("a Channel record is too short".into()),
    }
}
