//! What is measured, and how: the command line.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// What is measured, and how.
#[derive(Args)]
pub(crate) struct Options {
    /// A Python with torch, pyzmq, matplotlib and blendtorch.
    #[arg(long, default_value = "python3")]
    pub(crate) python: PathBuf,
    /// Folder for bench.json, bench.png and machine.json.
    #[arg(long, default_value = "out")]
    pub(crate) out: PathBuf,
    /// How often each case is run; 3, or 1 of a quick run.
    #[arg(long)]
    pub(crate) rounds: Option<usize>,
    /// Leave out all but these, e.g. `throughput,latency`.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub(crate) only: Vec<Part>,
    /// VisionSim's environment, as `make peers` makes it; without it, fleets are beside a bare loop
    /// alone.
    #[arg(long)]
    pub(crate) visionsim: Option<PathBuf>,
    /// A smoke test: fewer cases of streaming, a tenth of the data.
    #[arg(long)]
    pub(crate) quick: bool,
}

impl Options {
    pub(crate) fn rounds(&self) -> usize {
        let default = if self.quick { 1 } else { 3 };
        self.rounds.unwrap_or(default).max(1)
    }

    pub(crate) fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// Images into batches, and the processor time of it.
    Throughput,
    /// One image from a producer into a batch.
    Latency,
    /// Peak memory of a consumer.
    Memory,
    /// A launch of four instances.
    Launch,
    /// What it costs an instance to be seen and asked.
    Control,
    /// A recording into batches.
    Replay,
    /// Steps of environments.
    Env,
    /// Drawing the 3D view.
    Render,
    /// Images of Blenders that render, into batches.
    Scenes,
    /// Images into a batch in another form.
    Convert,
    /// Frames into files.
    Write,
    /// Animations to disk, with their passes.
    Fleet,
}
