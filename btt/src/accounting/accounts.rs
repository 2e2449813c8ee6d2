//! Enters samples by identity: which came, came twice, came late, or is missing.
//!
//! Owns what is remembered of each publisher's sequence numbers, within a limit. The counters are
//! others' memory, which it is handed.

use super::lives::{Lives, Origin};
use super::receipts::{PublisherReceipts, Receipts};
use super::seen::{Entry, Seen};
use super::stats::{PublisherStats, Stats};
use blendtorch_wire::{End, Header, Message};
use std::collections::HashMap;

/// Publishers that are told apart; more would be an attack.
const MAX_PUBLISHERS: usize = 1 << 14;
/// Chunks of sequence numbers remembered for all publishers together: 32 MiB, enough for 250 million
/// samples. Beyond it the oldest are forgotten: what was missing of them stays counted, and a late
/// sample among them is taken for a duplicate.
const MAX_CHUNKS: usize = 1 << 16;

/// How a publisher ended whose launcher says how much it had published.
const KILLED: &str = "killed";

/// What a launcher says of a publisher that has ended without a word.
#[derive(Debug)]
pub(crate) struct Buried {
    pub(crate) publisher: u64,
    pub(crate) btid: i64,
    /// How many samples it had published, and how many of these are nothing of this dataset's.
    pub(crate) published: u64,
    pub(crate) before: u64,
    /// How its instance ended.
    pub(crate) end: String,
}

/// The sequence numbers and the publishers of one dataset.
#[derive(Debug, Default)]
pub(crate) struct Accounts {
    index: HashMap<u64, usize>,
    trackers: Vec<Tracker>,
    lives: Lives,
    chunks: usize,
}

/// The sequence numbers seen of one publisher.
#[derive(Debug, Default)]
struct Tracker {
    seen: Seen,
    /// The first that counts, and one behind the highest that is known of.
    span: Option<(u64, u64)>,
    /// One behind the highest that came.
    top: u64,
    /// How many it has sent, once it has said its end.
    sent: Option<u64>,
}

/// What a sample is to its publisher's sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sighting {
    New {
        skipped: u64,
    },
    /// One that had been missing, or one from before the first.
    Late {
        missing: bool,
        /// One with a higher number came before it.
        reordered: bool,
    },
    Duplicate,
}

impl Tracker {
    fn see(&mut self, sequence: u64) -> Sighting {
        if self.seen.insert(sequence) == Entry::Known {
            return Sighting::Duplicate;
        }
        let reordered = sequence < self.top;
        self.top = self.top.max(sequence.saturating_add(1));
        let Some((first, next)) = self.span else {
            // Who comes late did not miss what was sent before.
            self.span = Some((sequence, sequence.saturating_add(1)));
            return Sighting::New { skipped: 0 };
        };
        if sequence < next {
            let missing = sequence >= first;
            return Sighting::Late { missing, reordered };
        }
        Sighting::New {
            skipped: self.skip_to(sequence.saturating_add(1)).saturating_sub(1),
        }
    }

    /// Raises the end of the span; by how much.
    fn skip_to(&mut self, end: u64) -> u64 {
        match &mut self.span {
            Some((_, next)) => {
                let skipped = end.saturating_sub(*next);
                *next = end.max(*next);
                skipped
            }
            None => 0,
        }
    }
}

