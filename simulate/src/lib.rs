//! Simulates the networks that SONATA configurations describe.
//!
//! The [`engine`] is for networks of point neurons, and equals NEST spike for spike at the same time
//! step. It knows no files: what is around it reads the network (`blendtorch-circuit`), checks it, and
//! writes what comes out. This crate knows neither Blender nor the launcher.
//!
//! ```no_run
//! use blendtorch_simulate::{Options, Plan, Run};
//!
//! let options = Options { config: "config.json".into(), ..Options::default() };
//! let (plan, problems) = Plan::make(&options);
//! for problem in problems.iter() {
//!     eprintln!("{problem}");
//! }
//! let mut run = Run::start(plan.ok_or("the configuration cannot be run")?)?;
//! while run.advance()? {}
//! let (summary, _) = run.finish()?;
//! println!("{}", summary.table());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod engine;
mod error;
mod functions;
mod load;
pub mod models;
mod options;
pub mod outputs;
mod plan;
pub mod plot;
mod publish;
mod record;
mod run;
mod summary;

pub use error::SimulateError;
pub use functions::{Functions, NoFunctions};
pub use options::{Choice, Options};
pub use plan::Plan;
pub use publish::Publish;
pub use run::{Progress, Run};
pub use summary::{PopulationSummary, Summary};
