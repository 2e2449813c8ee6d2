//! The Blender instances that render for the training.

use crate::options::{InstanceCount, cores};
use anyhow::{Context, Result};
use blendtorch_launcher::{Fleet, FleetOptions, InstanceStatus, LaunchDescription, Output};
use std::path::Path;

/// Name of the socket that the scene publishes at.
const SOCKET: &str = "DATA";

/// A running fleet and the addresses of its stream.
#[derive(Debug)]
pub(crate) struct Instances {
    fleet: Fleet,
    addresses: Vec<String>,
}

impl Instances {
    /// Starts as many instances as asked for of what `launch` describes.
    pub(crate) fn start(launch: &Path, count: InstanceCount) -> Result<Self> {
        let mut description = LaunchDescription::from_file(launch)?;
        let count = match count {
            InstanceCount::Auto if cores() >= 6 => 4,
            InstanceCount::Auto => 2,
            InstanceCount::Exactly(number) => number,
        };
        // The arguments of the instances in the file, over and over.
        if !description.instance_args.is_empty() {
            let given = std::mem::take(&mut description.instance_args);
            description.instance_args = given.into_iter().cycle().take(count).collect();
        }
        description.num_instances = count;
        let options = FleetOptions {
            output: Output::Silence, // it would break the progress line; failures are told
            ..FleetOptions::default()
        };
        let fleet = Fleet::start(&description, options)?;
        let addresses = fleet.launch_info().addresses.get(SOCKET).cloned();
        let addresses = addresses.with_context(|| {
            format!(
                "{}: key \"named_sockets\": there is no \"{SOCKET}\" to take images from; add it",
                launch.display()
            )
        })?;
        Ok(Self { fleet, addresses })
    }

    /// Where the instances publish.
    pub(crate) fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// How many were started.
    pub(crate) fn count(&self) -> usize {
        self.addresses.len()
    }

    /// How many of them run.
    pub(crate) fn alive(&self) -> usize {
        self.fleet.alive()
    }

    /// Version of the Blender that runs.
    pub(crate) fn version(&self) -> String {
        let blender = self.fleet.blender();
        blender.map_or_else(String::new, |blender| blender.version.to_string())
    }

    /// One line for the start.
    pub(crate) fn describe(&self) -> String {
        let warnings = self.fleet.warnings().iter();
        let warnings: String = warnings.map(|text| format!("\nwarning: {text}")).collect();
        format!(
            "{} instances of Blender {}{warnings}",
            self.count(),
            self.version(),
        )
    }

    /// Those that have ended, in a line each.
    pub(crate) fn ended(&self) -> Vec<(usize, String)> {
        let statuses = self.fleet.status();
        let ended = statuses.iter().filter(|status| !status.is_alive());
        ended
            .map(|status| (status.index, status.summary()))
            .collect()
    }

    /// What every instance said last, for an error.
    pub(crate) fn last_words(&self) -> String {
        let statuses = self.fleet.status();
        let reports: Vec<_> = statuses.iter().map(InstanceStatus::report).collect();
        reports.join("\n")
    }

    /// Ends them all.
    pub(crate) fn stop(&self) {
        self.fleet.stop();
    }
}
