//! The receiving side: takes messages from many addresses, fairly.

use crate::parker::Parker;
use crate::peer::{Peer, PeerStatus, Shared};
use crate::process::OwnProcess;
use crate::socket;
use crate::{Address, Error};
use bytes::Bytes;
use omq_tokio::Message;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How often peers are looked at while one of them is not connected, and otherwise.
const TEND_UNSETTLED: Duration = Duration::from_millis(20);
const TEND_SETTLED: Duration = Duration::from_millis(200);

/// How a [`Receiver`] queues and what it accepts.
#[derive(Clone, Debug)]
pub struct ReceiverOptions {
    /// Messages queued for each address before its sender is held back; 10.
    pub high_water_mark: u32,
    /// Bytes of a message; 1 GiB. A peer that announces a larger one is disconnected before
    /// anything is allocated for it.
    pub max_message_bytes: usize,
    /// Take shared memory where a sender offers it; true.
    pub shm: bool,
}

impl Default for ReceiverOptions {
    fn default() -> Self {
        Self {
            high_water_mark: 10,
            max_message_bytes: 1 << 30,
            shm: true,
        }
    }
}

/// A received message.
#[derive(Debug)]
pub struct Received {
    /// The frames. Those in shared memory are leased: who keeps them longer than a moment copies
    /// them, lest the sender run out of slots.
    pub frames: Vec<Bytes>,
    /// Whether a frame lies in the sender's memory.
    pub leased: bool,
    /// Index of the address it came from, in the order given to [`Receiver::connect`], or as
    /// [`Receiver::add`] told.
    pub peer: usize,
    /// Which of the connections made to that address it came over, counted from 1.
    pub connection: u64,
}

/// Takes messages from all its addresses in turn. It connects to senders that start later, and
/// again to those that restart.
#[derive(Debug)]
pub struct Receiver {
    inner: OwnProcess<Inner>,
}

#[derive(Debug)]
struct Inner {
    peers: Vec<Peer>,
    /// Whose turn it is.
    next: usize,
    tend_at: Instant,
    parker: Arc<Parker>,
    // Last: the sockets' drivers run on the context's threads.
    shared: Shared,
}

impl Receiver {
    /// Connects to `addresses`, whether or not somebody listens there yet.
    ///
    /// # Errors
    /// [`Error::Connect`] for an address that can never be connected to.
    pub fn connect(addresses: &[Address], options: &ReceiverOptions) -> Result<Self, Error> {
        let parker = Arc::new(Parker::default());
        let shared = Shared {
            context: socket::context(),
            waker: parker.waker(),
            high_water_mark: options.high_water_mark,
            max_message_bytes: options.max_message_bytes,
            shm: options.shm,
        };
        let mut inner = Inner {
            peers: addresses.iter().cloned().map(Peer::new).collect(),
            next: 0,
            tend_at: Instant::now(),
            parker,
            shared,
        };
        inner.tend()?;
        Ok(Self {
            inner: OwnProcess::new(inner),
        })
    }

    /// The next message, or `None` when none came within `timeout`.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Received>, Error> {
        let inner = self.inner.get_mut()?;
        let deadline = Instant::now() + timeout;
        loop {
            if Instant::now() >= inner.tend_at {
                inner.tend()?;
            }
            if let Some(received) = inner.try_recv()? {
                return Ok(Some(received));
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
            inner.parker.wait_until(deadline.min(inner.tend_at));
        }
    }

    /// What is known of each address, in the order given to [`Receiver::connect`] and of
    /// [`Receiver::add`]; also of those that were left.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn peers(&self) -> Result<Vec<PeerStatus>, Error> {
        let peers = &self.inner.get()?.peers;
        Ok(peers.iter().map(|peer| peer.status().clone()).collect())
    }

    /// Connects to one more address, whether or not somebody listens there yet; its index, which is
    /// its own as long as the receiver lives.
    ///
    /// # Errors
    /// [`Error::Connect`] for an address that can never be connected to; [`Error::Closed`],
    /// [`Error::Forked`].
    pub fn add(&mut self, address: Address) -> Result<usize, Error> {
        let inner = self.inner.get_mut()?;
        let mut peer = Peer::new(address);
        peer.tend(&inner.shared)?;
        inner.peers.push(peer);
        inner.tend_at = Instant::now();
        Ok(inner.peers.len() - 1)
    }

    /// Leaves one address as [`disconnect`](Self::disconnect) does, once what its sender has sent and
    /// is here was received. It is not connected to again. A sender that goes on sending is left as
    /// soon as its queue was empty for a moment, or some megabytes later.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn leave(&mut self, peer: usize) -> Result<(), Error> {
        let inner = self.inner.get_mut()?;
        if let Some(peer) = inner.peers.get_mut(peer) {
            peer.leave(&inner.shared);
            inner.tend_at = Instant::now();
        }
        Ok(())
    }

    /// Goes back to an address that was left, or is being left.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn rejoin(&mut self, peer: usize) -> Result<(), Error> {
        let inner = self.inner.get_mut()?;
        if let Some(peer) = inner.peers.get_mut(peer) {
            peer.rejoin();
            inner.tend_at = Instant::now();
        }
        Ok(())
    }

    /// Leaves one address at once, for good or until it is [rejoined](Self::rejoin).
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn disconnect(&mut self, peer: usize) -> Result<(), Error> {
        if let Some(peer) = self.inner.get_mut()?.peers.get_mut(peer) {
            peer.disconnect();
        }
        Ok(())
    }
}

impl Inner {
    fn tend(&mut self) -> Result<(), Error> {
        for peer in &mut self.peers {
            peer.tend(&self.shared)?;
        }
        let settled = self.peers.iter().all(Peer::is_settled);
        let interval = if settled {
            TEND_SETTLED
        } else {
            TEND_UNSETTLED
        };
        self.tend_at = Instant::now() + interval;
        Ok(())
    }

    fn try_recv(&mut self) -> Result<Option<Received>, Error> {
        for step in 0..self.peers.len() {
            let index = (self.next + step) % self.peers.len();
            let peer = &mut self.peers[index];
            if let Some(message) = peer.try_recv()? {
                self.next = index + 1;
                let connection = peer.status().connections;
                return Ok(Some(received(message, index, connection)));
            }
        }
        Ok(None)
    }
}

fn received(mut message: Message, peer: usize, connection: u64) -> Received {
    let mut frames = Vec::with_capacity(message.len());
    let mut leased = false;
    while let Some(payload) = message.pop_front_payload() {
        // A view of the sender's mapping is no chunk of bytes. Nor is a payload that the message
        // holds itself, which is small and copied by the conversion.
        leased |= payload.as_chunk().is_none() && payload.len() > CARRIER_BYTES;
        frames.push(payload.into_bytes());
    }
    Received {
        frames,
        leased,
        peer,
        connection,
    }
}

/// Shared memory carries no smaller payload in place.
const CARRIER_BYTES: usize = 55;
