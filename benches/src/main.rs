//! Everything that blendtorch promises to be fast, beside its baseline: streaming of images into
//! batches (throughput, processor time, latency, memory), replay, environments, drawing, Blenders that
//! render and publish, conversion and launches.
//!
//! Every round runs each case once, so that a machine that grows busy slows all of them alike;
//! medians and spread are over rounds, ratios are between cases of the same round. Producers and
//! consumer are processes of their own. Speed is reported here and asserted nowhere.

mod children;
mod convert;
mod env;
mod launch;
mod machine;
mod render;
mod replay;
mod report;
mod rounds;
mod row;
mod scenes;
mod stream;
mod table;
mod usage;

use anyhow::Result;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Measures beside the original's way; prints a table and writes bench.json and bench.png.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    options: Options,
}

/// What is measured, and how.
#[derive(Args)]
struct Options {
    /// A Python with torch, pyzmq, matplotlib and blendtorch.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Folder for bench.json, bench.png and machine.json.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// How often each case is run; 3, or 1 of a quick run.
    #[arg(long)]
    rounds: Option<usize>,
    /// Leave out all but these, e.g. `throughput,latency`.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Part>,
    /// A smoke test: fewer cases of streaming, a tenth of the data.
    #[arg(long)]
    quick: bool,
}

impl Options {
    fn rounds(&self) -> usize {
        let default = if self.quick { 1 } else { 3 };
        self.rounds.unwrap_or(default).max(1)
    }

    fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Images into batches, and the processor time of it.
    Throughput,
    /// One image from a producer into a batch.
    Latency,
    /// Peak memory of a consumer.
    Memory,
    /// A launch of four instances.
    Launch,
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
}

/// What the processes of a case do; not for users.
#[derive(Subcommand)]
enum Role {
    #[command(hide = true)]
    Producer(stream::Producer),
    #[command(hide = true)]
    Consumer(stream::Consumer),
    #[command(hide = true)]
    Replayer(replay::Replayer),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.role {
        Some(Role::Producer(producer)) => producer.run(),
        Some(Role::Consumer(consumer)) => consumer.run(),
        Some(Role::Replayer(replayer)) => replayer.run(),
        None => report::measure(&cli.options),
    }
}
