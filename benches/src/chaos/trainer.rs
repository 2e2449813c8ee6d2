//! A trainer in a process of its own: it takes items, and says how many.
//!
//! Owns a dataset over the addresses of a launch info.

use anyhow::Result;
use blendtorch_launcher::LaunchInfo;
use btt::{DatasetOptions, Error, RemoteIterableDataset};
use clap::Args;
use rustix::process::{Signal, set_parent_process_death_signal};
use std::path::{Path, PathBuf};

/// It writes how many items came after so many.
const TOLD: usize = 20;

/// Takes items until nobody is left.
#[derive(Args)]
pub(crate) struct Trainer {
    /// The folder of the launcher.
    folder: PathBuf,
    /// Its number.
    number: usize,
}

/// How many items a trainer has taken.
pub(crate) fn taken(folder: &Path, number: usize) -> usize {
    let text = std::fs::read_to_string(file(folder, number)).unwrap_or_default();
    text.parse().unwrap_or_default()
}

fn file(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("taken-{number}"))
}

impl Trainer {
    pub(crate) fn run(&self) -> Result<()> {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        let info = LaunchInfo::load_json(self.folder.join("launch_info.json"))?;
        let addresses = &info.addresses["DATA"];
        let dataset = RemoteIterableDataset::connect(addresses, DatasetOptions::default())?;
        let (file, beside) = (
            file(&self.folder, self.number),
            self.folder.join("taken.new"),
        );
        for (number, item) in dataset.enumerate() {
            match item {
                Err(Error::Failed { .. }) => break,
                item => drop(item?),
            }
            if number % TOLD == 0 {
                std::fs::write(&beside, (number + 1).to_string())?;
                std::fs::rename(&beside, &file)?;
            }
        }
        Ok(())
    }
}
