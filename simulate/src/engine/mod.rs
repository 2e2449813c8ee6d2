//! The engine for networks of point neurons.
//!
//! It is in memory and knows no files. A [`Network`] is put together; a [`Simulation`] runs it, from one
//! step to another, tells an [`Observer`] what happened, and can be asked and changed between. Spikes and
//! states have the bits that NEST 3.10 gives at the same step, with any number of threads and however a
//! run is cut into pieces.
//!
//! Time: an update moves the cells from step k to k + 1, and a spike that is found in it has the time
//! of k + 1. Through a delay of d steps it arrives at the end of the update to k + 1 + d.
//!
//! ```
//! use blendtorch_simulate::engine::{Edge, Grid, Network, Observer, Simulation};
//! use blendtorch_simulate::models::{Kind, Parameters};
//!
//! let grid = Grid::new(0.1)?;
//! let mut network = Network::new(grid);
//! let cells = network.add_cells(&[Parameters::new(Kind::IafPscDelta)], &[0, 0])?;
//! let source = network.add_sources(1)?.start;
//! let edge = |source, target| Edge {
//!     source,
//!     target,
//!     weight: 20.0,
//!     delay: grid.delay(1.5).unwrap_or(1),
//!     receptor: 0,
//! };
//! network.connect(&[edge(source, cells.start), edge(cells.start, cells.start + 1)])?;
//! network.train(source, &[10.0])?;
//!
//! #[derive(Default)]
//! struct Spikes(Vec<(u64, u32)>);
//! impl Observer for Spikes {
//!     fn spikes(&mut self, spikes: &[(u64, u32)]) {
//!         self.0.extend_from_slice(spikes);
//!     }
//! }
//! let mut spikes = Spikes::default();
//! let mut simulation = Simulation::new(network, 1)?;
//! simulation.run_to(grid.steps(50.0)?, &mut spikes);
//! assert_eq!(spikes.0, [(115, cells.start), (130, cells.start + 1)]);
//! # Ok::<(), blendtorch_simulate::engine::EngineError>(())
//! ```

mod assemble;
mod block;
mod clamps;
mod conductor;
mod connect;
mod crew;
mod edges;
mod error;
mod fetch;
mod grid;
mod layout;
mod network;
mod pace;
mod simulation;
mod vectors;

pub use error::EngineError;
pub use grid::Grid;
pub use network::{ClampId, Edge, Network, Probe, ProbeId};
pub use simulation::{Observer, Simulation};

#[cfg(test)]
mod tests;
