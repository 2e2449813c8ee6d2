//! What is measured, and for how long: the command line.

use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// What is measured.
#[derive(Args)]
pub(crate) struct Options {
    /// How many instances, one size after another.
    #[arg(long, value_delimiter = ',', default_values_t = [64, 1024])]
    pub(crate) instances: Vec<usize>,
    /// How many of them a host has.
    #[arg(long, default_value_t = 16)]
    pub(crate) each: usize,
    /// Frames a second of each instance.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) rate: f64,
    /// Files of a frame that is rendered.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) passes: u8,
    /// How long a case is watched once all is up.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// How often each case is run; the cases take turns.
    #[arg(long, default_value_t = 1)]
    pub(crate) rounds: usize,
    /// What the instances do.
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [Work::Stream, Work::Render])]
    pub(crate) work: Vec<Work>,
    /// A folder of the disk that rendered files and the ledger are written to; the temporary one.
    #[arg(long)]
    pub(crate) folder: Option<PathBuf>,
    /// Folder for scale.json.
    #[arg(long, default_value = "out")]
    pub(crate) out: PathBuf,
    /// Leave the head time for whoever wants to look at it: its process is printed.
    #[arg(long, hide = true)]
    pub(crate) show: bool,
}

impl Options {
    pub(crate) fn seconds(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }
}

/// What instances do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Work {
    /// They publish to trainers; the head hears of it in reports.
    Stream,
    /// They render: the head gives out frames, names their files and enters them in its ledger.
    Render,
}

impl std::fmt::Display for Work {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Stream => "stream",
            Self::Render => "render",
        })
    }
}
