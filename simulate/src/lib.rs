//! Simulates the networks that SONATA configurations describe.
//!
//! The [`engine`] is for networks of point neurons, and equals NEST spike for spike at the same time
//! step. It knows no files: what is around it reads the network (`blendtorch-circuit`), checks it, and
//! writes what comes out. This crate knows neither Blender nor the launcher.

pub mod engine;
mod error;
mod functions;
mod load;
pub mod models;
mod options;
pub mod outputs;
mod plan;
pub mod plot;
mod record;
mod run;
mod summary;

pub use error::SimulateError;
pub use functions::{Functions, NoFunctions};
pub use options::{Choice, Options};
pub use plan::Plan;
pub use run::{Progress, Run};
pub use summary::{PopulationSummary, Summary};
