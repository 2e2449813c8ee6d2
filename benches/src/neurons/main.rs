//! The step loop of networks of point neurons, each beside a plain loop in C, by processor time.
//!
//! Owns what is run in which order: every round runs every case once, so that a machine that grows busy
//! slows all of them alike. The networks are written as files, which `scripts/peers/neurons/nest.py`
//! reads to run the same ones in NEST. Nothing is asserted.

mod c_loop;
mod file;
mod network;
mod ours;
mod report;

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Parser;

/// Measures simulated networks; prints a table and writes neurons.json.
#[derive(Debug, Parser)]
pub(crate) struct Options {
    /// Cells of each network; a sixth as many sources send them spikes.
    #[arg(long, default_value_t = 10_000)]
    cells: u32,
    /// What is simulated, in ms.
    #[arg(long, default_value_t = 1000.0)]
    ms: f64,
    /// So many rounds.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only these networks.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Keeps both cores busy with other work meanwhile.
    #[arg(long)]
    busy: bool,
    /// Where networks, what ours gave, and the figures go.
    #[arg(long, default_value = "out/neurons")]
    out: PathBuf,
}

fn main() -> Result<()> {
    let options = Options::parse();
    std::fs::create_dir_all(&options.out)
        .with_context(|| format!("cannot make {}", options.out.display()))?;
    report::measure(&options)
}
