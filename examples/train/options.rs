//! The command line of `train`.

use anyhow::{Result, bail, ensure};
use clap::Parser;
use std::path::PathBuf;
use std::str::FromStr;

/// Trains a network on what Blender instances render at the same time
///
/// It starts the instances, learns for a while to predict the corner pixels of a cube from its
/// image, and writes pictures and a summary of what came of it.
#[derive(Parser, Debug)]
pub(crate) struct Options {
    /// What to launch; its scene publishes image (uint8, height × width × channels) and xy
    /// (float32, points × 2, pixels)
    #[arg(
        long,
        value_name = "FILE",
        default_value = "examples/train/launch.json"
    )]
    pub(crate) launch: PathBuf,
    /// Folder for batch.png, predictions.png, loss.png and summary.json
    #[arg(long, value_name = "FOLDER", default_value = "out/train")]
    pub(crate) out: PathBuf,
    /// How long to train, from the first image on
    #[arg(long, default_value_t = 60.0)]
    pub(crate) seconds: f64,
    /// Train on so many batches at least, however long they take to come
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) batches: usize,
    /// Images in a batch
    #[arg(long, default_value_t = 16)]
    pub(crate) batch_size: usize,
    /// Blender processes: a number, or auto for 4 on a machine with 6 cores or more and 2 on others
    #[arg(long, value_name = "N|auto", default_value = "auto")]
    pub(crate) instances: InstanceCount,
    /// Images kept apart for the comparison at the end, the first that come
    #[arg(long, value_name = "N", default_value_t = 128)]
    pub(crate) heldout: usize,
    /// Threads of torch; by default the cores that the instances leave
    #[arg(long, value_name = "N")]
    pub(crate) threads: Option<usize>,
    /// Highest learning rate of the schedule
    #[arg(long, value_name = "RATE", default_value_t = 2e-3)]
    pub(crate) learning_rate: f64,
}

/// How many instances to start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InstanceCount {
    Auto,
    Exactly(usize),
}

impl FromStr for InstanceCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse() {
            _ if text == "auto" => Ok(Self::Auto),
            Ok(number @ 1..) => Ok(Self::Exactly(number)),
            _ => Err("write how many Blender processes to start, 1 or more, or auto".into()),
        }
    }
}

impl Options {
    /// Sees that the numbers make sense together.
    pub(crate) fn check(&self) -> Result<()> {
        ensure!(
            self.seconds.is_finite() && self.seconds > 0.0,
            "--seconds {}: give a positive time",
            self.seconds
        );
        ensure!(self.batch_size > 0, "--batch-size 0: give 1 or more");
        ensure!(
            self.heldout > 1,
            "--heldout {}: give 2 or more, the guess to compare with is their mean",
            self.heldout
        );
        ensure!(
            self.learning_rate.is_finite() && self.learning_rate > 0.0,
            "--learning-rate {}: give a positive number",
            self.learning_rate
        );
        if self.threads == Some(0) {
            bail!("--threads 0: give 1 or more");
        }
        Ok(())
    }
}

/// Cores of this machine that this program may use.
pub(crate) fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instances_are_a_number_or_auto() {
        assert_eq!("auto".parse(), Ok(InstanceCount::Auto));
        assert_eq!("3".parse(), Ok(InstanceCount::Exactly(3)));
        for wrong in ["0", "-1", "many", ""] {
            assert!(wrong.parse::<InstanceCount>().is_err(), "{wrong}");
        }
    }
}
