//! What it costs an instance to be seen and asked: processor time of a frame where a launcher has a
//! page of memory and a line to it, beside the same process started by hand. Nobody speaks.

use crate::rounds::interleave;
use crate::row::{Goal, Row};
use anyhow::{Context, Result, bail};
use blendtorch_blender::discover;
use blendtorch_launcher::{Fleet, FleetOptions, LaunchDescription, Output};
use btt::{DatasetOptions, RemoteIterableDataset, Value};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Width, height and frames: of small pictures a frame is the shortest, and what it costs beside the
/// most.
const SIZES: [(u32, u32, u32); 2] = [(64, 48, 600), (640, 480, 100)];

#[derive(Clone, Copy, Debug)]
struct Case {
    size: (u32, u32, u32),
    launched: bool,
}

pub(crate) fn rows(rounds: usize) -> Result<Vec<Row>> {
    let of = |size| [false, true].map(|launched| Case { size, launched });
    let cases: Vec<_> = SIZES.into_iter().flat_map(of).collect();
    let name = |case: Case| {
        let (width, height, _) = case.size;
        let way = if case.launched { "launched" } else { "by hand" };
        format!("{width}×{height}, {way}")
    };
    let measured = interleave(&cases, rounds, name, run)?;
    let pairs = cases.chunks_exact(2).zip(measured.chunks_exact(2));
    let rows = pairs.map(|(cases, measured)| {
        let (width, height, _) = cases[0].size;
        let name = format!("processor time of a frame, {width}×{height}, launched (by hand)");
        let row = Row::new(name, "ms", &measured[1], &measured[0], |ms| *ms);
        row.goal(Goal::TimesAtMost(1.01))
    });
    Ok(rows.collect())
}

/// Processor milliseconds of a frame.
fn run(case: Case) -> Result<f64> {
    let (width, height, frames) = case.size;
    let arguments = [
        ("--width", width),
        ("--height", height),
        ("--frames", frames),
    ];
    let arguments = arguments.map(|(name, value)| [name.to_owned(), value.to_string()]);
    match case.launched {
        true => launched(arguments.concat()),
        false => by_hand(&arguments.concat()),
    }
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("control.blend.py")
}

fn launched(arguments: Vec<String>) -> Result<f64> {
    let description = LaunchDescription {
        script: script(),
        named_sockets: vec!["DATA".into()],
        proto: "ipc".into(),
        background: true,
        blender: Some("bpy".into()),
        instance_args: vec![arguments],
        ..LaunchDescription::default()
    };
    let options = FleetOptions {
        output: Output::Silence,
        ..FleetOptions::default()
    };
    let fleet = Fleet::start(&description, options)?;
    told(&fleet.launch_info().addresses["DATA"])
}

/// A process that ends with this value.
struct ByHand(Child);

impl Drop for ByHand {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn by_hand(arguments: &[String]) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let address = format!("ipc://{}", folder.path().join("DATA").display());
    let mut command = Command::new(discover(Some(Path::new("bpy")))?.path);
    command
        .args([
            "-P",
            "-m",
            "blendtorch.bpy_main",
            "--background",
            "--python",
        ])
        .arg(script())
        .args(["--", "-btid", "0", "-btseed", "1", "-btsockets"])
        .arg(format!("DATA={address}"))
        .args(arguments)
        .envs([("PYTHONUNBUFFERED", "1"), ("LP_NUM_THREADS", "0")])
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    let _process = ByHand(command.spawn()?);
    told(&[address])
}

/// Takes all, and what is said in the last item.
fn told(addresses: &[String]) -> Result<f64> {
    let options = DatasetOptions {
        timeout: Duration::from_secs(120),
        ..DatasetOptions::default()
    };
    for item in RemoteIterableDataset::connect(addresses, options)? {
        match item?.fields.get("cpu_ms") {
            Some(Value::Float(ms)) => return Ok(*ms),
            Some(other) => bail!("{other:?} is no time"),
            None => {}
        }
    }
    None.context("the instance ended without a time")
}
