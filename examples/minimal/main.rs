//! The smallest consumer: connects to running publishers, shows what comes and how fast.
//!
//!     blendtorch-launch launch.json &
//!     cargo run --release -p blendtorch-examples --bin minimal

use anyhow::Result;
use blendtorch_examples::{Rate, Source, describe, report};
use btt::{DataLoader, DatasetOptions, LoaderOptions, RemoteIterableDataset};
use clap::Parser;
use std::process::ExitCode;
use std::time::{Duration, Instant};

/// Shows what a stream brings: fields, shapes and the rate
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    source: Source,
    /// Items in a batch
    #[arg(long, default_value_t = 8)]
    batch_size: usize,
    /// End after so many items; without it, when every publisher has ended
    #[arg(long)]
    items: Option<usize>,
}

fn main() -> ExitCode {
    report("minimal", run(&Options::parse()))
}

fn run(options: &Options) -> Result<()> {
    let addresses = options.source.resolve()?;
    println!("connecting to {}", addresses.join(", "));
    let dataset = RemoteIterableDataset::connect(
        &addresses,
        DatasetOptions {
            max_items: options.items,
            ..DatasetOptions::default()
        },
    )?;
    let mut loader = DataLoader::new(
        dataset,
        LoaderOptions {
            batch_size: options.batch_size,
            ..LoaderOptions::default()
        },
    )?;

    let mut rates = (
        Rate::over(Duration::from_secs(4)),
        Rate::over(Duration::from_secs(4)),
    );
    let mut shown: Option<Instant> = None;
    while let Some(batch) = loader.next() {
        let batch = batch?;
        if shown.is_none() {
            describe(&batch);
        }
        // A training step would be here.
        if shown.is_none_or(|at| at.elapsed() >= Duration::from_secs(1)) {
            let (now, stats) = (Instant::now(), loader.stats());
            let (items, bytes) = (
                rates.0.update(now, stats.received),
                rates.1.update(now, stats.bytes) / 1e6,
            );
            if shown.is_some() {
                println!(
                    "{} items, {items:.0} items/s, {bytes:.1} MB/s",
                    stats.received
                );
            }
            shown = Some(now);
        }
    }
    let stats = loader.stats();
    println!(
        "the stream has ended: {} items from {} publishers, {} missing, {} duplicated",
        stats.received,
        stats.publishers.len(),
        stats.missing,
        stats.duplicated
    );
    Ok(())
}
