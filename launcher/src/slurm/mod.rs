//! Slurm, where there is one: it places, limits, requeues and accounts; we hand it a job and ask.
//!
//! Owns Slurm's commands: which there are, how a job is submitted, what became of its elements, and
//! what their refusals are about. It must never know what the job's program does, and never write a
//! secret to a file or a command line: they go by the environment, which Slurm keeps for the job's
//! user alone, also when it is requeued.
//!
//! A call waits for a command, which waits for slurmctld: seconds, where that is down. It belongs in
//! a thread of its own.

mod ask;
mod element;
mod error;
mod find;
mod limits;
mod refusal;
mod settings;
mod states;
mod submit;
mod time;

pub use element::{Element, ElementState};
pub use error::SlurmError;
pub use find::{Slurm, nodes_of_allocation};
pub use settings::SlurmSettings;
pub use submit::{JobId, Submission};
pub use time::TimeLimit;
