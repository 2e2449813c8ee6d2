//! Counts samples by identity: what came, came twice, came late, or is missing.

use crate::stats::{PublisherStats, Stats};
use blendtorch_wire::Header;
use std::collections::{BTreeMap, HashMap};

/// Publishers that are told apart; more would be an attack.
const MAX_PUBLISHERS: usize = 4096;
/// Gaps remembered for one publisher; older ones stay counted, but a late sample that fills one of
/// them is taken for a duplicate.
const MAX_GAPS: usize = 1 << 16;

/// The books of one dataset.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    index: HashMap<u64, usize>,
    trackers: Vec<Tracker>,
}

/// What a sample is to its publisher's sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sighting {
    New { skipped: u64 },
    Late,
    Duplicate,
}

/// The sequence numbers seen of one publisher: everything from `first` to `next` but the gaps.
#[derive(Debug, Default)]
struct Tracker {
    seen: bool,
    next: u64,
    /// start → end (exclusive) of what is missing.
    gaps: BTreeMap<u64, u64>,
}

impl Tracker {
    fn see(&mut self, sequence: u64) -> Sighting {
        if !self.seen {
            // Who comes late did not miss what was sent before.
            self.seen = true;
            self.next = sequence.saturating_add(1);
            return Sighting::New { skipped: 0 };
        }
        if sequence >= self.next {
            let skipped = self.skip_to(sequence);
            self.next = sequence.saturating_add(1);
            return Sighting::New { skipped };
        }
        match self.gaps.range(..=sequence).next_back() {
            Some((&start, &end)) if sequence < end => {
                self.gaps.remove(&start);
                if start < sequence {
                    self.gaps.insert(start, sequence);
                }
                if sequence + 1 < end {
                    self.gaps.insert(sequence + 1, end);
                }
                Sighting::Late
            }
            _ => Sighting::Duplicate,
        }
    }

    /// Opens a gap up to `sequence`; its length.
    fn skip_to(&mut self, sequence: u64) -> u64 {
        let skipped = sequence.saturating_sub(self.next);
        if skipped > 0 {
            self.gaps.insert(self.next, sequence);
            if self.gaps.len() > MAX_GAPS {
                self.gaps.pop_first();
            }
        }
        skipped
    }
}

impl Accounts {
    /// Enters a sample. False for a duplicate, which is not to be delivered.
    pub(crate) fn enter(&mut self, header: &Header, stats: &mut Stats) -> bool {
        let Some(index) = self.index_of(header, stats) else {
            stats.received += 1;
            return true;
        };
        let publisher = &mut stats.publishers[index];
        match self.trackers[index].see(header.sequence) {
            Sighting::New { skipped } => {
                stats.missing += skipped;
                publisher.missing += skipped;
            }
            Sighting::Late => {
                stats.missing -= 1;
                publisher.missing -= 1;
                stats.reordered += 1;
                publisher.reordered += 1;
            }
            Sighting::Duplicate => {
                stats.duplicated += 1;
                publisher.duplicated += 1;
                return false;
            }
        }
        stats.received += 1;
        publisher.received += 1;
        true
    }

    /// Enters a publisher's end, whose sequence number is how many samples it sent.
    pub(crate) fn enter_end(&mut self, header: &Header, stats: &mut Stats) {
        let Some(index) = self.index_of(header, stats) else {
            return;
        };
        let publisher = &mut stats.publishers[index];
        if std::mem::replace(&mut publisher.ended, true) {
            return;
        }
        stats.ended += 1;
        let tracker = &mut self.trackers[index];
        if tracker.seen {
            let skipped = tracker.skip_to(header.sequence);
            tracker.next = tracker.next.max(header.sequence);
            stats.missing += skipped;
            publisher.missing += skipped;
        }
    }

    fn index_of(&mut self, header: &Header, stats: &mut Stats) -> Option<usize> {
        if let Some(&index) = self.index.get(&header.publisher) {
            return Some(index);
        }
        let index = self.trackers.len();
        if index == MAX_PUBLISHERS {
            return None;
        }
        self.index.insert(header.publisher, index);
        self.trackers.push(Tracker::default());
        stats.publishers.push(PublisherStats {
            publisher: header.publisher,
            btid: header.btid,
            ..PublisherStats::default()
        });
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blendtorch_wire::Message;

    fn count(sequences: &[u64]) -> Stats {
        let (mut accounts, mut stats) = (Accounts::default(), Stats::default());
        for &sequence in sequences {
            accounts.enter(&Message::data(1, sequence).header, &mut stats);
        }
        stats
    }

    #[test]
    fn an_unbroken_sequence_is_just_received() {
        let stats = count(&[0, 1, 2, 3]);
        assert_eq!((stats.received, stats.missing), (4, 0));
    }

    #[test]
    fn gaps_are_missing_until_they_are_filled() {
        assert_eq!(count(&[0, 5]).missing, 4);
        let stats = count(&[0, 5, 3, 1]);
        assert_eq!((stats.missing, stats.reordered, stats.received), (2, 2, 4));
        let stats = count(&[0, 5, 3, 1, 2, 4, 6]);
        assert_eq!((stats.missing, stats.reordered, stats.received), (0, 4, 7));
    }

    #[test]
    fn duplicates_are_counted_and_not_received() {
        let stats = count(&[0, 1, 1, 0, 3, 3, 2, 2]);
        assert_eq!((stats.received, stats.duplicated), (4, 4));
        assert_eq!((stats.missing, stats.reordered), (0, 1));
    }

    #[test]
    fn who_comes_late_misses_nothing() {
        assert_eq!(count(&[1000, 1001]).missing, 0);
    }

    #[test]
    fn the_end_tells_what_the_tail_lacks() {
        let (mut accounts, mut stats) = (Accounts::default(), Stats::default());
        accounts.enter(&Message::data(1, 0).header, &mut stats);
        accounts.enter_end(&Message::end(1, 5).header, &mut stats);
        accounts.enter_end(&Message::end(1, 5).header, &mut stats);
        assert_eq!((stats.missing, stats.ended), (4, 1));
    }

    #[test]
    fn publishers_are_counted_apart() {
        let (mut accounts, mut stats) = (Accounts::default(), Stats::default());
        for (publisher, sequence) in [(1, 0), (2, 0), (1, 1), (2, 5)] {
            accounts.enter(&Message::data(publisher, sequence).header, &mut stats);
        }
        let missing: Vec<_> = stats.publishers.iter().map(|p| p.missing).collect();
        assert_eq!((stats.duplicated, missing), (0, vec![0, 4]));
    }

    #[test]
    fn hostile_numbers_neither_overflow_nor_fill_the_memory() {
        let stats = count(&[u64::MAX, 0, u64::MAX, u64::MAX - 1]);
        assert_eq!(stats.received + stats.duplicated, 4);
        let (mut accounts, mut stats) = (Accounts::default(), Stats::default());
        for i in 0..2 * MAX_GAPS as u64 {
            accounts.enter(&Message::data(1, i * 2).header, &mut stats);
            accounts.enter(&Message::data(i, 0).header, &mut stats);
        }
        assert!(accounts.trackers[0].gaps.len() <= MAX_GAPS);
        assert_eq!(accounts.trackers.len(), MAX_PUBLISHERS);
    }
}
