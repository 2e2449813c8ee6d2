//! The walk over a recording that is being opened: from record to record, reading their heads only.
//!
//! It takes what a recorder writes and nothing else, so that a wrong byte is noticed where it
//! stands; what no checksum covers is never believed.

use super::chunk::{Chunk, ChunkError};
use super::error::{Damage, RecordError};
use super::format::{CHUNK_HEAD, FOOTER, LIBRARY, MAGIC, PROFILE, RECORD_HEAD, Reader, op};
use crate::storage::HeapAllocator;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::OnceLock;

/// Bytes read at a time: a chunk's message index and the next chunk's head fit.
const WINDOW: usize = 4096;

/// What a recording holds.
#[derive(Debug, Default)]
pub(super) struct Contents {
    pub(super) chunks: Vec<Chunk>,
    pub(super) items: usize,
    /// Where the data section ends, and its checksum.
    pub(super) data_end: Option<(u64, u32)>,
    /// Where the walk had to stop.
    pub(super) damage: Option<Damage>,
}

/// Walks over the file, up to its end or the first damage.
pub(super) fn scan(path: &Path, file: &File, length: u64) -> Result<Contents, RecordError> {
    let mut walk = Walk {
        window: Window::new(file),
        length,
        contents: Contents::default(),
        open: None,
    };
    let first = walk.first_record(path)?;
    let damage = match walk.records(first) {
        Ok(()) => walk.check_end(),
        // A chunk with a damaged index, or half of one, is whole by itself, or the damage.
        Err(stop @ Stop::Damage(..)) => Err(walk.close_chunk(false).err().unwrap_or(stop)),
        Err(stop) => Err(stop),
    };
    match damage {
        Ok(()) => {}
        Err(Stop::Io(source)) => return Err(RecordError::io(path, "read")(source)),
        Err(Stop::Damage(offset, reason)) => {
            walk.contents.damage = Some(Damage {
                offset,
                reason,
                items: walk.contents.items,
            });
        }
    }
    Ok(walk.contents)
}

struct Walk<'a> {
    window: Window<'a>,
    length: u64,
    contents: Contents,
    /// The last chunk, and whether a message index has been seen behind it.
    open: Option<(Chunk, bool)>,
}

/// Why a walk ends early.
enum Stop {
    Io(io::Error),
    /// From which byte on, and why.
    Damage(u64, String),
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Walk<'_> {
    /// Checks the file's first bytes; where the data section starts.
    fn first_record(&mut self, path: &Path) -> Result<u64, RecordError> {
        let refuse = |reason: String| Err(RecordError::not_a_recording(path, reason));
        if self.length == 0 {
            return refuse("it is empty".into());
        }
        let start = self.window.at(0, MAGIC.len() + RECORD_HEAD + 1024);
        let start = start.map_err(RecordError::io(path, "read"))?;
        let magic = &start[..start.len().min(MAGIC.len())];
        if !MAGIC.starts_with(magic) {
            return refuse("it does not start with MCAP's magic bytes, at byte 0".into());
        }
        let mut reader = Reader(&start[magic.len()..]);
        let at = MAGIC.len() as u64;
        let head = reader.u8().zip(reader.u64());
        let Some((op, length)) = head else {
            return refuse(format!(
                "it ends at byte {}, before its header",
                self.length
            ));
        };
        let header = usize::try_from(length)
            .ok()
            .and_then(|len| reader.take(len));
        let (op::HEADER, Some(header)) = (op, header) else {
            return refuse(format!("at byte {at} there is no whole Header record"));
        };
        let mut header = Reader(header);
        match (header.text(), header.text()) {
            (Some(PROFILE), Some(_)) if header.0.is_empty() => Ok(at + RECORD_HEAD as u64 + length),
            (Some(profile), Some(library)) if profile != PROFILE => refuse(format!(
                "it is an MCAP file of profile '{}' by '{}', not of '{PROFILE}' as {LIBRARY} \
                 writes, at byte {at}",
                profile.escape_debug(),
                library.escape_debug()
            )),
            _ => refuse(format!("the Header record at byte {at} is no such thing")),
        }
    }

    /// All records of the data section.
    fn records(&mut self, first: u64) -> Result<(), Stop> {
        let mut at = first;
        loop {
            let mut head = [0; RECORD_HEAD + CHUNK_HEAD];
            let found = self.window.at(at, head.len())?;
            let count = found.len();
            head[..count].copy_from_slice(found);
            let mut reader = Reader(&head[..count]);
            let Some((op, length)) = reader.u8().zip(reader.u64()) else {
                self.close_chunk(true)?;
                return Err(Stop::Damage(at, self.ends_early(at)));
            };
            let content = at + RECORD_HEAD as u64;
            let left = self.length - content;
            if op != op::MESSAGE_INDEX {
                self.close_chunk(true)?;
            }
            if length > left {
                return Err(Stop::Damage(
                    at,
                    format!(
                        "a {} of {length} bytes, of which the file has {left}: its recorder was \
                         killed, or the file is cut off or damaged",
                        op::name(op)
                    ),
                ));
            }
            let bad = |what: &str| Stop::Damage(at, format!("{}: {what}", op::name(op)));
            match op {
                op::CHUNK => {
                    let chunk = chunk(reader, at, length).map_err(|what| bad(&what))?;
                    self.open = Some((chunk, false));
                }
                op::MESSAGE_INDEX => self.index(reader, length).map_err(bad)?,
                op::DATA_END => {
                    let crc = reader.u32().filter(|_| length == 4);
                    let crc = crc.ok_or_else(|| bad("it has not 4 bytes"))?;
                    self.contents.data_end = Some((at, crc));
                    return Ok(());
                }
                op::ATTACHMENT | op::METADATA => {}
                _ => return Err(bad("it has no place here")),
            }
            at = content + length;
        }
    }

