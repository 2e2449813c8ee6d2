//! How far one head goes: the real one, in a process of its own, and hosts that are simulated in this
//! one, over real sealed connections, without a Blender.
//!
//! Owns what is done in which order. What the head uses is the kernel's word; how long it takes is
//! seen from outside. Nothing is asserted.

mod case;
mod head;
mod hosts;
mod instance;
mod options;
mod report;
mod usage;

use anyhow::Result;
use clap::{Parser, Subcommand};
use options::Options;

/// Measures a fleet's head with simulated hosts; prints a table and writes scale.json.
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
    Head(head::Head),
}

fn main() -> Result<()> {
    let cli = Cli::parse();
    match cli.role {
        Some(Role::Head(head)) => head.run(),
        None => report::measure(&cli.options),
    }
}
