//! The receiving end of a connection: messages from its bytes, large frames read to their places.

use super::stream::Stream;
use super::wire::{self, Head};
use super::{Lost, MAX_COMMAND};
use crate::pool::{Shelf, Shelved};
use bytes::Bytes;
use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;

/// Frames up to this are cut from what was read; larger ones have memory of their own.
const SMALL: usize = 16 << 10;
/// Read at once where messages are small.
const BUFFER: usize = 128 << 10;
/// Read behind a large frame: room for the head of the next one, which is not copied then.
const BEHIND: usize = 4 << 10;
/// A wait is for no more of a frame: a window as systems have it holds three megabytes, and what comes
/// while this is read is to find room.
const MOST_AWAITED: usize = 2 << 20;
/// How often it is read at a time, whether or not that makes a message.
const MOST_READS: usize = 256;
/// A larger frame gets memory as it comes, unless one of half its size has come before.
const BELIEVED: usize = 16 << 20;
/// A message of more frames has to have room for the frames themselves as well.
const FREE_FRAMES: usize = 1024;
const FRAME_BYTES: usize = 64;

/// What has come over a connection.
#[derive(Debug)]
pub(super) struct Inbox {
    pub(super) stream: Arc<Stream>,
    /// There may be something to read.
    pub(super) readable: bool,
    max_bytes: usize,
    buffer: Box<[u8]>,
    /// What in it was read and not taken yet.
    start: usize,
    end: usize,
    /// Frames of the message that is coming, and the bytes of them.
    frames: Vec<Bytes>,
    bytes: usize,
    large: Option<Large>,
    /// The largest frame that has come.
    largest: usize,
    queue: VecDeque<Vec<Bytes>>,
    /// What is said to the other side.
    words: Vec<u8>,
    shelf: Shelf,
    /// So many bytes are waited for.
    awaited: usize,
    moves: bool,
    lost: bool,
}

/// A large frame that is coming.
#[derive(Debug)]
struct Large {
    /// For all of it, or so far.
    memory: Shelved,
    come: usize,
    len: usize,
    more: bool,
}

impl Inbox {
    /// Over a connection on which hands are shaken, and of which `come` was read behind that.
    pub(super) fn new(stream: Arc<Stream>, max_bytes: usize, come: &[u8]) -> Self {
        let mut inbox = Self {
            stream,
            readable: true,
            max_bytes,
            buffer: vec![0; BUFFER].into(),
            start: 0,
            end: come.len(),
            frames: Vec::new(),
            bytes: 0,
            large: None,
            largest: 0,
            queue: VecDeque::new(),
            words: Vec::new(),
            shelf: Shelf::default(),
            awaited: 1,
            moves: false,
            lost: false,
        };
        let place = inbox.buffer.get_mut(..come.len()).ok_or(Lost);
        let placed = place.map(|place| place.copy_from_slice(come));
        let taken = placed.and_then(|()| inbox.take());
        inbox.note(taken);
        inbox
    }

    /// Nothing more will come.
    pub(super) fn is_lost(&self) -> bool {
        self.lost
    }

    /// It is told to move to shared memory, and all that came before has been taken.
    pub(super) fn moves(&self) -> bool {
        self.moves && self.queue.is_empty()
    }

    /// The stream, to wait for more; `None` while something waits here, or nothing will come. The wait
    /// ends when the rest of a large frame is there, or much of it, not at each piece.
    pub(super) fn awaits(&mut self) -> Option<Arc<Stream>> {
        if !self.queue.is_empty() || self.lost {
            return None;
        }
        let rest = self.to_come().unwrap_or(1).min(MOST_AWAITED);
        if std::mem::replace(&mut self.awaited, rest) != rest {
            self.stream.await_bytes(rest);
        }
        Some(self.stream.clone())
    }

    /// Bytes of a large frame that are still to come.
    pub(super) fn to_come(&self) -> Option<usize> {
        self.large.as_ref().map(|large| large.len - large.come)
    }

    /// The next message, if one has come. Reads where none waits.
    pub(super) fn try_recv(&mut self) -> Option<Vec<Bytes>> {
        // What comes without end must not keep the others.
        for _ in 0..MOST_READS {
            if !self.queue.is_empty() || !self.readable || self.lost {
                break;
            }
            self.fill();
        }
        self.queue.pop_front()
    }

    /// Reads until so many messages wait, or nothing more is there.
    pub(super) fn prefetch(&mut self, messages: usize) {
        self.readable = true;
        for _ in 0..MOST_READS {
            if self.queue.len() >= messages || !self.readable || self.lost {
                break;
            }
            self.fill();
        }
    }

    /// Reads once.
    fn fill(&mut self) {
        let outcome = self.read().and_then(|()| self.take());
        self.note(outcome);
    }

