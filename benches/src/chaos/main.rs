//! Kills what can be killed, and counts what came of it: producers that stream, a fleet of Blenders, a
//! launcher, a trainer, both, and Ctrl-C.
//!
//! Unlike the benches beside it this is a check: it ends with 1 where a goal is missed. What was
//! published it knows from files that the producers write themselves, never from what blendtorch says
//! of it.

mod account;
mod consumer;
mod ends;
mod faults;
mod fleets;
mod image;
mod lives;
mod machine;
mod options;
mod processes;
mod producer;
mod report;
mod stand_in;
mod stream;
mod trainer;
mod truth;

use anyhow::Result;
use clap::{Parser, Subcommand};
use options::Options;
use std::process::ExitCode;

/// Kills producers, Blenders, launchers and trainers, and counts; prints a table and writes chaos.json
/// and chaos.png. Ends with 1 where a goal is missed.
#[derive(Parser)]
struct Cli {
    #[command(subcommand)]
    role: Option<Role>,
    #[command(flatten)]
    options: Options,
}

/// What the processes of the check do; not for users.
#[derive(Subcommand)]
enum Role {
    /// The program `blendtorch-launch`, with its arguments.
    #[command(hide = true)]
    Launcher(stand_in::Launcher),
    #[command(hide = true)]
    Trainer(trainer::Trainer),
}

fn main() -> Result<ExitCode> {
    let arguments: Vec<_> = std::env::args().collect();
    // A launcher starts it with the command line of a Blender.
    if producer::is_meant(&arguments) {
        producer::run(&arguments)?;
        return Ok(ExitCode::SUCCESS);
    }
    let cli = Cli::parse();
    match cli.role {
        Some(Role::Launcher(launcher)) => Ok(launcher.run()),
        Some(Role::Trainer(trainer)) => trainer.run().map(|()| ExitCode::SUCCESS),
        None => report::check(&cli.options),
    }
}
