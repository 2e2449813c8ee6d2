//! Holds what blendtorch counted against what was published and what came.
//!
//! Owns the comparison, life by life. Truth is what the producers wrote themselves.

use crate::consumer::Taken;
use crate::truth::{Published, WhichLife};
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};

/// All lives together.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct Account {
    /// Lives that made a publisher.
    pub(crate) lives: u64,
    pub(crate) published: u64,
    pub(crate) received: u64,
    /// The dataset's word for it.
    pub(crate) counted: u64,
    /// Published and not received: in flight when their producer was killed.
    pub(crate) in_flight: u64,
    /// The most that one life lost.
    pub(crate) most_in_flight: u64,
    /// The dataset's word for it.
    pub(crate) missing: u64,
    /// The word of the receipts.
    pub(crate) lost: Option<u64>,
    pub(crate) killed: u64,
    pub(crate) unfinished: u64,
    pub(crate) corrupt: u64,
    pub(crate) duplicated: u64,
    pub(crate) malformed: u64,
    /// Lives that were killed between their own note and the call of `publish`, a matter of
    /// microseconds: what they published is one less than they wrote.
    pub(crate) cut_short: u64,
    /// Lives of which the dataset, or the receipts, say something else.
    pub(crate) wrong: Vec<Wrong>,
    /// What the dataset said.
    pub(crate) errors: Vec<String>,
}

/// A life of which something else is said.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Wrong {
    pub(crate) instance: usize,
    pub(crate) life: u64,
    pub(crate) begun: u64,
    pub(crate) done: u64,
    pub(crate) received: u64,
    pub(crate) missing: u64,
    pub(crate) lost: Option<u64>,
    pub(crate) sent: Option<u64>,
}

impl Account {
    /// Holds them together.
    pub(crate) fn of(truth: &BTreeMap<WhichLife, Published>, taken: &Taken) -> Self {
        let stats = &taken.stats;
        let each = stats.publishers.iter();
        let missing: HashMap<_, _> = each.map(|one| (one.publisher, one.missing)).collect();
        let each = taken.totals.publishers.iter();
        let totals: HashMap<_, _> = each.map(|one| (one.publisher, one)).collect();
        let mut account = Self {
            lives: truth.len() as u64,
            received: taken.arrivals.len() as u64,
            counted: stats.received,
            missing: stats.missing,
            lost: taken.totals.lost,
            killed: stats.killed,
            unfinished: stats.unfinished,
            corrupt: taken.corrupt,
            duplicated: taken.duplicated + stats.duplicated,
            malformed: stats.malformed,
            errors: taken.errors.clone(),
            ..Self::default()
        };
        for (&(instance, life), one) in truth {
            let of = taken.publishers.get(&one.publisher);
            let received = of.map_or(0, |of| of.sequences.len() as u64);
            let total = totals.get(&one.publisher);
            let said = Wrong {
                instance,
                life,
                begun: one.begun,
                done: one.done,
                received,
                missing: missing.get(&one.publisher).copied().unwrap_or_default(),
                lost: total.map_or(Some(0), |total| total.lost),
                sent: total.and_then(|total| total.sent),
            };
            account.enter(one, said);
        }
        account
    }

    fn enter(&mut self, truth: &Published, said: Wrong) {
        let published = said.received + said.missing;
        let cut_short = published != truth.begun && published == truth.done;
        let published = if cut_short { truth.done } else { truth.begun };
        let in_flight = published.saturating_sub(said.received);
        let sent = said.sent.unwrap_or_default();
        let right = said.missing == in_flight && said.lost == Some(in_flight) && sent == published;
        self.cut_short += u64::from(cut_short);
        self.published += published;
        self.in_flight += in_flight;
        self.most_in_flight = self.most_in_flight.max(in_flight);
        if !right {
            self.wrong.push(said);
        }
    }

    /// Whether what is missing is what was in flight, of each life and of all.
    pub(crate) fn is_exact(&self) -> bool {
        let sums = [Some(self.missing), self.lost] == [Some(self.in_flight); 2];
        let all = self.received + self.in_flight == self.published;
        let counted = self.counted == self.received;
        // More than that would be an error of one, and no chance.
        let chance = self.cut_short <= 1 + self.lives / 50;
        let ends = self.killed == self.lives && self.unfinished == 0;
        sums && all && counted && chance && ends && self.wrong.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::consumer::From;
    use btt::{PublisherReceipts, PublisherStats, Receipts, Stats};

    /// One life that wrote `(begun, done)`, of which `received` came and `missing` are said to lack.
    fn account((begun, done): (u64, u64), received: u64, missing: u64) -> Account {
        let truth = Published {
            publisher: 7,
            begun,
            done,
        };
        let from = From {
            first_ns: 0,
            sequences: (0..received).collect(),
        };
        let receipts = PublisherReceipts {
            publisher: 7,
            sent: Some(received + missing),
            received: vec![(0, received)],
            ..PublisherReceipts::default()
        };
        let taken = Taken {
            arrivals: (0..received).collect(),
            publishers: [(7, from)].into(),
            corrupt: 0,
            duplicated: 0,
            errors: Vec::new(),
            stats: Stats {
                received,
                missing,
                killed: 1,
                publishers: vec![PublisherStats {
                    publisher: 7,
                    missing,
                    ..PublisherStats::default()
                }],
                ..Stats::default()
            },
            totals: Receipts::total([Receipts {
                publishers: vec![receipts],
            }]),
        };
        Account::of(&[((0, 1), truth)].into(), &taken)
    }

    #[test]
    fn exact_is_what_was_in_flight_and_one_more_or_less_is_not() {
        let right = account((10, 9), 6, 4);
        assert!(right.is_exact());
        assert_eq!((right.in_flight, right.cut_short), (4, 0));
        for missing in [2, 5] {
            let wrong = account((10, 9), 6, missing);
            assert!(!wrong.is_exact() && wrong.wrong.len() == 1, "{missing}");
        }
    }

    #[test]
    fn who_was_killed_between_its_note_and_the_call_published_one_less() {
        let cut = account((10, 9), 6, 3);
        assert!(cut.is_exact());
        assert_eq!((cut.published, cut.in_flight, cut.cut_short), (9, 3, 1));
        // Between two publishes there is no such doubt.
        assert!(!account((10, 10), 6, 3).is_exact());
    }
}
