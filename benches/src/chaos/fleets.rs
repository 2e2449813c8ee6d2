//! The fleets that are hurt: producers without a Blender, and Blenders.
//!
//! Owns their descriptions.

use crate::producer;
use anyhow::{Context, Result};
use blendtorch_launcher::{
    Blender, Fleet, FleetOptions, LaunchDescription, Output, Restart, Runtime, Version,
};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

/// How many producers.
pub(crate) const PRODUCERS: usize = 4;
/// How many Blenders.
pub(crate) const BLENDERS: usize = 3;
/// What a producer takes for an image.
pub(crate) const PACE: Duration = Duration::from_millis(5);
/// Seconds without progress after which a producer hangs.
pub(crate) const HANG_AFTER: u64 = 4;

/// The folder with this program's sources, and of the repository.
fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Producers on tcp ports, each life of which writes its book into `folder`.
pub(crate) fn producers(folder: &Path, seed: u64) -> Result<Fleet> {
    let description = LaunchDescription {
        // It stands on the command line and is run by nobody.
        script: here().join("empty.blend.py"),
        num_instances: PRODUCERS,
        named_sockets: vec!["DATA".into()],
        start_port: free_ports(PRODUCERS)?,
        instance_args: vec![producer::arguments(folder, PACE); PRODUCERS],
        background: true,
        restart: Restart::OnAbnormal,
        hang_after: HANG_AFTER,
        seed: Some(seed),
        ..LaunchDescription::default()
    };
    let blender = Blender {
        path: std::env::current_exe()?,
        runtime: Runtime::Program,
        version: Version {
            major: 4,
            minor: 5,
            patch: 0,
        },
    };
    Ok(Fleet::start_on(blender, &description, options())?)
}

/// Blenders with a cube.
pub(crate) fn blenders() -> Result<Fleet> {
    let description = LaunchDescription {
        script: here().join("../examples/datagen/cube.blend.py"),
        num_instances: BLENDERS,
        named_sockets: vec!["DATA".into()],
        proto: "ipc".into(),
        background: true,
        blender: Some("bpy".into()),
        restart: Restart::OnAbnormal,
        ..LaunchDescription::default()
    };
    Ok(Fleet::start(&description, options())?)
}

fn options() -> FleetOptions {
    FleetOptions {
        output: Output::Silence,
        ..FleetOptions::default()
    }
}

/// The first of so many free ports, below those that the kernel gives to others.
fn free_ports(count: usize) -> Result<u16> {
    let count = u16::try_from(count)?;
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    let first = 20_000 + u16::try_from(std::process::id() % 1000)? * 10;
    let mut all = (first..32_000).step_by(10);
    all.find(|first| (*first..first + count).all(free))
        .context("no free ports")
}
