//! Starts, watches and ends fleets of Blender processes.
//!
//! A [`LaunchDescription`] (the keys of `launch.json`) says what to run; [`Fleet::start`] finds a
//! Blender, gives every instance its socket addresses and seed, starts the processes and watches
//! them. Whatever ends the program that holds the [`Fleet`], `kill -9` included, ends the instances.
//!
//! This crate owns processes, addresses and the set-up of the managed Blender. It must never decode
//! what the instances send: a consumer takes the addresses of a [`LaunchInfo`] and connects.
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
mod cli;
mod command;
mod description;
mod discover;
mod display;
mod doctor;
mod error;
mod fleet;
mod info;
mod lifeline;
mod managed;
mod memory;
mod noise;
mod opening;
mod package;
mod probe;
mod setup;

pub use addresses::AddressError;
pub use cli::{main_blendtorch, main_launch};
pub use description::{DescriptionError, LaunchDescription};
pub use discover::{Blender, DiscoverError, Runtime, Version, discover};
pub use doctor::{Check, Health, doctor};
pub use error::LaunchError;
pub use fleet::{Fleet, FleetOptions, FleetWatch, InstanceState, InstanceStatus, Output, Stopper};
pub use info::{InfoError, LaunchInfo};
pub use managed::{DEFAULT_BPY_VERSION, cache_folder};
pub use setup::{SetupError, SetupOptions, setup};
