//! The receiving side: takes messages from many addresses, fairly.

use crate::line::{Shared, Taken};
use crate::parker::Parker;
use crate::peer::{Peer, PeerStatus};
use crate::process::OwnProcess;
use crate::waiting::after;
use crate::zmtp::Stream;
use crate::{Address, Error};
use bytes::Bytes;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How often peers are looked at while one of them is not connected, and otherwise.
const TEND_UNSETTLED: Duration = Duration::from_millis(20);
const TEND_SETTLED: Duration = Duration::from_millis(200);
/// Nobody has asked for a message for so long: the keeper sees to the peers meanwhile.
const AWAY: Duration = Duration::from_millis(10);
/// Of several peers, it is looked after so many bytes who else has sent something.
const LOOK_BYTES: usize = 256 << 10;
/// What a message counts for at least.
const MESSAGE_BYTES: usize = 16 << 10;

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
    inner: OwnProcess<Kept>,
}

/// What there is, and the thread that sees to it while nobody receives.
#[derive(Debug)]
struct Kept {
    common: Arc<Common>,
    keeper: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Common {
    inner: Mutex<Inner>,
    parker: Parker,
    /// Somebody receives now, and how often somebody has.
    receives: AtomicBool,
    visits: AtomicU64,
    closed: Mutex<bool>,
    closes: Condvar,
}

#[derive(Debug)]
struct Inner {
    peers: Vec<Peer>,
    /// Whose turn it is.
    next: usize,
    tend_at: Instant,
    /// Bytes since it was looked who has sent something.
    unlooked: usize,
    // Last: the library's sockets run on the context's threads.
    shared: Shared,
}

impl Receiver {
    /// Connects to `addresses`, whether or not somebody listens there yet.
    ///
    /// # Errors
    /// [`Error::Connect`] for an address that can never be connected to.
    pub fn connect(addresses: &[Address], options: &ReceiverOptions) -> Result<Self, Error> {
        let failed = |error: std::io::Error| Error::Other(error.to_string());
        let parker = Parker::new().map_err(failed)?;
        let shared = Shared {
            context: OnceLock::new(),
            waker: parker.waker(),
            high_water_mark: options.high_water_mark,
            max_message_bytes: options.max_message_bytes,
            shm: options.shm,
        };
        let mut inner = Inner {
            peers: addresses.iter().cloned().map(Peer::new).collect(),
            next: 0,
            tend_at: Instant::now(),
            unlooked: 0,
            shared,
        };
        inner.tend()?;
        let common = Arc::new(Common {
            inner: Mutex::new(inner),
            parker,
            receives: AtomicBool::new(false),
            visits: AtomicU64::new(0),
            closed: Mutex::new(false),
            closes: Condvar::new(),
        });
        let kept = common.clone();
        let keeper = std::thread::Builder::new()
            .name("blendtorch-pull".into())
            .spawn(move || kept.keep())
            .map_err(failed)?;
        Ok(Self {
            inner: OwnProcess::new(Kept {
                common,
                keeper: Some(keeper),
            }),
        })
    }

    fn lock(&self) -> Result<MutexGuard<'_, Inner>, Error> {
        Ok(self.inner.get()?.common.lock())
    }

    /// The next message, or `None` when none came within `timeout`.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn recv_timeout(&mut self, timeout: Duration) -> Result<Option<Received>, Error> {
        let common = &self.inner.get()?.common;
        common.receives.store(true, Ordering::Relaxed);
        let received = common.recv(timeout);
        common.receives.store(false, Ordering::Relaxed);
        common.visits.fetch_add(1, Ordering::Relaxed);
        received
    }

    /// What is known of each address, in the order given to [`Receiver::connect`] and of
    /// [`Receiver::add`]; also of those that were left.
    ///
    /// # Errors
    /// [`Error::Closed`], [`Error::Forked`].
    pub fn peers(&self) -> Result<Vec<PeerStatus>, Error> {
        let inner = self.lock()?;
        Ok(inner
            .peers
            .iter()
            .map(|peer| peer.status().clone())
            .collect())
    }

    /// Connects to one more address, whether or not somebody listens there yet; its index, which is
    /// its own as long as the receiver lives.
    ///
    /// # Errors
    /// [`Error::Connect`] for an address that can never be connected to; [`Error::Closed`],
    /// [`Error::Forked`].
    pub fn add(&mut self, address: Address) -> Result<usize, Error> {
        let inner = &mut *self.lock()?;
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
        let inner = &mut *self.lock()?;
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
        let inner = &mut *self.lock()?;
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
        if let Some(peer) = self.lock()?.peers.get_mut(peer) {
            peer.disconnect();
        }
        Ok(())
    }
}

