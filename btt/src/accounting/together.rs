//! The books of several consumers as those of one.
//!
//! Each worker of a loader is a consumer of its own; to whoever trains they are one.

use super::receipts::{PublisherReceipts, Receipts, joined, sum};
use super::stats::{PublisherStats, Stats};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::time::Duration;

/// What a consumer has counted, and what it has received. Plain data: it may come from another process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// The counters.
    pub stats: Stats,
    /// The sequence numbers.
    pub receipts: Receipts,
}

impl Ledger {
    /// The books of consumers that share their publishers, as if they were one consumer: what one of
    /// them misses and another has is not missing, and a publisher that ended has ended once.
    #[must_use]
    pub fn together(of_all: impl IntoIterator<Item = Self>) -> Self {
        let mut index = HashMap::<u64, usize>::new();
        let mut publishers = Vec::<(Vec<PublisherStats>, Vec<PublisherReceipts>)>::new();
        let mut stats = Stats::default();
        let mut unheard = None;
        for Self {
            stats: each,
            receipts,
        } in of_all
        {
            stats = added(stats, &each);
            // Somebody who was gone before anything came: at most as many as each of them says.
            let its = each.unfinished.saturating_sub(unfinished(&each));
            unheard = Some(unheard.map_or(its, |least: u64| least.min(its)));
            let mut of = |publisher| {
                *index.entry(publisher).or_insert_with(|| {
                    publishers.push(Default::default());
                    publishers.len() - 1
                })
            };
            let counted: Vec<_> = each
                .publishers
                .iter()
                .map(|one| of(one.publisher))
                .collect();
            let received: Vec<_> = receipts
                .publishers
                .iter()
                .map(|one| of(one.publisher))
                .collect();
            for (at, one) in counted.into_iter().zip(each.publishers) {
                publishers[at].0.push(one);
            }
            for (at, one) in received.into_iter().zip(receipts.publishers) {
                publishers[at].1.push(one);
            }
        }
        let (mut missing, mut again) = (0_u64, 0_u64);
        let mut received = Vec::new();
        for (counted, parts) in publishers {
            let (one, twice) = publisher(&counted, &parts, &mut received);
            missing = missing.saturating_add(one.missing);
            again = again.saturating_add(twice);
            stats.publishers.push(one);
        }
        stats.missing = missing;
        stats.duplicated = stats.duplicated.saturating_add(again);
        stats.ended = stats.publishers.iter().filter(|one| one.ended).count() as u64;
        stats.unfinished = unfinished(&stats) + unheard.unwrap_or_default();
        let killed = |one: &&PublisherStats| !one.ended && one.end.is_some();
        stats.killed = stats.publishers.iter().filter(killed).count() as u64;
        Self {
            stats,
            receipts: Receipts {
                publishers: received,
            },
        }
    }
}

/// The publishers that have gone without their end.
fn unfinished(stats: &Stats) -> u64 {
    stats.publishers.iter().filter(|one| one.unfinished).count() as u64
}

/// The sums; what is not one is said by the publishers.
fn added(sum: Stats, one: &Stats) -> Stats {
    let add = |a: Duration, b| a.saturating_add(b);
    Stats {
        received: sum.received.saturating_add(one.received),
        duplicated: sum.duplicated.saturating_add(one.duplicated),
        reordered: sum.reordered.saturating_add(one.reordered),
        malformed: sum.malformed.saturating_add(one.malformed),
        discarded: sum.discarded.saturating_add(one.discarded),
        bytes: sum.bytes.saturating_add(one.bytes),
        shm_bytes: sum.shm_bytes.saturating_add(one.shm_bytes),
        blocked: add(sum.blocked, one.blocked),
        assembling: add(sum.assembling, one.assembling),
        ..sum
    }
}

