//! What a consumer has received, told so exactly that the books of several can be put together.
//!
//! A consumer that shares its publishers with others sees gaps that are no losses. Only all of them
//! together can say what was lost: [`Receipts::total`].

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The sequence numbers that one consumer has received. Plain data: send it as JSON or msgpack to
/// where the receipts of all consumers are put together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipts {
    /// By publisher, in order of appearance.
    pub publishers: Vec<PublisherReceipts>,
}

/// What one consumer has received of one publisher.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublisherReceipts {
    /// The publisher's random 64 bits.
    pub publisher: u64,
    /// Its instance, as the launcher numbered it.
    pub btid: Option<i64>,
    /// How many samples it has sent in its life, once it has said that it ended.
    pub sent: Option<u64>,
    /// How it came to its end, in the word of its end, if it has said so.
    #[serde(default)]
    pub end: Option<String>,
    /// Ranges of sequence numbers, first and one behind the last.
    pub received: Vec<(u64, u64)>,
    /// Samples that came a second time to this consumer.
    pub duplicated: u64,
    /// The memory for numbers has run out, and the oldest are not among `received` any more.
    pub forgotten: bool,
}

/// What all consumers together have received.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Samples that reached at least one consumer.
    pub received: u64,
    /// Samples that came again, to the same consumer or to another one.
    pub duplicated: u64,
    /// Samples that reached nobody: up to each publisher's end, or up to the latest sample that
    /// anybody has where it has not ended. `None` where a consumer has forgotten what it had.
    pub lost: Option<u64>,
    /// Publishers whose end no consumer has heard: they were killed, go on, or were left by all. Of
    /// these `lost` is the least that it can be: what came after the latest sample is not in it.
    #[serde(default)]
    pub unfinished: u64,
    /// By publisher, in order of their random numbers.
    pub publishers: Vec<PublisherTotals>,
}

/// What all consumers together have received of one publisher.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublisherTotals {
    /// The publisher's random 64 bits.
    pub publisher: u64,
    /// Its instance, as the launcher numbered it.
    pub btid: Option<i64>,
    /// How many samples it has sent in its life, if a consumer has heard its end.
    pub sent: Option<u64>,
    /// How it came to its end, in the word of its end, if it has said so.
    #[serde(default)]
    pub end: Option<String>,
    /// No consumer has heard its end: `lost` is the least that it can be.
    #[serde(default)]
    pub unfinished: bool,
    /// As in [`Totals`].
    pub received: u64,
    /// As in [`Totals`].
    pub duplicated: u64,
    /// As in [`Totals`].
    pub lost: Option<u64>,
}

impl Receipts {
    /// Puts together the receipts of **all** consumers of a stream; one consumer that had it for
    /// itself is all. Their order does not matter.
    ///
    /// ```
    /// use btt::{PublisherReceipts, Receipts};
    ///
    /// let of = |received: &[(u64, u64)]| Receipts {
    ///     publishers: vec![PublisherReceipts {
    ///         publisher: 7,
    ///         btid: Some(0),
    ///         sent: Some(10),
    ///         received: received.to_vec(),
    ///         ..PublisherReceipts::default()
    ///     }],
    /// };
    /// let total = Receipts::total([of(&[(0, 3), (5, 7)]), of(&[(3, 5), (8, 10)])]);
    /// assert_eq!((total.received, total.lost), (9, Some(1))); // nobody has number 7
    /// assert_eq!(total.unfinished, 0);
    /// ```
    #[must_use]
    pub fn total(of_all: impl IntoIterator<Item = Self>) -> Totals {
        let mut publishers: BTreeMap<u64, Vec<PublisherReceipts>> = BTreeMap::new();
        for receipts in of_all.into_iter().flat_map(|receipts| receipts.publishers) {
            publishers
                .entry(receipts.publisher)
                .or_default()
                .push(receipts);
        }
        let publishers: Vec<_> = publishers
            .into_iter()
            .map(|(publisher, parts)| total_of(publisher, &parts))
            .collect();
        let mut totals = Totals {
            lost: Some(0),
            ..Totals::default()
        };
        for publisher in &publishers {
            totals.received = totals.received.saturating_add(publisher.received);
            totals.duplicated = totals.duplicated.saturating_add(publisher.duplicated);
            let both = totals.lost.zip(publisher.lost);
            totals.unfinished += u64::from(publisher.unfinished);
            totals.lost = both.map(|(sum, lost)| sum.saturating_add(lost));
        }
        totals.publishers = publishers;
        totals
    }
}

