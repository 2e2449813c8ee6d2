//! Both ways out of a sender: shared memory, and everybody else's socket.
//!
//! Owns whose turn it is between the two, and what is common to their consumers. It must never know
//! what a frame lies in.

use crate::pool::SMALLEST_POOLED;
use crate::socket::{self, Socket};
use crate::zmtp::Push;
use crate::{Address, Error, Outgoing};
use bytes::Bytes;
use omq_tokio::Context;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// While one way is waited for, it is looked so often whether the other one has a new consumer.
const SLICE: Duration = Duration::from_millis(20);
/// The same while nobody is connected, or both ways are full.
const SHORT_SLICE: Duration = Duration::from_millis(2);

/// The ways of one sender.
#[derive(Debug)]
pub(crate) struct Outlets {
    address: Address,
    push: Push,
    high_water_mark: u32,
    /// Whether shared memory may be offered.
    shares: bool,
    /// Shared memory, once it was offered; nothing where that failed.
    shm: OnceLock<Option<Shm>>,
    turn: AtomicUsize,
}

/// Shared memory, as the library has it.
#[derive(Debug)]
struct Shm {
    socket: Socket,
    // Last: the socket's driver runs on the context's threads.
    _context: Context,
}

impl Outlets {
    /// Binds `address`. With `shares`, and where only this host can reach it, shared memory is offered
    /// beside it, once there is a message with a large frame: small ones go faster without.
    pub(crate) fn bind(
        address: &Address,
        shares: bool,
        high_water_mark: u32,
    ) -> Result<Self, Error> {
        let (push, address) = Push::bind(address, high_water_mark)?;
        Ok(Self {
            shares: shares && address.is_local(),
            address,
            push,
            high_water_mark,
            shm: OnceLock::new(),
            turn: AtomicUsize::new(0),
        })
    }

    fn shm(&self) -> Option<&Shm> {
        self.shm.get().and_then(Option::as_ref)
    }

    /// Offers shared memory if this message is the first that is better there.
    fn offer_for(&self, message: &Outgoing) {
        let large = |frame: &Bytes| frame.len() >= SMALLEST_POOLED;
        if self.shares && self.shm.get().is_none() && message.frames().iter().any(large) {
            let offered = self
                .shm
                .get_or_init(|| Shm::offer(&self.address, self.high_water_mark));
            if offered.is_some() {
                self.push.move_away();
            }
        }
    }

    /// The bound address, with the port that the system chose for port 0.
    pub(crate) fn address(&self) -> &Address {
        &self.address
    }

    /// Sends a message, waiting up to `timeout` while all queues are full or nobody is connected.
    /// False when the time ran out: then it was not sent.
    pub(crate) fn send_timeout(
        &self,
        message: &Outgoing,
        timeout: Duration,
    ) -> Result<bool, Error> {
        self.offer_for(message);
        // Where there is no other way, and room, nothing else need be looked at.
        if self.shm().is_none() && self.push.try_send(message)? {
            return Ok(true);
        }
        let start = Instant::now();
        loop {
            let (shared, (_, inline)) = (self.in_shared_memory()?, self.push.counts());
            if self.try_send(message, shared, inline)? {
                return Ok(true);
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            match (self.shm(), shared, inline) {
                (Some(shm), 1.., _) => {
                    let slice = if inline > 0 { SHORT_SLICE } else { SLICE };
                    let message = message.message();
                    if shm.socket.send_timeout(message, left.min(slice))? {
                        return Ok(true);
                    }
                }
                (Some(_), 0, 0) => self.push.wait_for_room(left.min(SHORT_SLICE)),
                _ => self.push.wait_for_room(left.min(SLICE)),
            }
        }
    }

    /// Sends to a consumer of the way whose turn it is, else to one of the other.
    fn try_send(&self, message: &Outgoing, shared: usize, inline: usize) -> Result<bool, Error> {
        let all = (shared + inline).max(1);
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % all;
        let ways = match turn < shared {
            true => [true, false],
            false => [false, true],
        };
        for shared_memory in ways {
            let sent = match (self.shm(), shared_memory) {
                (Some(shm), true) if shared > 0 => shm.socket.try_send(message.message())?,
                (_, false) if inline > 0 => self.push.try_send(message)?,
                _ => false,
            };
            if sent {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Consumers that take shared memory.
    fn in_shared_memory(&self) -> Result<usize, Error> {
        self.shm().map_or(Ok(0), |shm| shm.socket.connected())
    }

    /// How many consumers are connected.
    pub(crate) fn consumers(&self) -> Result<usize, Error> {
        Ok(self.in_shared_memory()? + self.push.counts().0)
    }

    /// Who is connected: by address over a network, else by ours.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names = self.push.consumers(&self.address);
        // An error means that the socket is closed: nobody is connected.
        let shared = self.in_shared_memory().unwrap_or_default();
        names.extend(std::iter::repeat_n(self.address.to_string(), shared));
        names
    }

    /// A number that changes with the consumers.
    pub(crate) fn generation(&self) -> u64 {
        let shared = self.shm().map_or(0, |shm| shm.socket.generation());
        self.push.generation().wrapping_add(shared)
    }

    /// Waits up to `timeout` until the consumers are others than at a `generation`.
    pub(crate) fn wait_for_change(&self, generation: u64, timeout: Duration) {
        let start = Instant::now();
        while self.generation() == generation && start.elapsed() < timeout {
            let left = timeout.saturating_sub(start.elapsed());
            let inline = self.push.generation();
            match self.shm() {
                Some(_) => self.push.wait_for_change(inline, left.min(SHORT_SLICE)),
                None => self.push.wait_for_change(inline, left),
            }
        }
    }

    /// Closes, after what was sent has gone out or `linger` is over.
    pub(crate) fn close(self, linger: Duration) {
        let start = Instant::now();
        self.push.close(linger);
        if let Some(shm) = self.shm.into_inner().flatten() {
            shm.socket.close(linger.saturating_sub(start.elapsed()));
        }
    }
}

impl Shm {
    /// Without shared memory the stream is slower, not wrong: a name that is taken is no error.
    fn offer(address: &Address, high_water_mark: u32) -> Option<Self> {
        let context = socket::context();
        let socket = Socket::push(&context, high_water_mark);
        socket.offer_shm(address).then(|| Self {
            socket,
            _context: context,
        })
    }
}
