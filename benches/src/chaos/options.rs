//! What is done, and for how long: the command line.

use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// What is done, and for how long.
#[derive(Args)]
pub(crate) struct Options {
    /// How long producers are killed.
    #[arg(long)]
    seconds: Option<u64>,
    /// How long Blenders are killed; 0 leaves them out.
    #[arg(long)]
    blender_seconds: Option<u64>,
    /// Folder for chaos.json and chaos.png.
    #[arg(long, default_value = "out")]
    pub(crate) out: PathBuf,
    /// What is done when is drawn from this.
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// A Python with matplotlib.
    #[arg(long, default_value = "python3")]
    pub(crate) python: PathBuf,
    /// Only the ends of launchers and trainers, so many times.
    #[arg(long, hide = true)]
    pub(crate) ends: Option<usize>,
    /// A smoke test: 30 s of producers, no Blenders unless their seconds are given.
    #[arg(long)]
    pub(crate) quick: bool,
}

impl Options {
    pub(crate) fn seconds(&self) -> Duration {
        let default = if self.quick { 30 } else { 300 };
        Duration::from_secs(self.seconds.unwrap_or(default))
    }

    pub(crate) fn blender_seconds(&self) -> Duration {
        let default = if self.quick { 0 } else { 30 };
        Duration::from_secs(self.blender_seconds.unwrap_or(default))
    }
}
