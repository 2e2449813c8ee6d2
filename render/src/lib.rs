//! Renders animations to disk over a fleet of Blenders, with ground truth beside each frame, each frame
//! once.
//!
//! A [`RenderJob`] says what: a scene, what is done to it, frames, passes, and a folder. A
//! [`RenderFleet`] has the Blenders: it deals out frames as workers ask, hears what they have written,
//! and enters it in the folder's [`Ledger`], which knows what is done when the same job is rendered
//! again. This crate starts no process itself (`blendtorch-launcher` does) and knows no `bpy`: workers
//! are Python (`blendtorch/btb/worker`), asked over the control channel. In them
//! [`write`](mod@write) makes the arrays of a frame into files, and knows nothing else of this crate.
//!
//! ```no_run
//! use blendtorch_render::{FleetPlan, RenderDescription, RenderFleet};
//!
//! # fn main() -> Result<(), blendtorch_render::RenderError> {
//! let described = RenderDescription::from_json(
//!     r#"{"scene": "monkey.blend", "out": "renders/monkey", "passes": ["frames", "depths"]}"#,
//! )?;
//! let fleet = RenderFleet::start(&FleetPlan::of(&described))?;
//! let outcome = fleet.render(&described.job()?, &mut |_| true)?;
//! println!("{} of {} frames are done", outcome.done, outcome.total);
//! # Ok(())
//! # }
//! ```

mod division;
mod error;
mod fleet;
pub mod job;
mod layout;
mod ledger;
mod transforms;
pub mod video;
pub mod write;

pub use error::RenderError;
pub use fleet::{FleetPlan, Outcome, Progress, ProgressWhat, RenderFleet, Session, VERBS};
pub use job::{
    Ending, Frames, Jobs, Part, PassList, PassOptions, RenderDescription, RenderJob, Request,
    Resolution, Scene, Settings, Step, UserIds,
};
pub use ledger::{Found, Gathered, KindSummary, LEDGER, Ledger, Rebuilt, State, Summary, What};
pub use write::{Color, Format, Layout, PASSES, Pass};
