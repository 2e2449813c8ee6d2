//! Throughput of streaming 640×480×4 images into batches of 8, and of replaying them from a
//! recording, beside the original's way, the time from a launch to the first items, and images of
//! Blenders beside what those render alone.
//!
//! Every round runs each case once, so that a machine that grows busy slows all of them alike;
//! medians and spread are over rounds, ratios are between cases of the same round. Producers and
//! consumer are processes of their own. Speed is reported here and asserted nowhere.

mod case;
mod convert;
mod env;
mod in_place;
mod launch;
mod render;
mod replay;
mod report;
mod roles;
mod scenes;

use anyhow::Result;
use clap::{Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Measures throughput beside the original's way; prints a table and writes bench.json.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    /// A Python with torch, pyzmq and blendtorch.
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Folder for bench.json.
    #[arg(long, default_value = "out")]
    out: PathBuf,
    /// How often each case is run.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Leave out all but these.
    #[arg(long, value_enum)]
    only: Option<Part>,
}

/// What can be measured by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Part {
    /// Images into batches.
    Throughput,
    /// Images written in place, into batches; part of the throughput.
    InPlace,
    /// A launch of four instances.
    Launch,
    /// A recording into batches.
    Replay,
    /// Steps of environments.
    Env,
    /// Drawing the 3D view.
    Render,
    /// Images of Blenders, into batches.
    Scenes,
    /// Images into a batch in another form.
    Convert,
}

/// What the processes of a case do; not for users.
#[derive(Subcommand)]
enum Role {
    #[command(hide = true)]
    Producer(roles::Producer),
    #[command(hide = true)]
    Consumer(roles::Consumer),
    #[command(hide = true)]
    Replayer(replay::Replayer),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.role {
        Some(Role::Producer(producer)) => producer.run(),
        Some(Role::Consumer(consumer)) => consumer.run(),
        Some(Role::Replayer(replayer)) => replayer.run(),
        None => report::measure(&cli.python, &cli.out, cli.rounds, cli.only),
    }
}
