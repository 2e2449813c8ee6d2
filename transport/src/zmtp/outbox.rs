//! One consumer of a PUSH: hands that are shaken, and the messages that wait for it.

use super::stream::Stream;
use super::wire::{self, GREETING, HEAD, Head, Kind};
use super::{HANDSHAKE_TIMEOUT, Lost, MAX_COMMAND};
use crate::waiting::{after, wait};
use crate::{Error, Outgoing};
use bytes::Bytes;
use rustix::event::{PollFd, PollFlags};
use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Written at once: enough for the system's call to cost little, and no more parts than it takes.
const MOST_BYTES: usize = 256 << 10;
const MOST_PARTS: usize = 1000;
/// Of what a consumer says, so many pieces are read at a time.
const MOST_READS: usize = 16;
/// Messages that are smaller wait a moment for others when they come in a burst.
const SMALL: usize = 16 << 10;
const MOST_HELD: usize = 16;
/// What comes so soon behind the last write is of a burst.
const BURST: Duration = Duration::from_micros(100);
/// How long a message is written by its sender's own thread while its consumer reads, and while it
/// does not.
const PATIENCE: Duration = Duration::from_millis(2);
const NO_PROGRESS: Duration = Duration::from_micros(200);

/// How far hands are shaken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Greeting,
    Ready,
    Open,
}

/// A connection to a consumer.
#[derive(Debug)]
pub(super) struct Outbox {
    pub(super) id: u64,
    pub(super) stream: Arc<Stream>,
    /// The keeper waits for it to take more.
    pub(super) watched: bool,
    phase: Phase,
    /// It would rather take shared memory.
    shares: bool,
    /// It is to move there: it gets no more messages. Whether that is still to be told.
    moves: bool,
    farewell: bool,
    accepted: Instant,
    /// What has come of a command.
    come: Vec<u8>,
    /// What is said before the next message.
    words: Vec<u8>,
    queue: VecDeque<Outgoing>,
    /// Bytes of the first message that are written.
    written: usize,
    last_write: Instant,
    heads: Vec<u8>,
}

impl Outbox {
    pub(super) fn new(id: u64, stream: Stream) -> Self {
        let now = Instant::now();
        Self {
            id,
            stream: Arc::new(stream),
            watched: false,
            phase: Phase::Greeting,
            shares: false,
            moves: false,
            farewell: false,
            accepted: now,
            come: Vec::new(),
            words: wire::greeting().to_vec(),
            queue: VecDeque::new(),
            written: 0,
            last_write: now,
            heads: Vec::new(),
        }
    }

    /// Whether hands are shaken.
    pub(super) fn is_open(&self) -> bool {
        self.phase == Phase::Open
    }

    /// When it is given up if hands are not shaken.
    pub(super) fn deadline(&self) -> Option<Instant> {
        (!self.is_open()).then(|| self.accepted + HANDSHAKE_TIMEOUT)
    }

    /// Whether it may be given messages.
    pub(super) fn is_served(&self) -> bool {
        self.is_open() && !self.moves
    }

    /// Whether it may be given another one, when so many may wait.
    pub(super) fn has_room(&self, high_water_mark: usize) -> bool {
        self.is_served() && self.queue.len() < high_water_mark
    }

    /// Something is to be written.
    pub(super) fn has_pending(&self) -> bool {
        !(self.words.is_empty() && self.queue.is_empty()) || self.farewell
    }

    /// Sends it to shared memory, behind what waits for it, if that is what it would rather take.
    pub(super) fn move_away(&mut self) {
        if self.is_served() && self.shares {
            (self.moves, self.farewell) = (true, true);
        }
    }

    pub(super) fn push(&mut self, message: &Outgoing) {
        self.queue.push_back(message.clone());
    }

    /// Takes back the message that was pushed last, if nothing of it is written.
    pub(super) fn take_back_the_last(&mut self) -> bool {
        self.has_not_begun_the_last() && self.queue.pop_back().is_some()
    }

    /// What was lent is its owner's again: what still waits of it is copied.
    pub(super) fn keep_the_last(&mut self) -> Result<(), Error> {
        // Bytes of the message that are written, if it is the first.
        let mut written = if self.queue.len() == 1 {
            self.written
        } else {
            0
        };
        let gone = |frame: &Bytes| {
            let gone = written.saturating_sub(Head::size_of(frame.len()));
            written = written.saturating_sub(size_of(frame.len()));
            gone
        };
        if let Some(last) = self.queue.back_mut()
            && let Some(kept) = last.kept(gone)?
        {
            *last = kept;
        }
        Ok(())
    }

    /// Whether the message that was pushed last is there as it was: then it may go to somebody else.
    pub(super) fn has_not_begun_the_last(&self) -> bool {
        self.queue.len() > 1 || self.queue.len() == 1 && self.written == 0
    }

