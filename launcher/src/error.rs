//! The one error that starting and watching a fleet can end in.

use std::io;
use std::path::PathBuf;

use crate::description::place;
use crate::{AddressError, DescriptionError};
use blendtorch_blender::DiscoverError;

/// Why a fleet could not be started, or is no longer whole.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// The launch description is wrong.
    #[error(transparent)]
    Description(#[from] DescriptionError),
    /// There is no Blender that can run it.
    #[error("{}{error}", place(.file.as_deref(), *.key))]
    Discover {
        /// The launch description's file, where there is one.
        file: Option<PathBuf>,
        /// The key that names a Blender or could; `None` where the environment names it.
        key: Option<&'static str>,
        /// What is wrong.
        error: DiscoverError,
    },
    /// The sockets cannot have the addresses the description asks for.
    #[error("{}{error}", place(.file.as_deref(), Some(.error.key())))]
    Address {
        /// The launch description's file, where there is one.
        file: Option<PathBuf>,
        /// What is wrong.
        error: AddressError,
    },
    /// An instance's process could not be started. Those started before it were ended.
    #[error("instance {instance} could not be started: {program}: {source}")]
    Spawn {
        /// Index of the instance, from 0.
        instance: usize,
        /// The program that was to be run.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// Slurm cannot be used, or refuses.
    #[error(transparent)]
    Slurm(#[from] crate::slurm::SlurmError),
    /// There is no program for other hosts to run.
    #[error(
        "there is no program `blendtorch` beside this one, nor on PATH: hosts run `blendtorch host`; \
         install it, or name it in the variable BLENDTORCH_PROGRAM"
    )]
    NoProgram,
    /// The command that reaches a host could not be started.
    #[error(
        "host {host} cannot be reached: {program}: {source}; install it, or name another in \"hosts.command\""
    )]
    HostCommand {
        /// The host.
        host: String,
        /// The program of the command.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// The supervising thread or the guard process could not be started.
    #[error("the supervision of the instances could not be started ({what}): {source}")]
    Supervision {
        /// The part that failed.
        what: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// [`crate::Fleet::assert_alive`] found instances that have ended.
    #[error("{ended} of {total} instances have ended: {report}")]
    NotAlive {
        /// How many have ended.
        ended: usize,
        /// How many were started.
        total: usize,
        /// Which, why, and the last lines they wrote.
        report: String,
    },
}
