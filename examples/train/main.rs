//! Trains a small network while Blender renders: it learns to see where a cube's corners are.
//!
//!     cargo run --release -p blendtorch-examples --features tch --bin train
//!
//! A fleet of Blender processes renders a cube at random places, in random turns, and publishes
//! each image with the pixels of the eight corners. The network learns from the stream as it
//! comes; nothing is stored. The first items are kept apart and never learned from: on them the
//! result is compared with the best guess that does not look at the image.

mod display;
mod fleet;
mod heldout;
mod network;
mod options;
mod pictures;
mod results;
mod sample;
mod signals;
mod training;

use anyhow::Result;
use blendtorch_examples::report;
use clap::Parser;
use fleet::Instances;
use options::Options;
use signals::Signals;
use std::process::ExitCode;
use training::{Outcome, train};

fn main() -> ExitCode {
    let options = Options::parse();
    let signals = match Signals::catch() {
        Ok(signals) => signals,
        Err(error) => return report("train", Err(error)),
    };
    let result = run(&options, &signals);
    match signals.exit_code() {
        // What failed after Ctrl-C failed because of it.
        Some(code) => {
            eprintln!("train: stopped; nothing was written");
            ExitCode::from(code)
        }
        None => report("train", result),
    }
}

fn run(options: &Options, signals: &Signals) -> Result<()> {
    options.check()?;
    let instances = Instances::start(&options.launch, options.instances)?;
    eprintln!("{}", instances.describe());
    let outcome = train(options, signals, &instances)?;
    instances.stop();
    match outcome {
        Outcome::Stopped => Ok(()),
        Outcome::Trained(trained) => results::write(&options.out, &trained, signals),
    }
}