/// One publisher as all of them saw it, and how many of its samples two of them have.
fn publisher(
    counted: &[PublisherStats],
    parts: &[PublisherReceipts],
    receipts: &mut Vec<PublisherReceipts>,
) -> (PublisherStats, u64) {
    let mut ranges: Vec<_> = parts
        .iter()
        .flat_map(|part| part.received.clone())
        .collect();
    ranges.retain(|(from, to)| from < to);
    ranges.sort_unstable();
    let by_each = sum(ranges.iter().map(|(from, to)| to - from));
    let ranges = joined(&ranges);
    let of_all = sum(ranges.iter().map(|(from, to)| to - from));
    let twice = by_each - of_all;
    let sent = parts.iter().filter_map(|part| part.sent).max();
    let forgotten = parts.iter().any(|part| part.forgotten);
    let last = ranges.last().map_or(0, |(_, to)| *to);
    let missing = match ranges.first() {
        // Less than what any of them misses cannot be said then.
        _ if forgotten => counted.iter().map(|one| one.missing).min().unwrap_or(0),
        Some((from, _)) => {
            let until = sent.unwrap_or(last).max(last);
            (until - from).saturating_sub(of_all)
        }
        // Of whom nobody has anything, what their launcher told.
        None => counted.iter().map(|one| one.missing).min().unwrap_or(0),
    };
    let mut one = counted.first().cloned().unwrap_or_default();
    one.received = sum(counted.iter().map(|one| one.received));
    one.duplicated = sum(counted.iter().map(|one| one.duplicated)).saturating_add(twice);
    one.reordered = sum(counted.iter().map(|one| one.reordered));
    one.missing = missing;
    one.ended = counted.iter().any(|one| one.ended);
    one.unfinished = !one.ended && counted.iter().all(|one| one.unfinished);
    one.end = counted.iter().find_map(|one| one.end.clone());
    if let Some(first) = parts.first() {
        receipts.push(PublisherReceipts {
            publisher: first.publisher,
            btid: parts.iter().find_map(|part| part.btid),
            sent,
            end: parts.iter().find_map(|part| part.end.clone()),
            duplicated: sum(parts.iter().map(|part| part.duplicated)).saturating_add(twice),
            received: ranges,
            forgotten,
        });
    }
    (one, twice)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger(received: &[(u64, u64)], sent: Option<u64>, missing: u64) -> Ledger {
        let count = received.iter().map(|(from, to)| to - from).sum();
        Ledger {
            stats: Stats {
                received: count,
                missing,
                bytes: 10 * count,
                blocked: Duration::from_secs(1),
                ended: u64::from(sent.is_some()),
                unfinished: u64::from(sent.is_none()),
                publishers: vec![PublisherStats {
                    publisher: 7,
                    btid: Some(3),
                    received: count,
                    missing,
                    ended: sent.is_some(),
                    unfinished: sent.is_none(),
                    ..PublisherStats::default()
                }],
                ..Stats::default()
            },
            receipts: Receipts {
                publishers: vec![PublisherReceipts {
                    publisher: 7,
                    btid: Some(3),
                    sent,
                    received: received.to_vec(),
                    ..PublisherReceipts::default()
                }],
            },
        }
    }

    #[test]
    fn what_another_worker_has_is_not_missing_and_a_publisher_ends_once() {
        let parts = [
            ledger(&[(0, 2), (4, 6)], Some(10), 6),
            ledger(&[(2, 4), (6, 9)], None, 2),
        ];
        let all = Ledger::together(parts.clone());
        let stats = &all.stats;
        assert_eq!((stats.received, stats.missing, stats.bytes), (9, 1, 90));
        assert_eq!((stats.ended, stats.unfinished), (1, 0));
        assert_eq!(stats.blocked, Duration::from_secs(2));
        let [publisher] = &stats.publishers[..] else {
            panic!("one publisher, not {:?}", stats.publishers);
        };
        assert_eq!((publisher.btid, publisher.received), (Some(3), 9));
        assert_eq!((publisher.missing, publisher.ended), (1, true));
        assert_eq!(all.receipts.publishers[0].received, [(0, 9)]);
        // Put together further, it says what the parts say.
        let total = Receipts::total([all.receipts]);
        assert_eq!(total, Receipts::total(parts.map(|part| part.receipts)));
        assert_eq!(total.lost, Some(1));
    }

    #[test]
    fn what_two_have_is_duplicated_and_one_alone_stays_as_it_is() {
        let one = ledger(&[(3, 6)], None, 0);
        assert_eq!(Ledger::together([one.clone()]), one);
        let all = Ledger::together([one, ledger(&[(5, 8)], None, 0)]);
        assert_eq!((all.stats.duplicated, all.stats.missing), (1, 0));
        assert_eq!(all.receipts.publishers[0].duplicated, 1);
        assert_eq!(all.stats.unfinished, 1);
        let mut lost = ledger(&[(0, 1)], Some(1), 0);
        lost.stats.unfinished = 2; // both of whom it has heard nothing
        assert_eq!(Ledger::together([lost.clone()]).stats.unfinished, 2);
        assert_eq!(
            Ledger::together([lost, ledger(&[], Some(1), 0)])
                .stats
                .unfinished,
            0
        );
    }

    #[test]
    fn it_travels_as_json() {
        let mut one = ledger(&[(0, 5)], Some(5), 0);
        let publisher = &mut one.stats.publishers[0];
        publisher.address = Some("ipc:///tmp/a b".parse().unwrap());
        publisher.end = Some(blendtorch_wire::End::failed("a\nreason"));
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Ledger>(&text).unwrap(), one);
    }
}