impl Common {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn recv(&self, timeout: Duration) -> Result<Option<Received>, Error> {
        let (mut now, mut looked) = (Instant::now(), false);
        let deadline = now.checked_add(timeout).unwrap_or_else(|| after(timeout));
        loop {
            let mut inner = self.lock();
            if now >= inner.tend_at {
                inner.tend()?;
            }
            if let Some(received) = inner.try_recv(now)? {
                return Ok(Some(received));
            }
            // Also who does not wait is given what has come by now.
            if looked && now >= deadline {
                return Ok(None);
            }
            inner.hurry();
            let (peers, streams) = inner.streams();
            let until = deadline.min(inner.tend_at);
            drop(inner);
            let ready = self.parker.wait_until(&streams, until);
            self.lock().are_readable(&peers, &ready);
            looked = true;
            now = Instant::now();
        }
    }

    /// What the keeper does, until it is closed: while nobody receives it tends the peers, and takes in
    /// as many messages of each as were asked for.
    fn keep(&self) {
        let mut visits = 0;
        let mut closed = self.closed.lock().unwrap_or_else(PoisonError::into_inner);
        while !*closed {
            let waited = self.closes.wait_timeout(closed, AWAY);
            closed = waited.unwrap_or_else(PoisonError::into_inner).0;
            let now = self.visits.load(Ordering::Relaxed);
            let away = std::mem::replace(&mut visits, now) == now;
            if !away || *closed {
                continue;
            }
            let mut inner = self.lock();
            // Not earlier: who receives waits for as much as was to come when it began to.
            if self.receives.load(Ordering::Relaxed) {
                continue;
            }
            inner.prefetch();
            inner.hurry();
            if Instant::now() >= inner.tend_at || inner.peers.iter().any(Peer::moves) {
                // Whoever receives next is told by its own look.
                let _ = inner.tend();
            }
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        let common = &self.common;
        *common.closed.lock().unwrap_or_else(PoisonError::into_inner) = true;
        common.closes.notify_all();
        if let Some(keeper) = self.keeper.take() {
            // A panic of the keeper has been printed by itself.
            let _ = keeper.join();
        }
    }
}

impl Inner {
    fn tend(&mut self) -> Result<(), Error> {
        for peer in &mut self.peers {
            peer.tend(&self.shared)?;
            // What has come of a large frame, also where the system does not say so before the rest.
            peer.is_readable();
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

    /// Tends the peers soon if something is to be done for one.
    fn hurry(&mut self) {
        if !self.peers.iter().all(Peer::is_settled) {
            self.tend_at = self.tend_at.min(Instant::now() + TEND_UNSETTLED);
        }
    }

    fn prefetch(&mut self) {
        for peer in &mut self.peers {
            peer.prefetch(&self.shared);
        }
    }

    fn try_recv(&mut self, now: Instant) -> Result<Option<Received>, Error> {
        if self.peers.len() > 1 && self.unlooked >= LOOK_BYTES {
            self.unlooked = 0;
            self.peers.iter_mut().for_each(Peer::is_readable);
        }
        for step in 0..self.peers.len() {
            let index = (self.next + step) % self.peers.len();
            let peer = &mut self.peers[index];
            if let Some(Taken { frames, leased }) = peer.try_recv(&self.shared, now)? {
                self.next = index + 1;
                let bytes: usize = frames.iter().map(Bytes::len).sum();
                self.unlooked = self.unlooked.saturating_add(bytes.max(MESSAGE_BYTES));
                return Ok(Some(Received {
                    frames,
                    leased,
                    peer: index,
                    connection: peer.status().connections,
                }));
            }
        }
        Ok(None)
    }

    /// What to wait for: peers, and the stream of each.
    fn streams(&mut self) -> (Vec<usize>, Vec<Arc<Stream>>) {
        let peers = self.peers.iter_mut().enumerate();
        peers
            .filter_map(|(index, peer)| Some((index, peer.stream()?)))
            .unzip()
    }

    /// Of these peers those can be read that are `ready`.
    fn are_readable(&mut self, peers: &[usize], ready: &[bool]) {
        for (&index, _) in peers.iter().zip(ready).filter(|(_, ready)| **ready) {
            self.peers[index].is_readable();
        }
    }
}
