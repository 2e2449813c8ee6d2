//! The neuron models: what each is given, how it moves through one step, what can be read of it.
//!
//! The arithmetic is NEST 3.10's, operation by operation, so that spikes and voltages have the same
//! bits; each model's file has its formulas. Nothing here knows networks, files or threads.

mod alpha;
mod checks;
mod delta;
mod exp;
mod glif;
mod group;
mod izhikevich;
mod kind;
mod parameters;
mod propagators;
mod runs;
mod schema;

pub use kind::Kind;
pub use parameters::{ParameterError, Parameters};

pub(crate) use group::{Group, Step};