fn total_of(publisher: u64, parts: &[PublisherReceipts]) -> PublisherTotals {
    let ranges = || parts.iter().flat_map(|part| part.received.iter().copied());
    let mut ranges: Vec<_> = ranges().filter(|(from, to)| from < to).collect();
    ranges.sort_unstable();
    let received_by_each = sum(ranges.iter().map(|(from, to)| to - from));
    let joined = joined(&ranges);
    let received = sum(joined.iter().map(|(from, to)| to - from));
    let sent = parts.iter().filter_map(|part| part.sent).max();
    let until = sent.unwrap_or_else(|| joined.last().map_or(0, |(_, to)| *to));
    let reached = sum(joined
        .iter()
        .map(|&(from, to)| to.min(until).saturating_sub(from)));
    let known = !parts.iter().any(|part| part.forgotten);
    PublisherTotals {
        publisher,
        btid: parts.iter().find_map(|part| part.btid),
        sent,
        end: parts.iter().find_map(|part| part.end.clone()),
        unfinished: sent.is_none(),
        received,
        duplicated: sum(parts.iter().map(|part| part.duplicated))
            .saturating_add(received_by_each - received),
        lost: known.then(|| until.saturating_sub(reached)),
    }
}

pub(super) fn sum(numbers: impl Iterator<Item = u64>) -> u64 {
    numbers.fold(0, u64::saturating_add)
}

/// Sorted ranges without overlaps.
pub(super) fn joined(sorted: &[(u64, u64)]) -> Vec<(u64, u64)> {
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for &(from, to) in sorted {
        match joined.last_mut() {
            Some((_, last)) if from <= *last => *last = to.max(*last),
            _ => joined.push((from, to)),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(received: &[(u64, u64)], sent: Option<u64>) -> Receipts {
        Receipts {
            publishers: vec![PublisherReceipts {
                publisher: 1,
                sent,
                received: received.to_vec(),
                ..PublisherReceipts::default()
            }],
        }
    }

    #[test]
    fn what_two_consumers_have_is_duplicated_and_what_none_has_is_lost() {
        let parts = [part(&[(0, 4), (6, 8)], None), part(&[(3, 5)], Some(10))];
        let total = Receipts::total(parts);
        assert_eq!((total.received, total.duplicated), (7, 1));
        assert_eq!(total.lost, Some(3)); // 5, 8 and 9
        assert_eq!(total.unfinished, 0);
    }

    #[test]
    fn without_an_end_only_what_lies_before_the_latest_is_lost() {
        let counted = |of_all: Vec<Receipts>| {
            let total = Receipts::total(of_all);
            let each = total.publishers.iter().filter(|one| one.unfinished);
            assert_eq!(total.unfinished, each.count() as u64);
            (total.lost, total.unfinished)
        };
        assert_eq!(counted(vec![part(&[(2, 5)], None)]), (Some(2), 1));
        assert_eq!(counted(vec![part(&[], Some(3))]), (Some(3), 0));
        assert_eq!(counted(vec![]), (Some(0), 0));
    }

    #[test]
    fn receipts_of_an_older_version_are_read() {
        let old = r#"{"publishers": [{"publisher": 1, "btid": 0, "sent": 3, "received": [[0, 3]],
                      "duplicated": 0, "forgotten": false}]}"#;
        let mut new: Receipts = serde_json::from_str(old).unwrap();
        let mut failed = new.clone();
        assert_eq!(new.publishers[0].end, None);
        failed.publishers[0].end = Some("failed".into());
        new.publishers[0].sent = None;
        let total = Receipts::total([new, failed]);
        assert_eq!(total.publishers[0].end.as_deref(), Some("failed"));
        assert_eq!((total.unfinished, total.lost), (0, Some(0)));
    }

    #[test]
    fn who_has_forgotten_cannot_say_what_is_lost() {
        let mut forgetful = part(&[(5, 6)], None);
        forgetful.publishers[0].forgotten = true;
        let total = Receipts::total([forgetful, part(&[(0, 5)], None)]);
        assert_eq!((total.received, total.lost), (6, None));
    }

    #[test]
    fn nonsense_neither_overflows_nor_panics() {
        let total = Receipts::total([
            part(&[(5, 2), (0, u64::MAX), (1, u64::MAX)], Some(3)),
            part(&[(0, u64::MAX), (u64::MAX, 0)], Some(1)),
        ]);
        assert_eq!((total.received, total.lost), (u64::MAX, Some(0)));
    }
}
