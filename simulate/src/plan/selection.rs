//! Which nodes a configuration means.
//!
//! Owns the step from a node set to places in the populations.

use std::path::Path;

use blendtorch_circuit::config::Config;
use blendtorch_circuit::node_sets::NodeSets;
use blendtorch_circuit::{Circuit, Problems};
use serde_json::Value;

/// Some nodes of a population, by their places in it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Selected {
    /// The population's place in the network.
    pub(crate) population: usize,
    /// Ascending.
    pub(crate) nodes: Vec<u32>,
}

/// The node sets of a configuration, over its network.
pub(crate) struct Selector<'a> {
    sets: NodeSets,
    circuit: &'a Circuit,
}

impl<'a> Selector<'a> {
    /// Says what is wrong with the sets that are defined, used or not.
    pub(super) fn new(config: &Config, circuit: &'a Circuit) -> Self {
        let sets = NodeSets::new(&config.node_sets_file, config.node_sets.clone());
        Self { sets, circuit }
    }

    /// The nodes of a set, which `key` in `file` names or describes; all where none is given. Nothing
    /// where that was wrong, which is said.
    pub(super) fn select(
        &mut self,
        set: Option<&Value>,
        file: &Path,
        key: &str,
        problems: &mut Problems,
    ) -> Option<Vec<Selected>> {
        let all = Value::from("all");
        let set = set.unwrap_or(&all);
        let selection = self
            .sets
            .resolve(set, self.circuit, (file, key), problems)?;
        let mut selected = Vec::new();
        for (population, nodes) in self.circuit.nodes.iter().enumerate() {
            if let Some(ids) = selection.populations.get(nodes.name()) {
                let place = |id: &u64| u32::try_from(nodes.node_ids().position(*id)?).ok();
                let mut nodes: Vec<u32> = ids.iter().filter_map(place).collect();
                nodes.sort_unstable();
                selected.push(Selected { population, nodes });
            }
        }
        Some(selected)
    }
}
