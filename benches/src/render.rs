//! `OffScreenRenderer.render()` beside drawing and reading back alone, in the managed Blender.

use crate::case::Children;
use anyhow::{Context, Result};
use blendtorch_launcher::discover;
use serde::Deserialize;
use std::path::Path;
use std::process::Command;

/// What one run of the script measured, frames of both kinds alternating.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Rendered {
    pub(crate) render: Time,
    pub(crate) draw_and_read: Time,
}

/// Of one frame.
#[derive(Clone, Copy, Debug, Deserialize)]
pub(crate) struct Time {
    pub(crate) median_ms: f64,
}

pub(crate) fn run() -> Result<Rendered> {
    let blender = discover(Some(Path::new("bpy")))?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("offscreen.blend.py");
    let mut command = Command::new(&blender.path);
    command
        .args([
            "-P",
            "-m",
            "blendtorch.bpy_main",
            "--background",
            "--python",
        ])
        .arg(script)
        .args(["--", "--frames", "100"])
        .env("LP_NUM_THREADS", "1");
    let mut children = Children::default();
    children.spawn(command)?;
    children.wait()?.pop().context("nothing was measured")
}
