//! `OffScreenRenderer.render()` beside drawing and reading back alone, in the managed Blender.

use crate::children::Children;
use crate::rounds::interleave;
use crate::row::{Goal, Row};
use anyhow::{Context, Result};
use blendtorch_blender::discover;
use serde::Deserialize;
use std::path::Path;
use std::process::Command;

/// What one run of the script measured, frames of both kinds alternating.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Rendered {
    render: Time,
    draw_and_read: Time,
}

/// Of one frame.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Time {
    median_ms: f64,
}

pub(crate) fn rows(rounds: usize) -> Result<Vec<Row>> {
    let name = |()| "OffScreenRenderer".to_owned();
    let measured = interleave(&[()], rounds, name, |()| run())?;
    let of = |time: fn(&Rendered) -> Time| {
        let times = measured[0].iter().map(time);
        times.map(|time| time.median_ms).collect::<Vec<_>>()
    };
    let (ours, bare) = (of(|r| r.render), of(|r| r.draw_and_read));
    let name = "OffScreenRenderer, 640×480 SOLID (draw and read back)";
    let row = Row::new(name, "ms", &ours, &bare, |ms| *ms);
    Ok(vec![row.goal(Goal::TimesAtMost(1.15))])
}

fn run() -> Result<Rendered> {
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
        .env("LP_NUM_THREADS", "0");
    let mut children = Children::default();
    children.spawn(command)?;
    children.wait()?.pop().context("nothing was measured")
}
