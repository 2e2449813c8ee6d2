//! `blendtorch-launch`: starts a fleet, writes its launch info, and says how each instance ended.
//!
//! Owns what the user of the program sees. It must never swallow an instance's failure.

use std::path::Path;
use std::time::Duration;

use blendtorch_channels::control::FleetClient;

use super::signals::Signals;
use super::{LaunchArguments, say};
use crate::{Fleet, FleetOptions, InstanceStatus, LaunchDescription, LaunchError, Where};

/// Runs a launch to its end, and gives the exit code of the program.
pub fn launch(arguments: &LaunchArguments) -> u8 {
    if let Some(whose) = belongs_to(&arguments.out_launch_info) {
        return failed(&whose);
    }
    // Before there is a fleet: a job that is being submitted is to be cancelled too.
    let early = arguments.slurm.slurm.then(|| Signals::listen(say));
    let fleet = LaunchDescription::from_file(&arguments.description)
        .map_err(LaunchError::from)
        .and_then(|mut description| {
            description.log_dir = arguments.log_dir.clone().or(description.log_dir);
            let options = FleetOptions {
                place: arguments.place(),
                ..FleetOptions::default()
            };
            let asked = arguments.slurm.settings(description.slurm.as_ref());
            description.slurm = asked.or(description.slurm);
            Fleet::start(&description, options)
        });
    let fleet = match fleet {
        Ok(fleet) => fleet,
        Err(error) => return failed(&error.to_string()),
    };
    let signals = match early.unwrap_or_else(|| Signals::listen(say)) {
        Ok(signals) => signals,
        Err(error) => return failed(&format!("signals cannot be handled: {error}")),
    };
    signals.stops(fleet.stopper());
    for warning in fleet.warnings() {
        say(&format!("warning: {warning}"));
    }
    if let Err(error) = fleet.save_launch_info(&arguments.out_launch_info) {
        return failed(&error.to_string());
    }
    let statuses = fleet.status();
    let file = arguments.out_launch_info.display();
    match fleet.blender().filter(|_| !fleet.is_far()) {
        Some(blender) => say(&format!(
            "{} of Blender {} started ({}); launch info in {file}",
            counted(statuses.len()),
            blender.version,
            blender.path.display(),
        )),
        None => say(&format!(
            "{} wait for hosts; launch info in {file} as soon as the first is up",
            counted(statuses.len()),
        )),
    }
    watch(&fleet, &statuses);
    let statuses = fleet.status();
    let failure = fleet.failure();
    drop(fleet);
    match signals.exit_code() {
        Some(code) => {
            let before = failures(&statuses).map(|why| format!(", after {why}"));
            let ended = counted(statuses.len());
            say(&format!(
                "stopped; {ended} ended{}",
                before.unwrap_or_default()
            ));
            code
        }
        None => verdict(&statuses, failure),
    }
}

impl LaunchArguments {
    fn place(&self) -> Where {
        match (self.slurm.slurm, self.here) {
            (true, _) => Where::Slurm,
            (false, true) => Where::Here,
            (false, false) => Where::AsDescribed,
        }
    }
}

/// What is wrong with a launch info's path where it is that of a fleet that runs: its consumers would
/// be led to another one.
fn belongs_to(path: &Path) -> Option<String> {
    let mut client = FleetClient::of_launch_info(path).ok()?;
    let running = client.status(false).ok()?;
    Some(format!(
        "launch info {}: it is that of a fleet that runs, whose launcher is process {}; end that one, or \
         give another file with --out-launch-info",
        path.display(),
        running.launcher
    ))
}

/// Waits for the end of all, and says of each that fails that it has while the others go on.
fn watch(fleet: &Fleet, at_first: &[InstanceStatus]) {
    let mut told = vec![false; at_first.len()];
    loop {
        let all_ended = fleet.wait_timeout(Duration::from_millis(200));
        fleet.notices().iter().for_each(|notice| say(notice));
        let statuses = fleet.status();
        let running = statuses.iter().filter(|status| status.is_alive()).count();
        for status in &statuses {
            if status.failed() && !told[status.index] {
                told[status.index] = true;
                if running > 0 {
                    say(&format!("{}; {} still running", status.summary(), running));
                }
            }
        }
        if all_ended {
            return;
        }
    }
}

/// The last line: whether all went well, and if not, which failed and why.
fn verdict(statuses: &[InstanceStatus], failure: Option<String>) -> u8 {
    let each = failures(statuses);
    match failure
        .into_iter()
        .chain(each)
        .reduce(|a, b| format!("{a}; {b}"))
    {
        None => {
            say(&format!("{} ended", counted(statuses.len())));
            0
        }
        Some(why) => failed(&why),
    }
}

fn failures(statuses: &[InstanceStatus]) -> Option<String> {
    let failures: Vec<_> = statuses.iter().filter(|status| status.failed()).collect();
    let each: Vec<_> = failures.iter().map(|status| status.summary()).collect();
    let of = counted(statuses.len());
    let all = format!("{} of {of} failed: {}", failures.len(), each.join("; "));
    (!failures.is_empty()).then_some(all)
}

fn counted(n: usize) -> String {
    format!("{n} instance{}", if n == 1 { "" } else { "s" })
}

fn failed(line: &str) -> u8 {
    say(&format!("error: {line}"));
    1
}
