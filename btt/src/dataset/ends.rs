//! Who has come to an end out of order, and what is told of it when nobody is left.
//!
//! Owns the failures until they are told. It never ends anybody: a process that has ended is only no
//! longer waited for.

use super::liveness::{Life, Liveness};
use crate::accounting::{Stats, StatsHandle};
use crate::error::FailedInstance;
use blendtorch_transport::{Address, PeerStatus};
use blendtorch_wire::{End, Header, How};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How often it is asked how the instances are that are not connected, and how long one is known to
/// have ended before it is left: what it had sent has come by then.
const LOOK: Duration = Duration::from_millis(200);
/// How long the launcher's words are waited for about a publisher that failed and did not say why.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What is known of the ends, by the number of the address.
#[derive(Debug, Default)]
pub(super) struct Ends {
    failed: BTreeMap<usize, FailedInstance>,
    /// Since when an instance is known to have ended that has not said so; then it is left.
    dead: BTreeMap<usize, Instant>,
    /// Those that were left without their end.
    left: Vec<usize>,
    /// Which instances are known to run, while they are not connected.
    runs: Vec<bool>,
    look_at: Option<Instant>,
    /// All have ended, one way or the other.
    all: bool,
}

impl Ends {
    /// Whether an address was left without the end of its publisher.
    pub(super) fn is_left(&self, peer: usize) -> bool {
        self.left.contains(&peer)
    }

    pub(super) fn runs(&self) -> &[bool] {
        &self.runs
    }

    /// A publisher has said its end.
    pub(super) fn said(&mut self, peer: usize, address: &Address, header: &Header, stats: &Stats) {
        let failed = |end: &&End| *end.how() == How::Failed;
        if let Some(end) = header.end.as_ref().filter(failed) {
            let mut publishers = stats.publishers.iter();
            let received = publishers.find(|one| one.publisher == header.publisher);
            let failed = FailedInstance {
                btid: header.btid,
                address: address.clone(),
                items: received.map_or(0, |one| one.received),
                reason: end.reason().map(str::to_owned),
            };
            self.failed.insert(peer, failed);
        }
    }

    /// Leaves publishers whose instances are known to have ended; whom.
    pub(super) fn leave_the_dead(
        &mut self,
        peers: &[PeerStatus],
        liveness: &Liveness,
        stats: &StatsHandle,
    ) -> Vec<usize> {
        let leave = self.look(peers, liveness);
        for (index, words) in &leave {
            let address = &peers[*index].address;
            let stats = stats.get();
            let publishers = stats.publishers.iter();
            let its: Vec<_> = publishers
                .filter(|one| one.address.as_ref() == Some(address))
                .collect();
            let failed = FailedInstance {
                btid: its.last().and_then(|one| one.btid),
                address: address.clone(),
                items: its.iter().map(|one| one.received).sum(),
                reason: Some(words.clone()),
            };
            self.failed.insert(*index, failed);
            self.left.push(*index);
        }
        leave.into_iter().map(|(index, _)| index).collect()
    }

    /// Nobody is left.
    pub(super) fn all_have_ended(&mut self) {
        self.all = true;
    }

    /// The publishers that have not ended in order, once nobody is left; once.
    pub(super) fn take_failed(&mut self, liveness: Option<&Liveness>) -> Vec<FailedInstance> {
        if !self.all {
            return Vec::new();
        }
        let mut failed: Vec<_> = std::mem::take(&mut self.failed).into_values().collect();
        if let Some(liveness) = liveness {
            let deadline = Instant::now() + LAST_WORDS;
            let silent = failed.iter_mut().filter(|one| one.reason.is_none());
            for one in silent {
                one.reason = last_words(liveness, &one.address, deadline);
            }
        }
        failed
    }

    /// Asks how those are that are not connected. The ones that are to be left now, and their words.
    fn look(&mut self, peers: &[PeerStatus], liveness: &Liveness) -> Vec<(usize, String)> {
        let now = Instant::now();
        if self.look_at.is_some_and(|at| now < at) {
            return Vec::new();
        }
        self.look_at = Some(now + LOOK);
        self.runs = vec![false; peers.len()];
        let mut leave = Vec::new();
        for (index, peer) in peers.iter().enumerate() {
            if peer.ended || peer.path.is_some() {
                self.dead.remove(&index);
                continue;
            }
            match liveness.of(&peer.address) {
                Life::Unknown => drop(self.dead.remove(&index)),
                Life::Runs => {
                    self.dead.remove(&index);
                    self.runs[index] = true;
                }
                Life::Ended(words) => {
                    let since = *self.dead.entry(index).or_insert(now);
                    if now.duration_since(since) >= LOOK {
                        leave.push((index, words));
                    }
                }
            }
        }
        leave
    }
}

/// What the launcher says of an instance once it has ended.
fn last_words(liveness: &Liveness, address: &Address, deadline: Instant) -> Option<String> {
    loop {
        match liveness.of(address) {
            Life::Ended(words) => return Some(words),
            Life::Runs if Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(20));
            }
            Life::Runs | Life::Unknown => return None,
        }
    }
}
