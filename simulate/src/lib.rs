//! Simulates the networks that SONATA configurations describe.
//!
//! The [`engine`] is for networks of point neurons, and equals NEST spike for spike at the same time
//! step. It knows no files: what is around it reads the network (`blendtorch-circuit`), checks it, and
//! writes what comes out. This crate knows neither Blender nor the launcher.

pub mod engine;
mod error;
pub mod models;
pub mod outputs;
pub mod plot;

pub use error::SimulateError;
