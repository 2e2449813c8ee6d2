//! Where the instances of a fleet run: on this host, on hosts that a command reaches, or under Slurm.
//!
//! Owns the choice, and how hosts are got and given back. It must never know what an instance does:
//! that is between the fleet here and those of the hosts ([`hosts`](crate::hosts)).

mod by_command;
mod described;
mod here;
mod slurm;

use crate::description::problem;
use crate::hosts::Join;
use crate::{Fleet, FleetOptions, LaunchDescription, LaunchError};

pub use described::HostsSettings;
pub use slurm::host_program;

/// Where instances run.
pub(crate) trait Placement {
    /// Starts the fleet there.
    fn start(
        self: Box<Self>,
        description: LaunchDescription,
        options: FleetOptions,
    ) -> Result<Fleet, LaunchError>;
}

/// Where instances are to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Where {
    /// On the hosts of the description, where it names some, or else here.
    #[default]
    AsDescribed,
    /// On this host, whatever it names.
    Here,
    /// Under Slurm, with what the key `slurm` says.
    Slurm,
}

/// Where the description has its instances run.
pub(crate) fn of(description: &LaunchDescription, place: Where) -> Box<dyn Placement> {
    match (place, &description.hosts) {
        (Where::Slurm, _) => {
            let settings = description.slurm.clone().unwrap_or_default();
            Box::new(slurm::UnderSlurm(settings))
        }
        (Where::AsDescribed, Some(settings)) => Box::new(by_command::OnHosts(settings.clone())),
        _ => Box::new(here::Here),
    }
}

/// Who gets hosts, each of which runs `blendtorch host`, and gives them back.
pub(crate) trait Supply: Send {
    /// Asks for them; what is said of it to the user, and by what name the whole is known.
    fn begin(&mut self, join: &Join) -> Result<Begun, LaunchError>;

    /// What has happened since the last look; it may take a while.
    fn look(&mut self) -> Vec<Change>;

    /// A host has come that is known by this.
    fn came(&mut self, slot: &str);

    /// That one cannot be used, and another one at its place could not either.
    fn refused(&mut self, slot: &str);

    /// Gives all of them back; what could not be, for the user. A second time does nothing.
    fn end(&mut self) -> Option<String>;
}

/// Hosts were asked for.
#[derive(Debug, Default)]
pub(crate) struct Begun {
    /// For the user.
    pub(crate) said: String,
    /// The number of a job, by which others find it.
    pub(crate) job: Option<String>,
}

/// What has happened to hosts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Change {
    /// For the user.
    Note(String),
    /// One is gone, for this reason.
    Lost {
        /// Which.
        slot: String,
        /// Why.
        why: String,
    },
    /// Another job was submitted.
    Job(String),
    /// None will come any more.
    Over(String),
}

/// Sees that all instances have a place: so many hosts with so many each.
fn enough_places(
    description: &LaunchDescription,
    (hosts, each): (usize, usize),
    key: &str,
) -> Result<(), LaunchError> {
    let wanted = description.num_instances;
    if hosts.saturating_mul(each) >= wanted {
        return Ok(());
    }
    let error = problem(
        Some(key),
        format!("{hosts} hosts of {each} have no place for {wanted} instances"),
        "write a larger number, name more hosts, or fewer instances in \"num_instances\"",
    );
    Err(error.in_file(description.file.as_deref()).into())
}
