//! Commands of this program that become jobs of Slurm, which nobody here waits for.
//!
//! Owns their command lines. Jobs that a fleet waits for are the launcher's.

use std::path::{Path, PathBuf};

use blendtorch_launcher::host_program;
use blendtorch_launcher::slurm::{JobId, Slurm, SlurmSettings, Submission};

/// A command that is to be a job.
pub(super) struct Command {
    /// What follows the program's name.
    pub(super) arguments: Vec<String>,
    /// What the job is called.
    pub(super) name: &'static str,
    /// Elements of a job array; none is a job of its own.
    pub(super) elements: Option<usize>,
    /// The job that has to end well before.
    pub(super) after: Option<JobId>,
    pub(super) log_dir: Option<PathBuf>,
}

/// Hands it to Slurm: its number, and where it logs.
pub(super) fn submit(
    settings: SlurmSettings,
    command: Command,
) -> Result<(JobId, PathBuf), String> {
    let program = host_program().map_err(|error| error.to_string())?;
    let here = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
    let logs = command.log_dir.unwrap_or_else(|| here.join("slurm-logs"));
    let words = program.into_iter().take(1).chain(command.arguments);
    let submission = Submission {
        tasks: settings.tasks_per_node.unwrap_or(1),
        settings,
        elements: command.elements.unwrap_or(1),
        command: words.collect(),
        env: Vec::new(),
        name: command.name.to_owned(),
        log_folder: logs.clone(),
        workdir: here,
        dependency: command.after.map(|job| format!("afterok:{job}")),
        array: command.elements.is_some(),
    };
    let slurm = Slurm::find().map_err(|error| error.to_string())?;
    let job = slurm
        .submit(&submission)
        .map_err(|error| error.to_string())?;
    Ok((job, logs))
}

/// As nodes see it.
pub(super) fn absolute(path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    path.to_string_lossy().into_owned()
}