impl Accounts {
    /// Enters a sample. False for a duplicate, which is not to be delivered.
    pub(crate) fn enter(&mut self, header: &Header, origin: Origin<'_>, stats: &mut Stats) -> bool {
        let Some(index) = self.index_of(header, origin, stats) else {
            stats.received += 1;
            return true;
        };
        self.lives.heard(index);
        self.make_room(index, header.sequence);
        let publisher = &mut stats.publishers[index];
        let tracker = &mut self.trackers[index];
        let chunks = tracker.seen.chunks();
        let sighting = tracker.see(header.sequence);
        self.chunks = self.chunks - chunks + tracker.seen.chunks();
        match sighting {
            Sighting::New { skipped } => {
                // A forged number may be any.
                stats.missing = stats.missing.saturating_add(skipped);
                publisher.missing = publisher.missing.saturating_add(skipped);
            }
            Sighting::Late { missing, reordered } => {
                stats.missing -= u64::from(missing);
                publisher.missing -= u64::from(missing);
                stats.reordered += u64::from(reordered);
                publisher.reordered += u64::from(reordered);
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
    pub(crate) fn enter_end(&mut self, header: &Header, origin: Origin<'_>, stats: &mut Stats) {
        let Some(index) = self.index_of(header, origin, stats) else {
            return;
        };
        let publisher = &mut stats.publishers[index];
        if std::mem::replace(&mut publisher.ended, true) {
            return;
        }
        stats.ended += 1;
        // Its launcher may have told of it before its own word came.
        stats.killed -= u64::from(publisher.end.is_some());
        publisher.unfinished = false;
        publisher.end.clone_from(&header.end);
        let tracker = &mut self.trackers[index];
        tracker.sent = Some(header.sequence);
        let skipped = tracker.skip_to(header.sequence);
        stats.missing = stats.missing.saturating_add(skipped);
        publisher.missing = publisher.missing.saturating_add(skipped);
        self.lives.count(stats);
    }

    /// Enters what a publisher had published that has ended without saying so.
    pub(crate) fn bury(&mut self, buried: &Buried, origin: Origin<'_>, stats: &mut Stats) {
        let mut header = Message::end(buried.publisher, buried.published).header;
        header.btid = Some(buried.btid);
        let Some(index) = self.index_of(&header, origin, stats) else {
            return;
        };
        let publisher = &mut stats.publishers[index];
        if publisher.ended || publisher.end.is_some() {
            return;
        }
        publisher.end = Some(End::told(KILLED, Some(&buried.end)));
        publisher.unfinished = false;
        stats.killed += 1;
        let tracker = &mut self.trackers[index];
        tracker.sent = Some(buried.published);
        tracker.span.get_or_insert((buried.before, buried.before));
        let skipped = tracker.skip_to(buried.published);
        stats.missing = stats.missing.saturating_add(skipped);
        publisher.missing = publisher.missing.saturating_add(skipped);
        self.lives.count(stats);
    }

    /// Says of each publisher whether it has gone without an end; `present` are the addresses that
    /// have somebody, or have ended, `unheard` how many have lost one of whom nothing had come.
    pub(crate) fn note(&mut self, present: &[bool], unheard: u64, stats: &mut Stats) {
        self.lives.note(present, unheard, stats);
    }

    /// What has come, for the books of all consumers.
    pub(crate) fn receipts(&self, stats: &Stats) -> Receipts {
        let each = self.trackers.iter().zip(&stats.publishers);
        let publishers = each.map(|(tracker, stats)| PublisherReceipts {
            publisher: stats.publisher,
            btid: stats.btid,
            sent: tracker.sent,
            end: stats.end.as_ref().map(|end| end.how().to_string()),
            received: tracker.seen.ranges(),
            duplicated: stats.duplicated,
            forgotten: tracker.seen.has_forgotten(),
        });
        Receipts {
            publishers: publishers.collect(),
        }
    }

    /// Forgets something where all memory for numbers is used and another chunk is needed.
    fn make_room(&mut self, index: usize, sequence: u64) {
        if self.chunks < MAX_CHUNKS || !self.trackers[index].seen.needs_chunk(sequence) {
            return;
        }
        // From whoever has most: a publisher of nonsense does not cost the others their books.
        let most = self.trackers.iter_mut().max_by_key(|t| t.seen.chunks());
        if let Some(tracker) = most {
            tracker.seen.forget();
            self.chunks -= 1;
        }
    }

    fn index_of(
        &mut self,
        header: &Header,
        origin: Origin<'_>,
        stats: &mut Stats,
    ) -> Option<usize> {
        if let Some(&index) = self.index.get(&header.publisher) {
            return Some(index);
        }
        let index = self.trackers.len();
        if index == MAX_PUBLISHERS {
            return None;
        }
        self.index.insert(header.publisher, index);
        self.trackers.push(Tracker::default());
        self.lives.begin(origin);
        stats.publishers.push(PublisherStats {
            publisher: header.publisher,
            btid: header.btid,
            address: Some(origin.address.clone()),
            ..PublisherStats::default()
        });
        Some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use blendtorch_transport::Address;
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::sync::LazyLock;

    fn here() -> Origin<'static> {
        static ADDRESS: LazyLock<Address> = LazyLock::new(|| "tcp://127.0.0.1:1".parse().unwrap());
        Origin {
            address: &ADDRESS,
            peer: 0,
            connection: 1,
        }
    }

    fn count(sequences: &[u64]) -> Stats {
        let (mut accounts, mut stats) = (Accounts::default(), Stats::default());
        for &sequence in sequences {
            accounts.enter(&Message::data(1, sequence).header, here(), &mut stats);
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
        accounts.enter(&Message::data(1, 0).header, here(), &mut stats);
        accounts.enter_end(&Message::end(1, 5).header, here(), &mut stats);
        accounts.enter_end(&Message::end(1, 5).header, here(), &mut stats);
        assert_eq!((stats.missing, stats.ended), (4, 1));
    }

    fn buried(published: u64, before: u64) -> Buried {
        Buried {
            publisher: 1,
            btid: 0,
            published,
            before,
            end: "was ended by signal 9".into(),
        }
    }

    #[test]
    fn what_a_killed_publisher_had_published_and_nobody_got_is_missing_exactly() {
        let (mut accounts, mut stats) = (Accounts::default(), Stats::default());
        for sequence in 0..3 {
            accounts.enter(&Message::data(1, sequence).header, here(), &mut stats);
        }
        accounts.bury(&buried(8, 0), here(), &mut stats);
        assert_eq!((stats.missing, stats.killed, stats.unfinished), (5, 1, 0));
        // What was on its way and comes nevertheless is none of it, nor out of order.
        accounts.enter(&Message::data(1, 3).header, here(), &mut stats);
        accounts.bury(&buried(8, 0), here(), &mut stats);
        assert_eq!((stats.missing, stats.reordered, stats.killed), (4, 0, 1));
        accounts.note(&[false], 0, &mut stats);
        assert_eq!(stats.unfinished, 0);
        let receipts = accounts.receipts(&stats);
        assert_eq!(receipts.publishers[0].sent, Some(8));
        assert_eq!(receipts.publishers[0].end.as_deref(), Some("killed"));
    }

    #[test]
    fn of_a_killed_publisher_that_was_never_heard_all_is_missing_but_what_was_before_us() {
        let (mut accounts, mut stats) = (Accounts::default(), Stats::default());
        accounts.bury(&buried(8, 6), here(), &mut stats);
        assert_eq!((stats.missing, stats.received), (2, 0));
        for sequence in [6, 7] {
            accounts.enter(&Message::data(1, sequence).header, here(), &mut stats);
        }
        assert_eq!((stats.missing, stats.reordered, stats.received), (0, 0, 2));
    }

    #[test]
    fn an_end_that_comes_behind_the_launchers_word_is_counted_once() {
        let (mut accounts, mut stats) = (Accounts::default(), Stats::default());
        accounts.enter(&Message::data(1, 0).header, here(), &mut stats);
        accounts.bury(&buried(2, 0), here(), &mut stats);
        accounts.enter(&Message::data(1, 1).header, here(), &mut stats);
        accounts.enter_end(&Message::end(1, 2).header, here(), &mut stats);
        assert_eq!((stats.killed, stats.ended, stats.missing), (0, 1, 0));
    }

    #[test]
    fn who_has_said_its_end_is_not_buried() {
        let (mut accounts, mut stats) = (Accounts::default(), Stats::default());
        accounts.enter(&Message::data(1, 0).header, here(), &mut stats);
        accounts.enter_end(&Message::end(1, 1).header, here(), &mut stats);
        accounts.bury(&buried(8, 0), here(), &mut stats);
        assert_eq!((stats.missing, stats.killed), (0, 0));
    }

    #[test]
    fn publishers_are_counted_apart() {
        let (mut accounts, mut stats) = (Accounts::default(), Stats::default());
        for (publisher, sequence) in [(1, 0), (2, 0), (1, 1), (2, 5)] {
            accounts.enter(
                &Message::data(publisher, sequence).header,
                here(),
                &mut stats,
            );
        }
        let missing: Vec<_> = stats.publishers.iter().map(|p| p.missing).collect();
        assert_eq!((stats.duplicated, missing), (0, vec![0, 4]));
    }

    #[test]
    fn one_from_before_the_first_fills_no_gap() {
        let stats = count(&[5, 8, 3]);
        assert_eq!((stats.missing, stats.reordered, stats.received), (2, 1, 3));
    }

    #[test]
    fn hostile_numbers_neither_overflow_nor_fill_the_memory() {
        let stats = count(&[u64::MAX, 0, u64::MAX, u64::MAX - 1]);
        assert_eq!(stats.received + stats.duplicated, 4);
        let (mut accounts, mut stats) = (Accounts::default(), Stats::default());
        for i in 0..2 * MAX_CHUNKS as u64 {
            accounts.enter(&Message::data(1, i << 20).header, here(), &mut stats);
            accounts.enter(&Message::data(i, 0).header, here(), &mut stats);
        }
        let chunks = accounts.trackers.iter().map(|t| t.seen.chunks()).sum();
        assert_eq!((accounts.chunks, chunks), (MAX_CHUNKS, MAX_CHUNKS));
        assert!(accounts.receipts(&stats).publishers[0].forgotten);
        assert!(!accounts.receipts(&stats).publishers[1].forgotten);
        assert_eq!(accounts.trackers.len(), MAX_PUBLISHERS);
    }

    /// What the counters mean, counted plainly.
    fn counted_plainly(sequences: &[u64]) -> [u64; 4] {
        let (mut seen, mut late, mut highest) = (BTreeSet::new(), 0, 0);
        for &sequence in sequences {
            if seen.insert(sequence) && sequence < highest {
                late += 1;
            }
            highest = highest.max(sequence);
        }
        let first = sequences.first().copied().unwrap_or(0);
        let missing = (first..highest).filter(|n| !seen.contains(n)).count();
        let received = seen.len();
        [received, sequences.len() - received, late, missing].map(|n| n as u64)
    }

    proptest! {
        #[test]
        fn counters_are_what_they_mean(
            sequences in prop::collection::vec(0u64..40, 0..60),
            offset in prop::sample::select(vec![0, 4090, 1 << 40]),
        ) {
            let sequences: Vec<_> = sequences.into_iter().map(|n| n + offset).collect();
            let stats = count(&sequences);
            let counted = [stats.received, stats.duplicated, stats.reordered, stats.missing];
            prop_assert_eq!(counted, counted_plainly(&sequences));
        }

        /// However a stream was dealt out, the receipts of all tell what nobody has.
        #[test]
        fn totals_do_not_depend_on_who_got_what(
            dealt in prop::collection::vec((0u64..50, 0usize..3), 0..100),
            sent in 50u64..60,
        ) {
            let mut books: Vec<_> = (0..3).map(|_| (Accounts::default(), Stats::default())).collect();
            for &(sequence, consumer) in &dealt {
                let (accounts, stats) = &mut books[consumer];
                accounts.enter(&Message::data(1, sequence).header, here(), stats);
            }
            for (accounts, stats) in &mut books {
                accounts.enter_end(&Message::end(1, sent).header, here(), stats);
            }
            let all = || books.iter().map(|(accounts, stats)| accounts.receipts(stats));
            let total = Receipts::total(all());
            let unique: BTreeSet<_> = dealt.iter().map(|(sequence, _)| sequence).collect();
            let unique = unique.len() as u64;
            prop_assert_eq!(total.received, unique);
            prop_assert_eq!(total.duplicated, dealt.len() as u64 - unique);
            prop_assert_eq!(total.lost, Some(sent - unique));
            let mut backwards: Vec<_> = all().collect();
            backwards.reverse();
            prop_assert_eq!(Receipts::total(backwards), total);
        }
    }
}