    /// Whether what waits should wait for more: small messages in a burst, while there is room.
    pub(super) fn holds(&self, high_water_mark: usize) -> bool {
        self.queue.len() < high_water_mark.min(MOST_HELD)
            && self.queue.iter().all(|message| message.byte_len() < SMALL)
            && self.last_write.elapsed() < BURST
    }

    /// Writes what waits, for a moment also while the consumer has to read first. Whether all is
    /// written.
    pub(super) fn flush_patiently(&mut self) -> Result<bool, Lost> {
        let start = Instant::now();
        while !self.flush()? {
            let patience = PATIENCE.saturating_sub(start.elapsed()).min(NO_PROGRESS);
            let taker = &mut [PollFd::new(&*self.stream, PollFlags::OUT)];
            if patience.is_zero() || !wait(taker, after(patience)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Writes what the system takes of what waits. Whether all is written.
    pub(super) fn flush(&mut self) -> Result<bool, Lost> {
        while self.has_pending() {
            if self.queue.is_empty() && std::mem::take(&mut self.farewell) {
                self.words.extend(wire::move_away());
            }
            let (wanted, written) = self.write()?;
            self.book(written);
            if written < wanted {
                return Ok(false);
            }
        }
        self.watched = false;
        Ok(true)
    }

    /// Writes once: bytes that were to be written, and that were.
    fn write(&mut self) -> Result<(usize, usize), Lost> {
        // Words go between messages.
        let words = (self.written == 0).then_some(&self.words[..]);
        let alone = words.is_none() && !self.words.is_empty();
        let (mut bytes, mut messages) = (0, 0);
        self.heads.clear();
        for message in &self.queue {
            if messages > 0 && (alone || bytes >= MOST_BYTES || 2 * messages >= MOST_PARTS) {
                break;
            }
            let frames = message.frames();
            for (at, frame) in (1..).zip(frames) {
                Head::write(frame.len(), at < frames.len(), &mut self.heads);
            }
            messages += 1;
            bytes += message.byte_len();
        }
        let mut parts: Vec<_> = words.map(IoSlice::new).into_iter().collect();
        let mut heads = &self.heads[..];
        for frame in self.queue.iter().take(messages).flat_map(Outgoing::frames) {
            let (head, rest) = heads.split_at(Head::size_of(frame.len()));
            parts.extend([IoSlice::new(head), IoSlice::new(frame)]);
            heads = rest;
        }
        let mut parts = &mut parts[..];
        IoSlice::advance_slices(&mut parts, self.written);
        let parts = &parts[..parts.len().min(MOST_PARTS)];
        let wanted = parts.iter().map(|part| part.len()).sum();
        Ok((wanted, self.stream.write(parts)?))
    }

    fn book(&mut self, mut written: usize) {
        if written > 0 {
            self.last_write = Instant::now();
        }
        if self.written == 0 {
            let words = written.min(self.words.len());
            self.words.drain(..words);
            written -= words;
        }
        self.written += written;
        while let Some(size) = self.queue.front().map(size) {
            if self.written < size {
                break;
            }
            self.written -= size;
            self.queue.pop_front();
        }
    }

    /// Reads and heeds what the consumer says.
    pub(super) fn read(&mut self) -> Result<(), Lost> {
        let mut chunk = [0; 4096];
        // Who talks without end must not keep the others.
        for _ in 0..MOST_READS {
            let Some(read) = self.stream.read(&mut [IoSliceMut::new(&mut chunk)])? else {
                break;
            };
            self.come.extend_from_slice(&chunk[..read]);
            self.heed()?;
            // Who asks for more answers than it reads is no consumer.
            if self.words.len() > MAX_COMMAND {
                return Err(Lost);
            }
        }
        Ok(())
    }

    fn heed(&mut self) -> Result<(), Lost> {
        if self.phase == Phase::Greeting {
            wire::check_greeting(&self.come)?;
            if self.come.len() < GREETING {
                return Ok(());
            }
            self.come.drain(..GREETING);
            self.words.extend(wire::ready(Kind::Push, false));
            self.phase = Phase::Ready;
            // Before it counts as a consumer, which is to know that it is one.
            self.flush()?;
        }
        // A PULL sends no messages.
        while let Some((body, end)) = wire::read_command(&self.come)? {
            if self.is_open() {
                self.words.extend(wire::pong(body).unwrap_or_default());
            } else if let Some(ready) = wire::read_ready(body, Kind::Pull) {
                (self.phase, self.shares) = (Phase::Open, ready.shares);
            } else {
                self.words.extend(wire::error("not a PULL"));
                // It may have gone.
                let _ = self.flush();
                return Err(Lost);
            }
            self.come.drain(..end);
        }
        debug_assert!(self.come.len() < MAX_COMMAND + HEAD);
        Ok(())
    }
}

/// Bytes of a message with the heads of its frames.
fn size(message: &Outgoing) -> usize {
    let frames = message.frames().iter();
    frames.map(|frame| size_of(frame.len())).sum()
}

/// Bytes of a frame with its head.
fn size_of(frame: usize) -> usize {
    Head::size_of(frame) + frame
}
