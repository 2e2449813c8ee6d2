//! Under Slurm: a job of as many elements as nodes are wanted, each of which becomes a host; or, in a
//! job that is there already, a step on each of its nodes.
//!
//! Owns what follows from an element's state: whether its host is gone, and whether another one is
//! asked for. Slurm itself places, requeues and limits.

mod afterwards;
mod elements;
mod job;
mod program;

use super::{HostsSettings, Placement, by_command, enough_places};
use crate::description::problem;
use crate::slurm::{SlurmSettings, nodes_of_allocation};
use crate::{Fleet, FleetOptions, LaunchDescription, LaunchError};
use job::Job;

/// The program that an element becomes.
pub use program::host_program;

/// Under Slurm.
#[derive(Debug)]
pub(super) struct UnderSlurm(pub(super) SlurmSettings);

impl Placement for UnderSlurm {
    fn start(
        self: Box<Self>,
        description: LaunchDescription,
        options: FleetOptions,
    ) -> Result<Fleet, LaunchError> {
        let Self(settings) = *self;
        if description.proto == "ipc" {
            let error = problem(
                Some("proto"),
                "\"ipc\" reaches no other host".into(),
                "write \"tcp\", or leave the key out",
            );
            return Err(error.in_file(description.file.as_deref()).into());
        }
        let program = host_program()?;
        let inside = std::env::var_os("SLURM_JOB_ID").is_some_and(|job| !job.is_empty());
        if inside {
            let steps = steps(&settings, &program)?;
            return Box::new(by_command::OnHosts(steps)).start(description, options);
        }
        let each = settings
            .tasks_per_node
            .unwrap_or_else(|| description.num_instances.div_ceil(settings.nodes));
        enough_places(&description, (settings.nodes, each), "slurm.tasks_per_node")?;
        // A node more than there are shares would wait for nothing.
        let nodes = settings.nodes.min(description.num_instances.div_ceil(each));
        let head_address = settings.head_address.clone();
        let job = Job::new(settings, (nodes, each), &description, program);
        Fleet::gather(description, Box::new(job), (each, head_address), options)
    }
}

/// In a job that is there already: a step on each of its nodes.
fn steps(settings: &SlurmSettings, program: &[String]) -> Result<HostsSettings, LaunchError> {
    // What the job has is shared by its steps: a training program may be another one.
    let srun = [
        "srun",
        "--nodes=1",
        "--ntasks=1",
        "--overlap",
        "--quiet",
        "--export=ALL",
        "--nodelist={host}",
    ];
    let mut command: Vec<_> = srun.map(str::to_owned).to_vec();
    command.extend_from_slice(program);
    command.push("--stdin".into());
    Ok(HostsSettings {
        names: nodes_of_allocation()?,
        command,
        instances_per_host: settings.tasks_per_node,
        head_address: settings.head_address.clone(),
    })
}
