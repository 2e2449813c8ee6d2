//! What parts of a morphology are called.
//!
//! Owns sets of labels, one a point: a point may have several, and most points have the same few sets.

use indexmap::{IndexMap, IndexSet};

/// The labels of points.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Labels {
    /// The different sets.
    sets: IndexSet<Vec<String>>,
    /// For each point the place of its set.
    of: Vec<u32>,
}

impl Labels {
    /// All labels, in the order of the points that have them first.
    pub fn names(&self) -> Vec<&str> {
        let mut used = vec![false; self.sets.len()];
        for set in &self.of {
            if let Some(used) = usize::try_from(*set).ok().and_then(|set| used.get_mut(set)) {
                *used = true;
            }
        }
        let sets = self.sets.iter().zip(used).filter(|(_, used)| *used);
        let names: IndexMap<&str, ()> = sets
            .flat_map(|(set, _)| set.iter().map(|name| (name.as_str(), ())))
            .collect();
        names.into_keys().collect()
    }

    /// Whether a point has a label.
    pub fn has(&self, point: usize, label: &str) -> bool {
        let set = self
            .of
            .get(point)
            .and_then(|set| self.sets.get_index(usize::try_from(*set).ok()?));
        set.is_some_and(|set| set.iter().any(|one| one == label))
    }

    /// Which points have a label.
    pub fn mask(&self, label: &str) -> Vec<bool> {
        let has: Vec<bool> = self
            .sets
            .iter()
            .map(|set| set.iter().any(|one| one == label))
            .collect();
        let of = |set: &u32| {
            usize::try_from(*set)
                .ok()
                .and_then(|set| has.get(set).copied())
        };
        self.of.iter().map(|set| of(set).unwrap_or(false)).collect()
    }

    /// Adds a point with these labels.
    pub(crate) fn push(&mut self, labels: Vec<String>) {
        let (set, _) = self.sets.insert_full(labels);
        // As many sets as points at most.
        self.of.push(u32::try_from(set).unwrap_or(u32::MAX));
    }
}

/// The label of an SWC type: SONATA's types, with BSB's names; those of users by number.
pub(super) fn of_swc(kind: i64) -> Vec<String> {
    match kind {
        0 => Vec::new(),
        1 => vec!["soma".to_owned()],
        2 => vec!["axon".to_owned()],
        3 => vec!["dendrites".to_owned()],
        4 => vec!["apical_dendrites".to_owned()],
        other => vec![format!("type_{other}")],
    }
}
