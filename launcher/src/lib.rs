//! Starts, watches and ends fleets of Blender processes.
//!
//! A [`LaunchDescription`] (the keys of `launch.json`) says what to run; [`Fleet::start`] finds a
//! Blender, gives every instance its socket addresses and seed, starts the processes and watches
//! them. Whatever ends the program that holds the [`Fleet`], `kill -9` included, ends the instances.
//!
//! This crate owns processes and addresses; what a Blender is and where one is found is
//! `blendtorch-blender`'s. It must never decode what the instances send: a consumer takes the addresses of a [`LaunchInfo`] and connects.
//!
//! ```no_run
//! use blendtorch_launcher::{Fleet, FleetOptions, LaunchDescription};
//!
//! # fn main() -> Result<(), blendtorch_launcher::LaunchError> {
//! let description = LaunchDescription {
//!     script: "cube.blend.py".into(),
//!     num_instances: 2,
//!     named_sockets: vec!["DATA".into()],
//!     background: true,
//!     ..LaunchDescription::default()
//! };
//! let fleet = Fleet::start(&description, FleetOptions::default())?;
//! println!("connect to {:?}", fleet.launch_info().addresses["DATA"]);
//! fleet.wait();
//! # Ok(())
//! # }
//! ```

mod addresses;
pub mod alive;
mod board;
mod command;
mod description;
mod error;
mod fleet;
mod head;
pub mod host;
mod hosts;
mod info;
mod placement;
mod program;
mod sealed;
pub mod slurm;
mod usage;

pub use addresses::AddressError;
pub use board::{Heard, InstanceState, InstanceStatus, News};
pub use description::{DescriptionError, LaunchDescription, Memory, Restart};
pub use error::LaunchError;
pub use fleet::{Fleet, FleetOptions, Output, Stopper};
#[cfg(feature = "simulated")]
pub use hosts::simulated;
pub use hosts::{
    HEAD, HEAD_KEY, HostEnd, HostOptions, JobError, JobRecord, Join, JoinError, ask_job, serve_host,
};
pub use info::{InfoError, LaunchInfo};
pub use placement::{HostsSettings, Where, host_program};
pub use program::{
    Caught, LaunchArguments, Signals, SlurmArguments, launch, launch_program, main_launch,
};
pub use slurm::SlurmSettings;

pub use blendtorch_blender::{Blender, DiscoverError, Runtime, Version};
