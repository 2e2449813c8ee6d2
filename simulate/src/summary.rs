//! What came of a run, for people and programs.
//!
//! Owns the numbers and their words.

use std::fmt::Write as _;
use std::path::PathBuf;

use serde::Serialize;

/// What came of a run.
#[derive(Debug, Clone, Serialize)]
pub struct Summary {
    /// Where the time ended, in ms; before `tstop_ms` where it was stopped.
    pub time_ms: f64,
    /// Where the time was to end, in ms.
    pub tstop_ms: f64,
    /// Seconds on the clock, without loading.
    pub seconds: f64,
    /// Seconds on the clock for reading the network.
    pub loading_seconds: f64,
    /// How many connections there are.
    pub connections: u64,
    /// What each simulated population did.
    pub populations: Vec<PopulationSummary>,
    /// The files that were written.
    pub files: Vec<PathBuf>,
}

/// What a population did.
#[derive(Debug, Clone, Serialize)]
pub struct PopulationSummary {
    /// Its name.
    pub name: String,
    /// How many cells of it were simulated.
    pub cells: u64,
    /// How many spikes it had.
    pub spikes: u64,
    /// How many of its cells spiked.
    pub active: u64,
    /// Spikes of a cell in a second, on average.
    pub rate_hz: f64,
    /// That of the cell with most spikes.
    pub highest_hz: f64,
}

impl Summary {
    /// Whether it was stopped before its end.
    pub fn is_cut(&self) -> bool {
        self.time_ms < self.tstop_ms
    }

    /// How many spikes there were.
    pub fn spikes(&self) -> u64 {
        self.populations.iter().map(|one| one.spikes).sum()
    }

    /// A table, for people.
    pub fn table(&self) -> String {
        let widest = self.populations.iter().map(|one| one.name.chars().count());
        let name = widest.max().unwrap_or(0).max("population".len());
        let mut text = format!(
            "{:name$}  {:>9}  {:>10}  {:>9}  {:>9}  {:>9}\n",
            "population", "cells", "spikes", "active", "Hz", "highest"
        );
        for one in &self.populations {
            let _ = writeln!(
                text,
                "{:name$}  {:>9}  {:>10}  {:>9}  {:>9.2}  {:>9.2}",
                one.name, one.cells, one.spikes, one.active, one.rate_hz, one.highest_hz
            );
        }
        for file in &self.files {
            let _ = writeln!(text, "{}", file.display());
        }
        text
    }
}
