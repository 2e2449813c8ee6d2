//! One connection: messages of frames over a stream of bytes.
//!
//! A message is the number of its frames (u32), the length of each (u64), and the frames, all
//! little-endian.

use super::spin::Spin;
use crate::waiting::wait;
use bytes::Bytes;
use rustix::event::{PollFd, PollFlags};
use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::time::Instant;

/// As many as the wire format has.
const MAX_FRAMES: usize = 256;
/// Messages up to this are put together and written in one piece.
const SMALL: usize = 32 << 10;
/// Read at once; memory for a message grows with what has come of it.
const CHUNK: usize = 256 << 10;

/// The peer has gone, or speaks something else. Nothing more can be sent or received.
#[derive(Debug)]
pub(crate) struct Lost;

/// A connection.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: UnixStream,
    max_bytes: usize,
    /// What has come and not been taken.
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    /// What is left of an answer that is not read as fast as it was written.
    unsent: VecDeque<u8>,
    spin: Spin,
}

impl Stream {
    pub(crate) fn new(socket: UnixStream, max_bytes: usize) -> std::io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            socket,
            max_bytes,
            inbox: Vec::new(),
            outbox: Vec::new(),
            unsent: VecDeque::new(),
            spin: Spin::default(),
        })
    }

    pub(crate) fn fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }

    /// Sends a message. A peer that does not take it by `deadline` is lost: half of it may be there.
    pub(crate) fn send(&mut self, frames: &[Bytes], deadline: Instant) -> Result<(), Lost> {
        self.send_or_keep(frames, deadline)?;
        match self.unsent.is_empty() {
            true => Ok(()),
            false => Err(Lost),
        }
    }

    /// Sends a message; what the peer does not take by `deadline` is kept for [`flush`](Self::flush).
    pub(crate) fn send_or_keep(&mut self, frames: &[Bytes], deadline: Instant) -> Result<(), Lost> {
        let count = u32::try_from(frames.len()).map_err(|_| Lost)?;
        self.outbox.clear();
        self.outbox.extend_from_slice(&count.to_le_bytes());
        for frame in frames {
            let len = frame.len() as u64;
            self.outbox.extend_from_slice(&len.to_le_bytes());
        }
        let total: usize = frames.iter().map(Bytes::len).sum();
        let mut parts = Vec::new();
        if total <= SMALL {
            frames.iter().for_each(|f| self.outbox.extend_from_slice(f));
        } else {
            parts.extend(frames.iter().map(|frame| IoSlice::new(frame)));
        }
        parts.insert(0, IoSlice::new(&self.outbox));
        for left in write(&self.socket, &mut parts, deadline)? {
            self.unsent.extend(left.iter());
        }
        Ok(())
    }

    /// Whether some of the last message is still kept.
    pub(crate) fn has_unsent(&self) -> bool {
        !self.unsent.is_empty()
    }

    /// Sends of what was kept as much as the peer takes by `deadline`.
    pub(crate) fn flush(&mut self, deadline: Instant) -> Result<(), Lost> {
        let (front, back) = self.unsent.as_slices();
        let had = self.unsent.len();
        let mut parts = [IoSlice::new(front), IoSlice::new(back)];
        let left = write(&self.socket, &mut parts, deadline)?;
        let left: usize = left.iter().map(|part| part.len()).sum();
        self.unsent.drain(..had - left);
        Ok(())
    }

    /// The next message, or `None` when none was there by `deadline`.
    pub(crate) fn recv(&mut self, deadline: Instant) -> Result<Option<Vec<Bytes>>, Lost> {
        let mut spin = std::mem::take(&mut self.spin);
        let found = spin.look(deadline, || self.try_recv().transpose());
        self.spin = spin;
        if let Some(found) = found {
            return found.map(Some);
        }
        loop {
            if let Some(message) = self.try_recv()? {
                return Ok(Some(message));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            wait(&mut [PollFd::new(&self.socket, PollFlags::IN)], deadline);
        }
    }

    /// The next message, if all of it is there.
    pub(crate) fn try_recv(&mut self) -> Result<Option<Vec<Bytes>>, Lost> {
        loop {
            if let Some(message) = self.take()? {
                return Ok(Some(message));
            }
            if !self.read()? {
                return Ok(None);
            }
        }
    }

    /// Reads what is there; whether that was anything.
    fn read(&mut self) -> Result<bool, Lost> {
        let mut small = [0; 16 << 10];
        let had = self.inbox.len();
        // Most messages fit; a large one is read straight to its place.
        let large = had > small.len();
        let result = if large {
            self.inbox.resize(had + CHUNK, 0);
            self.socket.read(&mut self.inbox[had..])
        } else {
            self.socket.read(&mut small)
        };
        let (read, outcome) = match result {
            Ok(0) => (0, Err(Lost)),
            Ok(read) => (read, Ok(true)),
            Err(e) if e.kind() == ErrorKind::WouldBlock => (0, Ok(false)),
            Err(e) if e.kind() == ErrorKind::Interrupted => (0, Ok(true)),
            Err(_) => (0, Err(Lost)),
        };
        match large {
            true => self.inbox.truncate(had + read),
            false => self.inbox.extend_from_slice(&small[..read]),
        }
        outcome
    }

    /// A message from what has come, if all of one has.
    fn take(&mut self) -> Result<Option<Vec<Bytes>>, Lost> {
        let Some((count, rest)) = self.inbox.split_first_chunk() else {
            return Ok(None);
        };
        let count = u32::from_le_bytes(*count) as usize;
        if count > MAX_FRAMES {
            return Err(Lost);
        }
        let Some(lens) = rest.get(..8 * count) else {
            return Ok(None);
        };
        let mut left = self.max_bytes;
        let mut sizes = Vec::with_capacity(count);
        for len in lens.chunks_exact(8) {
            let len = u64::from_le_bytes(len.try_into().map_err(|_| Lost)?);
            let len = usize::try_from(len).map_err(|_| Lost)?;
            left = left.checked_sub(len).ok_or(Lost)?;
            sizes.push(len);
        }
        let head = 4 + 8 * count;
        let end = head + (self.max_bytes - left);
        if self.inbox.len() < end {
            return Ok(None);
        }
        let tail = self.inbox[end..].to_vec();
        let mut message = std::mem::replace(&mut self.inbox, tail);
        message.truncate(end);
        let mut body = Bytes::from(message).split_off(head);
        Ok(Some(sizes.iter().map(|len| body.split_to(*len)).collect()))
    }
}

/// Writes until all is written or `deadline`; what is left.
fn write<'a, 'b>(
    mut socket: &UnixStream,
    mut parts: &'a mut [IoSlice<'b>],
    deadline: Instant,
) -> Result<&'a [IoSlice<'b>], Lost> {
    IoSlice::advance_slices(&mut parts, 0); // passes over empty ones
    while !parts.is_empty() {
        match socket.write_vectored(parts) {
            Ok(0) => return Err(Lost),
            Ok(written) => IoSlice::advance_slices(&mut parts, written),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if Instant::now() >= deadline {
                    break;
                }
                wait(&mut [PollFd::new(socket, PollFlags::OUT)], deadline);
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => return Err(Lost),
        }
    }
    Ok(parts)
}
