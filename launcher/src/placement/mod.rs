//! Where the instances of a fleet run: on this host, on hosts that a command reaches, or under Slurm.
//!
//! Owns the choice, and how hosts are got and given back. It must never know what an instance does:
//! that is between the fleet here and those of the hosts ([`hosts`](crate::hosts)).

mod by_command;
mod described;
mod here;
mod slurm;

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

    /// Gives all of them back; a second time does nothing.
    fn end(&mut self);
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
    /// None will come any more.
    Over(String),
}
