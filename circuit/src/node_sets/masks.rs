//! Which nodes of which population are in a set, while it is worked out.

use super::Selection;
use crate::Circuit;

/// For each population of a network, in its order, which nodes are in; `None` where none is.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Masks(Vec<Option<Vec<bool>>>);

impl Masks {
    /// No node.
    pub(super) fn none(circuit: &Circuit) -> Self {
        Self(vec![None; circuit.nodes.len()])
    }

    /// All nodes of the populations that `of` takes.
    pub(super) fn all(circuit: &Circuit, of: impl Fn(&str) -> bool) -> Self {
        let one = |population: &crate::NodePopulation| {
            of(population.name()).then(|| vec![true; population.len()])
        };
        Self(circuit.nodes.iter().map(one).collect())
    }

    /// Adds those of another.
    pub(super) fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.0.iter_mut().zip(&other.0) {
            match (mine.as_mut(), theirs) {
                (Some(mine), Some(theirs)) => {
                    mine.iter_mut()
                        .zip(theirs)
                        .for_each(|(mine, theirs)| *mine |= theirs);
                }
                (None, Some(theirs)) => *mine = Some(theirs.clone()),
                (_, None) => {}
            }
        }
    }

    /// Takes nodes of a population out: those that `keep` does not keep.
    pub(super) fn keep(&mut self, population: usize, keep: Option<Vec<bool>>) {
        if let Some(mask) = self.0.get_mut(population) {
            *mask = match (mask.take(), keep) {
                (Some(mut mask), Some(keep)) => {
                    mask.iter_mut()
                        .zip(keep)
                        .for_each(|(mask, keep)| *mask &= keep);
                    Some(mask)
                }
                _ => None,
            };
        }
    }

    /// The populations that may have a node in.
    pub(super) fn populations(&self) -> Vec<usize> {
        let some = self.0.iter().enumerate().filter(|(_, mask)| mask.is_some());
        some.map(|(at, _)| at).collect()
    }

    /// The ids of the nodes that are in.
    pub(super) fn select(&self, circuit: &Circuit) -> Selection {
        let mut selection = Selection::default();
        for (population, mask) in circuit.nodes.iter().zip(&self.0) {
            let Some(mask) = mask else { continue };
            let ids = population.node_ids();
            let mut found: Vec<u64> = (0..)
                .zip(mask)
                .filter(|(_, is_in)| **is_in)
                .filter_map(|(position, _)| ids.id(position))
                .collect();
            found.sort_unstable();
            if !found.is_empty() {
                selection
                    .populations
                    .insert(population.name().to_owned(), found);
            }
        }
        selection
    }
}
