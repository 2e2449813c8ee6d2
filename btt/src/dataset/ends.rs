//! Who has come to an end out of order, and what is told of it when nobody is left.
//!
//! Owns the failures until they are told. It never ends anybody: a process that has ended is only no
//! longer waited for.

use super::liveness::Liveness;
use crate::accounting::{PublisherStats, Stats, StatsHandle};
use crate::error::FailedInstance;
use blendtorch_transport::Address;
use blendtorch_wire::{End, Header, How};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// How long the launcher's words are waited for about a publisher that failed and did not say why.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// What is known of the ends, by the number of the address.
#[derive(Debug, Default)]
pub(super) struct Ends {
    failed: BTreeMap<usize, FailedInstance>,
    /// Those that were left without their end.
    left: Vec<usize>,
    /// All have ended, one way or the other.
    all: bool,
}

impl Ends {
    /// Whether an address was left without the end of its publisher.
    pub(super) fn is_left(&self, peer: usize) -> bool {
        self.left.contains(&peer)
    }

    /// A publisher has said its end.
    pub(super) fn said(&mut self, peer: usize, address: &Address, header: &Header, stats: &Stats) {
        self.left.retain(|left| *left != peer);
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

    /// Publishers whose instances are known to have ended are left; with the last words of those that
    /// have not ended in order.
    pub(super) fn leave(
        &mut self,
        dead: &[(usize, Option<String>)],
        addresses: &[Address],
        stats: &StatsHandle,
    ) {
        for (index, words) in dead {
            self.left.push(*index);
            let Some(words) = words else { continue };
            let address = &addresses[*index];
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
        }
    }

    /// An address is left whose publisher has not said its end, and of which nobody knows more.
    pub(super) fn leave_silently(&mut self, peer: usize) {
        self.left.push(peer);
    }

    /// An address that was left is gone back to.
    pub(super) fn rejoins(&mut self, peer: usize) {
        self.left.retain(|left| *left != peer);
        self.failed.remove(&peer);
    }

    /// Forgets the failures of instances that have come back since, at whatever address: of one fleet,
    /// whose numbers are not others' too.
    pub(super) fn forget_who_came_back(&mut self, stats: &Stats) {
        self.failed.retain(|_, one| {
            let its = |of: &&PublisherStats| one.btid.is_some() && of.btid == one.btid;
            let latest = stats.publishers.iter().rfind(its);
            latest.is_none_or(|of| of.address.as_ref() == Some(&one.address))
        });
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
}

/// What the launcher says of an instance once it has ended.
fn last_words(liveness: &Liveness, address: &Address, deadline: Instant) -> Option<String> {
    loop {
        let life = liveness.of(address);
        match life.over() {
            Some(words) => return words,
            None if life.runs() && Instant::now() < deadline => {
                std::thread::sleep(Duration::from_millis(20));
            }
            None => return None,
        }
    }
}
