//! Starts the share that the head gave as a fleet of this machine.
//!
//! Owns what differs from home: paths are the head's, the script may come along as text, the
//! instances' numbers and lives go on where they were.

use std::net::IpAddr;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use indexmap::IndexMap;

use crate::board::Heard;
use crate::fleet::{Beginning, Line, Output, Part};
use crate::host::cores;
use crate::hosts::words::{Placed, Share};
use crate::placement::Where;
use crate::{AddressError, Fleet, FleetOptions, LaunchDescription, LaunchError, Runtime};

/// The variable that says how many threads a Blender of this machine's part has to render with.
const THREADS: &str = "BLENDTORCH_THREADS";
/// With one thread Cycles waits busily.
const FEWEST_THREADS: usize = 2;

/// How long ports may take to be free, and how often it is looked.
const FREE_WITHIN: Duration = Duration::from_secs(10);
const LOOK: Duration = Duration::from_millis(250);

/// What runs here.
pub(super) struct Running {
    pub(super) fleet: Fleet,
    pub(super) placed: Placed,
    /// The script lies in it, where it came along.
    _folder: Option<tempfile::TempDir>,
}

/// Starts it. What an earlier host of this machine has started may be ending: its ports are waited for.
fn start_when_free(
    description: &LaunchDescription,
    part: &Part,
    options: &FleetOptions,
) -> Result<Fleet, String> {
    let deadline = Instant::now() + FREE_WITHIN;
    loop {
        match Fleet::start_part(description, part.clone(), options.clone()) {
            Err(LaunchError::Address {
                error: AddressError::Occupied { .. },
                ..
            }) if Instant::now() < deadline => std::thread::sleep(LOOK),
            started => return started.map_err(|error| error.to_string()),
        }
    }
}

/// Starts it; why it cannot run here. It blocks.
pub(super) fn start(
    share: Share,
    ip: IpAddr,
    listener: mpsc::Sender<Heard>,
    lines: Option<tokio::sync::mpsc::Sender<Line>>,
) -> Result<Running, String> {
    let mut description = share.description;
    let mut folder = None;
    if let Some(text) = share.script {
        let made = tempfile::Builder::new()
            .prefix("blendtorch-script-")
            .tempdir()
            .map_err(|error| format!("no temporary folder can be made: {error}"))?;
        let name = description
            .script
            .file_name()
            .unwrap_or("script.py".as_ref());
        description.script = made.path().join(name);
        std::fs::write(&description.script, text)
            .map_err(|error| format!("the script cannot be written: {error}"))?;
        folder = Some(made);
    }
    // Where instances run is decided; what they print goes to the head, which keeps the logs.
    description.hosts = None;
    description.slurm = None;
    description.log_dir = None;
    let threads = (cores() / share.instances.len().max(1)).max(FEWEST_THREADS);
    if std::env::var_os(THREADS).is_none() {
        let threads = || threads.to_string();
        description
            .env
            .entry(THREADS.to_owned())
            .or_insert_with(threads);
    }
    let quiet = lines.is_none();
    let part = Part {
        instances: share
            .instances
            .iter()
            .map(|one| Beginning {
                index: one.index,
                life: one.life,
                resume: one.resume,
            })
            .collect(),
        seed: share.seed,
        ip,
        listener,
        lines,
    };
    let options = FleetOptions {
        output: if quiet {
            Output::Silence
        } else {
            Output::Forward
        },
        grace: Duration::try_from_secs_f64(share.grace).unwrap_or_default(),
        remember: share.remember,
        gives_up: share.gives_up,
        carries_script: false,
        place: Where::Here,
    };
    let fleet = start_when_free(&description, &part, &options)?;
    let info = fleet.launch_info();
    let of = |all: &Vec<String>| -> Vec<String> {
        let each = share.instances.iter();
        each.filter_map(|one| all.get(one.index).cloned()).collect()
    };
    let blender = fleet.blender();
    let addresses: IndexMap<_, _> = info
        .addresses
        .iter()
        .map(|(name, all)| (name.clone(), of(all)))
        .collect();
    let placed = Placed {
        addresses,
        commands: of(&info.commands),
        blender: blender
            .as_ref()
            .map(|blender| blender.version.to_string())
            .unwrap_or_default(),
        path: blender
            .as_ref()
            .map(|blender| blender.path.display().to_string())
            .unwrap_or_default(),
        module: blender.is_some_and(|blender| blender.runtime == Runtime::Module),
        warnings: fleet.warnings().to_vec(),
    };
    Ok(Running {
        fleet,
        placed,
        _folder: folder,
    })
}
