//! The books of one dataset: its counters, and what they are counted from.
//!
//! Owns the lock between the thread that iterates and those that read the counters meanwhile.

use super::accounts::{Accounts, Buried};
use super::lives::Origin;
use super::receipts::Receipts;
use super::stats::Stats;
use super::together::Ledger;
use blendtorch_transport::PeerStatus;
use blendtorch_wire::Header;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Reads the counters of a dataset from elsewhere: another thread may be iterating it.
#[derive(Clone, Debug, Default)]
pub struct StatsHandle(Arc<Mutex<Books>>);

/// The counters and what they are counted from.
#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) stats: Stats,
    pub(crate) accounts: Accounts,
}

impl StatsHandle {
    /// The counters now.
    #[must_use]
    pub fn get(&self) -> Stats {
        self.lock().stats.clone()
    }

    /// The sequence numbers received so far, to be put together with those of other consumers.
    #[must_use]
    pub fn receipts(&self) -> Receipts {
        let books = self.lock();
        books.accounts.receipts(&books.stats)
    }

    /// Counts samples that a binding was given and could not hand on.
    pub fn count_discarded(&self, samples: usize) {
        self.lock().stats.discarded += samples as u64;
    }

    /// Both of the same moment.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        let books = self.lock();
        Ledger {
            receipts: books.accounts.receipts(&books.stats),
            stats: books.stats.clone(),
        }
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Books> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Books {
    /// Enters a sample. False for a duplicate, which is not to be delivered.
    pub(crate) fn enter(&mut self, header: &Header, origin: Origin<'_>) -> bool {
        self.accounts.enter(header, origin, &mut self.stats)
    }

    /// Enters a publisher's end.
    pub(crate) fn enter_end(&mut self, header: &Header, origin: Origin<'_>) {
        self.accounts.enter_end(header, origin, &mut self.stats);
    }

    /// Enters what a publisher had published that has ended without saying so.
    pub(crate) fn bury(&mut self, buried: &Buried, origin: Origin<'_>) {
        self.accounts.bury(buried, origin, &mut self.stats);
    }

    /// Looks which publishers have gone. Who was `left` (its place among `peers`) has not said its
    /// end: nobody was waited for there any more.
    pub(crate) fn note(&mut self, peers: &[PeerStatus], left: impl Fn(usize) -> bool) {
        let present = peers.iter().enumerate().map(|(index, peer)| {
            let has_ended = peer.ended && !left(index);
            has_ended || peer.path.is_some()
        });
        let present: Vec<_> = present.collect();
        let unheard = peers
            .iter()
            .zip(&present)
            .filter(|(peer, present)| !**present && peer.connections > 0 && peer.messages == 0)
            // Of whom its launcher has told nothing is unknown.
            .filter(|(peer, _)| {
                let mut told = self.stats.publishers.iter().filter(|one| one.end.is_some());
                !told.any(|one| one.address.as_ref() == Some(&peer.address))
            });
        let unheard = unheard.count() as u64;
        self.accounts.note(&present, unheard, &mut self.stats);
    }
}
