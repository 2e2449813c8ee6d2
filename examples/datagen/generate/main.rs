//! Keeps what running publishers send in a file, and reads it again without them.
//!
//!     blendtorch-launch launch.json &
//!     cargo run --release -p blendtorch-examples --bin generate -- --record out/generate/run
//!     cargo run --release -p blendtorch-examples --bin generate -- --replay out/generate/run

use anyhow::{Context, Result};
use blendtorch_examples::{Source, describe, report};
use btt::{
    DataLoader, DatasetOptions, LoaderOptions, RecordedDataset, Recorder, RecorderOptions,
    Recording, RemoteIterableDataset, recording_path,
};
use clap::Parser;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// Records a stream, or replays recordings in random order: the training loop is the same
#[derive(Parser)]
struct Options {
    #[command(flatten)]
    source: Source,
    /// Also keep every item, as it was sent, in PREFIX_00.mcap
    #[arg(long, value_name = "PREFIX", conflicts_with = "replay")]
    record: Option<PathBuf>,
    /// Instead of a stream read PREFIX_*.mcap, in random order
    #[arg(long, value_name = "PREFIX")]
    replay: Option<PathBuf>,
    /// Of the random order
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Items in a batch
    #[arg(long, default_value_t = 8)]
    batch_size: usize,
    /// End a stream after so many items; without it, when every publisher has ended
    #[arg(long)]
    items: Option<usize>,
}

fn main() -> ExitCode {
    report("generate", run(&Options::parse()))
}

fn run(options: &Options) -> Result<()> {
    let loading = LoaderOptions {
        batch_size: options.batch_size,
        ..LoaderOptions::default()
    };
    let loader = match &options.replay {
        Some(prefix) => DataLoader::new(replay(prefix, options.seed)?, loading)?,
        None => DataLoader::new(stream(options)?, loading)?,
    };
    let (start, mut items) = (Instant::now(), 0);
    for batch in loader {
        let batch = batch?;
        if items == 0 {
            describe(&batch);
        }
        // A training step would be here.
        items += batch.len();
    }
    let done = if options.replay.is_some() {
        "replayed"
    } else {
        "streamed"
    };
    let rate = items as f64 / start.elapsed().as_secs_f64();
    println!("{items} items {done}, {rate:.0} items/s");
    if let Some(prefix) = &options.record {
        let recording = Recording::open(recording_path(prefix, 0))?;
        println!(
            "{} items recorded: {}",
            recording.len(),
            recording.path().display()
        );
    }
    Ok(())
}

fn stream(options: &Options) -> Result<RemoteIterableDataset> {
    let addresses = options.source.resolve()?;
    println!("connecting to {}", addresses.join(", "));
    let mut dataset = RemoteIterableDataset::connect(
        &addresses,
        DatasetOptions {
            max_items: options.items,
            ..DatasetOptions::default()
        },
    )?;
    if let Some(prefix) = &options.record {
        if let Some(folder) = prefix.parent() {
            std::fs::create_dir_all(folder).context("no folder for the recording")?;
        }
        let path = recording_path(prefix, 0);
        dataset.record(Recorder::create(path, RecorderOptions::default())?);
    }
    Ok(dataset)
}

fn replay(prefix: &Path, seed: u64) -> Result<RecordedDataset> {
    let dataset = RecordedDataset::open_prefix(prefix)?;
    let files = dataset.recordings().len();
    println!("{} items in {files} files", dataset.len());
    for (path, damage) in dataset.damages() {
        println!("warning: {} at {damage}", path.display());
    }
    Ok(dataset.shuffled(seed))
}
