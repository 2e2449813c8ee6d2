//! What can go wrong with Slurm's commands.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::JobId;
use crate::DescriptionError;

/// Why Slurm could not be used, or would not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SlurmError {
    /// A command is missing, or there is no cluster that it belongs to.
    #[error(
        "no Slurm here: {problem}; run this where `sbatch` works (a login node or a node of the \
         cluster), or leave --slurm out"
    )]
    NotHere {
        /// What was looked for, and what was found instead.
        problem: String,
    },
    /// Its version is older than any we know.
    #[error(
        "this Slurm is {found}, and 22.05 is the oldest that blendtorch knows; use a newer one, or \
         start `blendtorch host` on each node by a command"
    )]
    TooOld {
        /// Its version, in its own words.
        found: String,
    },
    /// Slurm did not take the job, or no node of it can ever run it.
    #[error("{}Slurm refuses the job: {said}; {remedy}", key.map(|key| format!("key \"slurm.{key}\": ")).unwrap_or_default())]
    Refused {
        /// The key of `slurm` that it is about, where its words say so.
        key: Option<&'static str>,
        /// Slurm's own words.
        said: String,
        /// What to do about it.
        remedy: String,
    },
    /// A value that Slurm is not asked with.
    #[error(transparent)]
    Settings(#[from] DescriptionError),
    /// slurmctld did not answer, or not in time.
    #[error(
        "Slurm does not answer: `{command}` said {said:?} after {waited:.0?}; try again when \
         `sinfo` answers"
    )]
    Silent {
        /// The command, without its arguments.
        command: &'static str,
        /// How long it was waited for.
        waited: Duration,
        /// Its last words.
        said: String,
    },
    /// A command failed otherwise.
    #[error("`{command}` failed: {said}")]
    Failed {
        /// The command and its arguments.
        command: String,
        /// What it said.
        said: String,
    },
    /// A command could not be run.
    #[error("`{command}` could not be run: {source}")]
    Run {
        /// The program.
        command: String,
        /// What the system said.
        source: io::Error,
    },
    /// A command's words are not what they are in any version that we know.
    #[error("`{command}` said what blendtorch does not understand: {said:?}")]
    Unreadable {
        /// The command.
        command: &'static str,
        /// What it said.
        said: String,
    },
    /// The folder that the job writes its logs to cannot be made.
    #[error("the folder for logs cannot be made: {}: {source}; name one that all nodes share", path.display())]
    LogFolder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no such job, and it was not looked at while there was.
    #[error(
        "Slurm knows no job {job}: it never was, or it ended some time ago (minutes, after which \
         `squeue` forgets a job)"
    )]
    Unknown {
        /// The job.
        job: JobId,
    },
    /// This program runs in no job.
    #[error(
        "this program runs in no Slurm job (SLURM_JOB_NODELIST is not set); start it with `sbatch` \
         or `salloc`"
    )]
    NoAllocation,
}
