//! Spikes in memory.
//!
//! Owns their order, filters and rates.

use super::Sorting;

/// The spikes of a population: spike k is of cell `node_ids[k]` at `timestamps[k]`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SpikeTrains {
    /// The population; empty in files that name none.
    pub population: String,
    /// The cells.
    pub node_ids: Vec<u64>,
    /// The times in ms; as many.
    pub timestamps: Vec<f64>,
}

impl SpikeTrains {
    /// None yet.
    pub fn new(population: impl Into<String>) -> Self {
        Self {
            population: population.into(),
            ..Self::default()
        }
    }

    /// How many spikes.
    pub fn len(&self) -> usize {
        self.node_ids.len().min(self.timestamps.len())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Adds one.
    pub fn push(&mut self, node_id: u64, timestamp: f64) {
        self.node_ids.push(node_id);
        self.timestamps.push(timestamp);
    }

    /// The spikes as pairs of cell and time.
    pub fn iter(&self) -> impl Iterator<Item = (u64, f64)> {
        let times = self.timestamps.iter().copied();
        self.node_ids.iter().copied().zip(times)
    }

    /// Puts them in order; spikes that are equal in it stay as they are.
    pub fn sort(&mut self, sorting: Sorting) {
        if sorting == Sorting::None || self.is_sorted(sorting) {
            return;
        }
        let mut pairs: Vec<(u64, f64)> = self.iter().collect();
        pairs.sort_by(|a, b| before(sorting, *a, *b));
        (self.node_ids, self.timestamps) = pairs.into_iter().unzip();
    }

    /// Whether they are in order.
    pub fn is_sorted(&self, sorting: Sorting) -> bool {
        let order = |(a, b): ((u64, f64), (u64, f64))| before(sorting, a, b).is_le();
        sorting == Sorting::None || self.iter().zip(self.iter().skip(1)).all(order)
    }

    /// The spikes of some cells, in the order they have.
    #[must_use]
    pub fn of_nodes(&self, node_ids: &[u64]) -> Self {
        let mut wanted = node_ids.to_vec();
        wanted.sort_unstable();
        self.only(|node, _| wanted.binary_search(&node).is_ok())
    }

    /// The spikes from `start` to `end` in ms, both included, as BMTK and libsonata have it.
    #[must_use]
    pub fn within(&self, start: f64, end: f64) -> Self {
        self.only(|_, time| start <= time && time <= end)
    }

    /// The times of one cell in ms, in the order they have.
    pub fn times(&self, node_id: u64) -> Vec<f64> {
        let of_it = self.iter().filter(|(node, _)| *node == node_id);
        of_it.map(|(_, time)| time).collect()
    }

    /// The rate of each of these cells in Hz: its spikes from `start` on and before `end` (ms), by that
    /// time. All 0 where `end` is not after `start`.
    pub fn rates(&self, node_ids: &[u64], start: f64, end: f64) -> Vec<f64> {
        let mut of: std::collections::HashMap<u64, u64> = std::collections::HashMap::new();
        for (node, time) in self.iter() {
            if start <= time && time < end {
                *of.entry(node).or_default() += 1;
            }
        }
        let rate = |node: &u64| match of.get(node) {
            #[allow(clippy::cast_precision_loss, reason = "no cell spikes 2^53 times")]
            Some(number) if end > start => *number as f64 * 1000.0 / (end - start),
            _ => 0.0,
        };
        node_ids.iter().map(rate).collect()
    }

    fn only(&self, keep: impl Fn(u64, f64) -> bool) -> Self {
        let mut kept = Self::new(self.population.clone());
        for (node, time) in self.iter().filter(|(node, time)| keep(*node, *time)) {
            kept.push(node, time);
        }
        kept
    }
}

/// The order of two spikes.
pub(super) fn before(sorting: Sorting, a: (u64, f64), b: (u64, f64)) -> std::cmp::Ordering {
    let (ids, times) = (a.0.cmp(&b.0), a.1.total_cmp(&b.1));
    match sorting {
        Sorting::None => std::cmp::Ordering::Equal,
        Sorting::ById => ids.then(times),
        Sorting::ByTime => times.then(ids),
    }
}