    fn note(&mut self, outcome: Result<(), Lost>) {
        self.lost = outcome.is_err();
        if self.lost {
            // The other side is to know, whoever else still holds the stream.
            self.stream.shut_down();
        }
    }

    fn read(&mut self) -> Result<(), Lost> {
        if let Some(large) = &mut self.large {
            let place = large.place(&self.shelf)?;
            let wanted = place.len();
            let behind = &mut self.buffer[..BEHIND];
            let places = &mut [IoSliceMut::new(place), IoSliceMut::new(behind)];
            let read = self.stream.read(places)?.unwrap_or(0);
            self.readable = read >= wanted;
            large.come += read.min(wanted);
            (self.start, self.end) = (0, read.saturating_sub(wanted));
            return Ok(());
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        // Where large frames come, the next one is to be read to its place.
        let end = match self.largest > SMALL && self.end < BEHIND {
            true => BEHIND,
            false => BUFFER,
        };
        let place = &mut self.buffer[self.end..end];
        let wanted = place.len();
        let read = self
            .stream
            .read(&mut [IoSliceMut::new(place)])?
            .unwrap_or(0);
        self.readable = read == wanted;
        self.end += read;
        Ok(())
    }

    /// Takes frames and commands from what was read.
    fn take(&mut self) -> Result<(), Lost> {
        if let Some(large) = self.large.take_if(|large| large.come == large.len) {
            self.largest = self.largest.max(large.len);
            self.add(large.memory.freeze(), large.more);
        }
        while self.large.is_none()
            && let Some(head) = Head::read(&self.buffer[self.start..self.end])?
        {
            let body = self.start + head.size;
            let come = self.end - body;
            let len = usize::try_from(head.len).map_err(|_| Lost)?;
            if !head.command {
                self.check(len)?;
            }
            if (head.command || len <= SMALL) && come < len {
                break;
            }
            self.start = body + len.min(come);
            let come = &self.buffer[body..self.start];
            if head.command {
                self.moves |= wire::is_move(come);
                self.words.extend(wire::pong(come).unwrap_or_default());
                continue;
            }
            self.bytes += len;
            if len <= SMALL {
                let frame = Bytes::copy_from_slice(come);
                self.largest = self.largest.max(len);
                self.add(frame, head.more);
                continue;
            }
            let mut large = Large::new(len, head.more, self.largest, &self.shelf)?;
            large.memory.bytes_mut()[..come.len()].copy_from_slice(come);
            large.come = come.len();
            match large.come == len {
                true => self.add(large.memory.freeze(), large.more),
                false => self.large = Some(large),
            }
        }
        self.say()
    }

    /// Whether a message may have another frame of `len` bytes: asked before there is memory for it.
    fn check(&self, len: usize) -> Result<(), Lost> {
        let frames = self.frames.len().saturating_sub(FREE_FRAMES) * FRAME_BYTES;
        let bytes = self.bytes.saturating_add(len).saturating_add(frames);
        (bytes <= self.max_bytes).then_some(()).ok_or(Lost)
    }

    fn add(&mut self, frame: Bytes, more: bool) {
        self.frames.push(frame);
        if !more {
            let room = Vec::with_capacity(self.frames.len());
            self.queue
                .push_back(std::mem::replace(&mut self.frames, room));
            self.bytes = 0;
        }
    }

    /// Answers, as far as the other side reads.
    fn say(&mut self) -> Result<(), Lost> {
        if self.words.is_empty() {
            return Ok(());
        }
        let said = self.stream.write(&[IoSlice::new(&self.words)])?;
        self.words.drain(..said);
        // Who asks for more answers than it reads is no publisher.
        (self.words.len() <= MAX_COMMAND).then_some(()).ok_or(Lost)
    }
}

impl Large {
    fn new(len: usize, more: bool, largest: usize, shelf: &Shelf) -> Result<Self, Lost> {
        let believed = len.min(BELIEVED.max(largest.saturating_mul(2)));
        Ok(Self {
            memory: shelf.frame(believed).map_err(|_| Lost)?,
            come: 0,
            len,
            more,
        })
    }

    /// Where the next bytes of it go.
    fn place(&mut self, shelf: &Shelf) -> Result<&mut [u8], Lost> {
        let room = self.memory.bytes_mut().len();
        if self.come == room {
            let twice = self.len.min(room.saturating_mul(2));
            let mut memory = shelf.frame(twice).map_err(|_| Lost)?;
            memory.bytes_mut()[..room].copy_from_slice(self.memory.bytes_mut());
            self.memory = memory;
        }
        Ok(&mut self.memory.bytes_mut()[self.come..])
    }
}
