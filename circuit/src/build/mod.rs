//! Networks become files.
//!
//! Owns how nodes, edges and their types are laid out in SONATA files: columns and groups, the order of
//! edges, index tables under both spellings, tables of types; and the usual [`rules`] by which edges are
//! drawn. It knows no Python and reads nothing.
//!
//! Sources: the [SONATA developer guide](https://github.com/AllenInstitute/sonata); where readers want
//! more than it says (BMTK 1.2.0, libsonata 0.2.2), that is there too.

mod columns;
mod edges;
mod groups;
mod indices;
mod nodes;
mod order;
mod partial;
pub mod rules;
#[cfg(test)]
mod tests;
mod types;

pub use columns::{Column, Values};
pub use edges::{EdgeSet, Edges};
pub use nodes::{NodeSet, Nodes};
pub use types::Types;

use crate::hdf5::{Attribute, Group};

/// The root of a SONATA file: its magic number and the version of the format.
fn root() -> Group {
    Group::new()
        .with("magic", Attribute::number(0x0A7A_u32))
        .with("version", Attribute::numbers(&[0_u32, 1]))
}
