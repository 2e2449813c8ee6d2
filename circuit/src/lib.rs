//! Networks of neurons and their activity as files.
//!
//! A SONATA configuration ([`config`]) names nodes, edges, inputs and reports; this crate reads, checks
//! and writes all of them. What is wrong is gathered as [`Problem`]s, each with its file, its key and a
//! remedy, so that a user hears everything at once. It simulates nothing and draws nothing.
//!
//! Sources: the [SONATA developer guide](https://github.com/AllenInstitute/sonata), and what BMTK 1.2.0
//! and libsonata 0.2.2 write and read, where they differ from it.

pub mod activity;
mod attributes;
mod bsb;
pub mod build;
pub mod cells;
pub mod colors;
mod column;
pub mod config;
mod currents;
mod edges;
mod error;
pub mod hdf5;
mod morphology;
mod names;
mod neo;
mod network;
pub mod node_sets;
mod nodes;
mod populations;
mod problems;
pub mod reports;
pub mod scene;
pub mod spikes;
#[cfg(test)]
mod testing;
mod time_units;
mod types;

pub use column::{ABSENT, Column};
pub use currents::read_currents;
pub use edges::{Blocks, EdgeBlock, EdgePopulation};
pub use error::CircuitError;
pub use morphology::{Branch, Labels, Morphology};
pub use names::{meant, nearest};
pub use network::{Circuit, EdgesFile, NodesFile};
pub use nodes::{NodeIds, NodePopulation};
pub use problems::{Problem, Problems, Severity};
pub use time_units::TimeUnit;
pub use types::TypesTable;

/// The page's example compiles.
#[cfg(doctest)]
#[doc = include_str!("../../docs/networks-files.md")]
struct NetworksFilesPage;
