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
