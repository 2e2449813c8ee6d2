//! Everything that blendtorch promises to be fast, beside its baseline: streaming of images into
//! batches (throughput, processor time, latency, memory), replay, environments, drawing, Blenders that
//! render and publish, conversion, frames to disk, launches and animations rendered by a fleet.
//!
//! Every round runs each case once, so that a machine that grows busy slows all of them alike;
//! medians and spread are over rounds, ratios are between cases of the same round. Producers and
//! consumer are processes of their own. Speed is reported here and asserted nowhere.

mod children;
mod control;
mod convert;
mod env;
mod fleet;
mod launch;
mod machine;
mod options;
mod render;
mod replay;
mod report;
mod rounds;
mod row;
mod scenes;
mod stream;
mod table;
mod usage;
mod write;

use anyhow::Result;
use clap::{Parser, Subcommand};
use options::Options;

/// Measures beside the original's way; prints a table and writes bench.json and bench.png.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    options: Options,
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
