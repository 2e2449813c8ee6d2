//! Cells as they are drawn, whoever built them, and what they did.
//!
//! Owns what networks of BSB and of SONATA have in common: populations of cells with a place, an id and
//! a look ([`CellNetwork`]), and their spikes by index of the cell ([`Results`]). Which file holds what
//! is known to `bsb`, `neo` and the readers of SONATA; nothing is drawn or simulated here.

mod connections;
mod ids;
mod network;
mod population;
mod results;
mod rotation;
mod sonata;
#[cfg(test)]
mod tests;

pub use connections::Connections;
pub use ids::CellIds;
pub use network::{CellNetwork, Format};
pub(crate) use population::narrowed;
pub use population::{CellPopulation, DEFAULT_RADIUS, Up};
pub use results::{CellSpikes, Results};
