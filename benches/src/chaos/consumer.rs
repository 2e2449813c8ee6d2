//! The consumer: takes what comes, looks at each image, and keeps its own books.
//!
//! Owns a dataset for as long as its publishers live. What blendtorch counted is handed back beside
//! what was counted here; it must never mix the two.

use crate::image;
use anyhow::Result;
use btt::control::now_ns;
use btt::{DatasetOptions, Error, Item, Receipts, RemoteIterableDataset, Stats, Totals};
use std::collections::{BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// How often it is looked whether all have ended.
const SLICE: Duration = Duration::from_millis(500);
/// A training loop works so long after so many items: a little slower than the producers, so that
/// queues are full and something is in flight when one is killed.
const BATCH: usize = 8;
const STEP: Duration = Duration::from_millis(30);
/// With more errors than this it gives up.
const MOST_ERRORS: usize = 100;

/// What to do with an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Images {
    /// Hold each against what its producer must have written, and train for a moment.
    Checked,
    /// Take it.
    Taken,
}

/// What came, and what blendtorch says of it.
#[derive(Debug)]
pub(crate) struct Taken {
    /// When each item came, in nanoseconds of the kernel's monotonic clock.
    pub(crate) arrivals: Vec<u64>,
    /// By publisher.
    pub(crate) publishers: HashMap<u64, From>,
    pub(crate) corrupt: u64,
    pub(crate) duplicated: u64,
    /// What the dataset said, apart from how its publishers ended.
    pub(crate) errors: Vec<String>,
    pub(crate) stats: Stats,
    pub(crate) totals: Totals,
}

/// What came of one publisher.
#[derive(Debug, Default)]
pub(crate) struct From {
    pub(crate) first_ns: u64,
    pub(crate) sequences: BTreeSet<u64>,
}

/// Takes all items until nobody is left; `count` says how many there have been.
pub(crate) fn take_all(addresses: &[String], images: Images, count: &AtomicU64) -> Result<Taken> {
    let mut dataset = RemoteIterableDataset::connect(addresses, DatasetOptions::default())?;
    let mut taken = Taken {
        arrivals: Vec::new(),
        publishers: HashMap::new(),
        corrupt: 0,
        duplicated: 0,
        errors: Vec::new(),
        stats: Stats::default(),
        totals: Totals::default(),
    };
    while !dataset.is_finished() && taken.errors.len() < MOST_ERRORS {
        match dataset.next_timeout(SLICE) {
            Ok(Some(item)) => {
                taken.enter(&item, images);
                count.store(taken.arrivals.len() as u64, Relaxed);
                if images == Images::Checked && taken.arrivals.len().is_multiple_of(BATCH) {
                    std::thread::sleep(STEP);
                }
            }
            // They were all killed, which is what this is about.
            Ok(None) | Err(Error::Failed { .. }) => {}
            Err(error) => taken.errors.push(error.to_string()),
        }
    }
    taken.stats = dataset.stats();
    taken.totals = Receipts::total([dataset.receipts()]);
    Ok(taken)
}

impl Taken {
    fn enter(&mut self, item: &Item, images: Images) {
        let now = now_ns();
        self.arrivals.push(now);
        let (publisher, sequence) = (item.header.publisher, item.header.sequence);
        let from = self.publishers.entry(publisher).or_insert_with(|| From {
            first_ns: now,
            ..From::default()
        });
        self.duplicated += u64::from(!from.sequences.insert(sequence));
        self.corrupt += u64::from(images == Images::Checked && !is_right(item));
    }
}

fn is_right(item: &Item) -> bool {
    let (publisher, sequence) = (item.header.publisher, item.header.sequence);
    let number = item.get("number").and_then(btt::Value::as_i64);
    let image = item.get("image").and_then(btt::Value::as_tensor);
    number.and_then(|number| u64::try_from(number).ok()) == Some(sequence)
        && image.is_some_and(|image| image::is_right(image.bytes(), publisher, sequence))
}
