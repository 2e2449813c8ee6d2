//! The nodes that were selected.

use indexmap::IndexMap;

/// Nodes of some populations.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// The ids of the nodes by their population, ascending, each once. Populations in the order of the
    /// network, only those with a node.
    pub populations: IndexMap<String, Vec<u64>>,
}

impl Selection {
    /// How many nodes in all.
    pub fn len(&self) -> usize {
        self.populations.values().map(Vec::len).sum()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.populations.values().all(Vec::is_empty)
    }

    /// The ids of a population's nodes; none where it has none.
    pub fn ids(&self, population: &str) -> &[u64] {
        self.populations.get(population).map_or(&[], Vec::as_slice)
    }
}
