//! The options by which programs take a job to Slurm: those of the key `slurm`, for the command line.

use clap::Args;

use crate::slurm::{SlurmSettings, TimeLimit};

/// Under Slurm. What is on the command line goes before the key `slurm` of the file.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Under Slurm")]
pub struct SlurmArguments {
    /// Run on nodes of this cluster: submits a job for them, or takes those of the job it runs in
    #[arg(long)]
    pub slurm: bool,
    /// How many nodes
    #[arg(long, value_name = "N", requires = "slurm")]
    pub nodes: Option<usize>,
    /// How many Blenders on each
    #[arg(long, value_name = "N", requires = "slurm")]
    pub tasks_per_node: Option<usize>,
    /// Cores for each Blender
    #[arg(long, value_name = "N", requires = "slurm")]
    pub cpus_per_task: Option<usize>,
    /// Which partition
    #[arg(long, value_name = "NAME", requires = "slurm")]
    pub partition: Option<String>,
    /// Which account pays
    #[arg(long, value_name = "NAME", requires = "slurm")]
    pub account: Option<String>,
    /// How long a node is wanted: HH:MM:SS, or minutes
    #[arg(long, value_name = "TIME", requires = "slurm")]
    pub time: Option<TimeLimit>,
    /// Generic resources of a node, as gpu:1
    #[arg(long, value_name = "GRES", requires = "slurm")]
    pub gres: Option<String>,
    /// Memory of a node, as 16G
    #[arg(long, value_name = "MEM", requires = "slurm")]
    pub mem: Option<String>,
    /// A quality of service of the site
    #[arg(long, value_name = "NAME", requires = "slurm")]
    pub qos: Option<String>,
    /// The address of this machine by which nodes reach it
    #[arg(long, value_name = "ADDRESS", requires = "slurm")]
    pub head_address: Option<String>,
    /// A further option of sbatch, as --sbatch=--constraint=a100; may be said several times
    #[arg(
        long = "sbatch",
        value_name = "OPTION",
        requires = "slurm",
        allow_hyphen_values = true
    )]
    pub extra: Vec<String>,
}

impl SlurmArguments {
    /// What Slurm is asked for: the file's, with what is said here; none where Slurm is not wanted.
    #[must_use]
    pub fn settings(&self, file: Option<&SlurmSettings>) -> Option<SlurmSettings> {
        if !self.slurm {
            return None;
        }
        let mut all = file.cloned().unwrap_or_default();
        fn over<T: Clone>(to: &mut Option<T>, said: &Option<T>) {
            if said.is_some() {
                to.clone_from(said);
            }
        }
        all.nodes = self.nodes.unwrap_or(all.nodes);
        over(&mut all.tasks_per_node, &self.tasks_per_node);
        over(&mut all.cpus_per_task, &self.cpus_per_task);
        over(&mut all.partition, &self.partition);
        over(&mut all.account, &self.account);
        over(&mut all.qos, &self.qos);
        over(&mut all.head_address, &self.head_address);
        over(&mut all.time, &self.time);
        over(&mut all.gres, &self.gres);
        over(&mut all.mem, &self.mem);
        all.extra.extend(self.extra.iter().cloned());
        Some(all)
    }
}
