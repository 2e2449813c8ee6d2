//! From the launch of four instances to the first item of each, beside the time in which as many
//! processes that do nothing but `import bpy` come and go.

use crate::rounds::interleave;
use crate::row::{Goal, Row};
use anyhow::{Context, Result, ensure};
use blendtorch_blender::{Runtime, discover};
use blendtorch_launcher::{Fleet, FleetOptions, LaunchDescription, Output};
use btt::{DatasetOptions, RemoteIterableDataset};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Instances of a launch.
const INSTANCES: usize = 4;

pub(crate) fn rows(rounds: usize) -> Result<Vec<Row>> {
    first_items().context("launch")?; // The files are in memory from now on, for both.
    let measured = interleave(
        &["import bpy", "launch"],
        rounds,
        str::to_owned,
        |way| match way {
            "launch" => first_items(),
            _ => bare_imports(),
        },
    )?;
    let name = format!("{INSTANCES} instances to first items (bare import bpy)");
    let row = Row::new(name, "s", &measured[1], &measured[0], |seconds| *seconds);
    Ok(vec![row.goal(Goal::AtMost(1.5))])
}

/// Seconds from before the launch until every instance has sent an item. The Blender is known from
/// an earlier launch.
fn first_items() -> Result<f64> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("empty.blend.py");
    let description = LaunchDescription {
        script,
        num_instances: INSTANCES,
        named_sockets: vec!["DATA".into()],
        proto: "ipc".into(),
        background: true,
        blender: Some("bpy".into()),
        ..LaunchDescription::default()
    };
    let options = FleetOptions {
        output: Output::Silence,
        ..FleetOptions::default()
    };
    let start = Instant::now();
    let fleet = Fleet::start(&description, options)?;
    let mut dataset = RemoteIterableDataset::connect(
        &fleet.launch_info().addresses["DATA"],
        DatasetOptions {
            timeout: Duration::from_secs(120),
            ..DatasetOptions::default()
        },
    )?;
    let mut seen = BTreeSet::new();
    while seen.len() < INSTANCES {
        let item = dataset
            .next()
            .context("an instance ended without an item")??;
        seen.insert(item.header.btid);
    }
    let seconds = start.elapsed().as_secs_f64();
    drop(dataset); // else the instances would linger for it
    fleet.wait();
    Ok(seconds)
}

/// Seconds in which as many bare processes import bpy at once.
fn bare_imports() -> Result<f64> {
    let blender = discover(Some(Path::new("bpy")))?;
    ensure!(blender.runtime == Runtime::Module, "{blender:?}");
    let start = Instant::now();
    let import = || {
        let mut command = Command::new(&blender.path);
        command
            .args(["-P", "-c", "import bpy"])
            .stdin(Stdio::null());
        command.spawn()
    };
    let children: Vec<_> = (0..INSTANCES).map(|_| import()).collect();
    for child in children {
        ensure!(child?.wait()?.success(), "import bpy failed");
    }
    Ok(start.elapsed().as_secs_f64())
}
