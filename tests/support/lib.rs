//! End-to-end tests of blendtorch on real Blender, real sockets, real processes.
//!
//! This library is what the tests share: fleets of the example scenes, the built program, and
//! looks at processes. The tests are in a folder for each room, as the crates are. A test that lacks
//! Blender or the program fails with the line that mends it.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic is how a test fails"
)]

mod processes;
mod program;

pub use processes::{Marked, eventually, has_ended, kill};
pub use program::Program;

use blendtorch_launcher::{Fleet, FleetOptions, LaunchDescription};
use btt::{DatasetOptions, RemoteIterableDataset};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Against hangs only: the first frame of a busy machine without a GPU may take a minute.
pub const HANG: Duration = Duration::from_secs(120);

/// Size of the images that the tests ask for, in pixels.
pub const WIDTH: usize = 160;
/// See [`WIDTH`].
pub const HEIGHT: usize = 120;

/// Lets one test at a time start Blenders: a small machine has no room for more.
pub fn one_fleet_at_a_time() -> MutexGuard<'static, ()> {
    static ONE: Mutex<()> = Mutex::new(());
    ONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The scene script of a cube that turns and moves, with its eight corners.
#[must_use]
pub fn cube() -> PathBuf {
    concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../examples/datagen/cube.blend.py"
    )
    .into()
}

/// Instances of the cube with small images, each with the further arguments `more`. Their
/// addresses are ipc: no other program has them, or takes them.
#[must_use]
pub fn cubes(instances: usize, more: &[&str]) -> LaunchDescription {
    let (width, height) = (WIDTH.to_string(), HEIGHT.to_string());
    let arguments = ["--width", &width, "--height", &height];
    let arguments = arguments.iter().chain(more).map(ToString::to_string);
    LaunchDescription {
        script: cube(),
        num_instances: instances,
        named_sockets: vec!["DATA".into()],
        instance_args: vec![arguments.collect(); instances],
        proto: "ipc".into(),
        seed: Some(10),
        background: true,
        ..LaunchDescription::default()
    }
}

/// Starts them; without a Blender it fails with the remedy.
#[must_use]
pub fn start(description: &LaunchDescription) -> Fleet {
    Fleet::start(description, FleetOptions::default()).unwrap_or_else(|error| panic!("{error}"))
}

/// A patient dataset of `addresses`.
#[must_use]
pub fn dataset(addresses: &[String]) -> RemoteIterableDataset {
    let options = DatasetOptions {
        timeout: HANG,
        ..DatasetOptions::default()
    };
    RemoteIterableDataset::connect(addresses, options).unwrap()
}

/// A patient dataset of a fleet.
#[must_use]
pub fn dataset_of(fleet: &Fleet) -> RemoteIterableDataset {
    dataset(&fleet.launch_info().addresses["DATA"])
}
