//! The engine for networks of point neurons.
//!
//! It is in memory and knows no files. A [`Network`] is put together; a [`Simulation`] runs it, from one
//! step to another, tells an [`Observer`] what happened, and can be asked and changed between. Spikes and
//! states have the bits that NEST 3.10 gives at the same step, with any number of threads and however a
//! run is cut into pieces.
//!
//! Time: an update moves the cells from step k to k + 1, and a spike that is found in it has the time
//! of k + 1. Through a delay of d steps it arrives at the end of the update to k + 1 + d.

mod assemble;
mod block;
mod clamps;
mod conductor;
mod connect;
mod crew;
mod edges;
mod error;
mod grid;
mod layout;
mod network;
mod simulation;
mod vectors;

pub use error::EngineError;
pub use grid::Grid;
pub use network::{ClampId, Edge, Network, Probe, ProbeId};
pub use simulation::{Observer, Simulation};

#[cfg(test)]
mod tests;