    /// A message index says how many messages of a channel are in the chunk before it. The rest is
    /// read from the chunk itself.
    fn index(&mut self, mut reader: Reader<'_>, length: u64) -> Result<(), &'static str> {
        let (chunk, indexed) = self.open.as_mut().ok_or("there is no chunk before it")?;
        let entries = reader.u16().and_then(|_| reader.u32()).map(u64::from);
        let entries = entries
            .filter(|bytes| length == 6 + bytes && bytes % 16 == 0)
            .ok_or("its lengths contradict each other")?;
        chunk.count += usize::try_from(entries / 16).map_err(|_| "it is too long")?;
        *indexed = true;
        Ok(())
    }

    /// Enters the last chunk. One without an index, behind which its recorder was killed, is read;
    /// so is one whose index is not to be trusted.
    fn close_chunk(&mut self, trust_index: bool) -> Result<(), Stop> {
        let Some((mut chunk, indexed)) = self.open.take() else {
            return Ok(());
        };
        if !(indexed && trust_index) {
            match chunk.read(self.window.file, &HeapAllocator::default()) {
                Ok((_, places)) => {
                    chunk.count = places.len();
                    chunk.places = OnceLock::from(places);
                }
                Err(ChunkError::Io(error)) => return Err(Stop::Io(error)),
                Err(ChunkError::Damaged(reason)) => return Err(Stop::Damage(chunk.start, reason)),
            }
        }
        chunk.first = self.contents.items;
        self.contents.items += chunk.count;
        self.contents.chunks.push(chunk);
        Ok(())
    }

    fn ends_early(&self, at: u64) -> String {
        let rest = match self.length - at {
            0 => String::new(),
            rest => format!(", {rest} bytes into a record"),
        };
        format!(
            "the file ends without its end mark{rest}: its recorder was killed, or it was cut off"
        )
    }

    /// Behind the data section there are only indexes, and the file's last bytes.
    fn check_end(&mut self) -> Result<(), Stop> {
        let (data_end, _) = self.contents.data_end.unwrap_or_default();
        let summary = data_end + (RECORD_HEAD + 4) as u64;
        let tail = (FOOTER + MAGIC.len()) as u64;
        let footer = self.length.checked_sub(tail).filter(|at| *at >= summary);
        let whole = match footer {
            None => false,
            Some(at) => {
                let bytes = self.window.at(at, FOOTER + MAGIC.len())?;
                bytes.starts_with(&[op::FOOTER, 20, 0, 0, 0, 0, 0, 0, 0]) && bytes.ends_with(&MAGIC)
            }
        };
        match whole {
            true => Ok(()),
            false => Err(Stop::Damage(
                summary,
                "the summary for other tools is damaged or cut off; no item is".into(),
            )),
        }
    }
}

/// A chunk by its head, whose content of `length` bytes is in the file.
fn chunk(mut reader: Reader<'_>, start: u64, length: u64) -> Result<Chunk, String> {
    let head = || {
        reader.take(16)?; // the times of its first and last message: for other tools
        let uncompressed = reader.u64()?;
        let crc = reader.u32()?;
        let compression = reader.u32()?;
        (compression == 0).then_some(())?;
        Some((uncompressed, crc, reader.u64()?))
    };
    let (uncompressed, crc, records) =
        { head }().ok_or("it is compressed, which no recorder of ours does")?;
    if records != uncompressed || Some(records) != length.checked_sub(CHUNK_HEAD as u64) {
        return Err("its lengths contradict each other".into());
    }
    Ok(Chunk {
        start,
        records: start + (RECORD_HEAD + CHUNK_HEAD) as u64,
        length: usize::try_from(records).map_err(|_| "it is too long")?,
        crc,
        first: 0,
        count: 0,
        places: OnceLock::new(),
    })
}

/// A part of the file in memory.
struct Window<'a> {
    file: &'a File,
    start: u64,
    bytes: Vec<u8>,
    filled: usize,
}

impl<'a> Window<'a> {
    fn new(file: &'a File) -> Self {
        Self {
            file,
            start: 0,
            bytes: vec![0; WINDOW],
            filled: 0,
        }
    }

    /// `count` bytes, at most a window; fewer where the file ends.
    fn at(&mut self, offset: u64, count: usize) -> io::Result<&[u8]> {
        let end = offset + count as u64;
        if offset < self.start || end > self.start + self.filled as u64 {
            (self.start, self.filled) = (offset, 0);
            while self.filled < self.bytes.len() {
                let at = offset + self.filled as u64;
                match self.file.read_at(&mut self.bytes[self.filled..], at) {
                    Ok(0) => break,
                    Ok(read) => self.filled += read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
        }
        let skip = usize::try_from(offset - self.start).unwrap_or(self.filled);
        let end = self.filled.min(skip.saturating_add(count));
        Ok(&self.bytes[skip.min(end)..end])
    }
}
