//! BMTK's text files of spikes, written.
//!
//! Owns their form: a header, blanks between the columns, one row a spike, and the order that was asked
//! for; BMTK's own are in none.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use super::Sorting;
use super::sorter::Sorter;
use crate::CircuitError;

/// Spikes on their way to a text file.
#[derive(Debug)]
pub struct SpikesCsvWriter {
    path: PathBuf,
    out: BufWriter<File>,
    populations: Vec<String>,
    sorter: Sorter,
}

impl SpikesCsvWriter {
    /// Begins a file.
    ///
    /// # Errors
    /// It cannot be made.
    pub fn create(
        path: &Path,
        populations: &[&str],
        sorting: Sorting,
    ) -> Result<Self, CircuitError> {
        let file = File::create(path).map_err(|source| CircuitError::io(path, source))?;
        // pandas and BMTK's reader take quotes for names with blanks.
        let quoted =
            |name: &&str| match name.contains([' ', '"', '\t', '\n', '\r']) || name.is_empty() {
                true => format!("\"{}\"", name.replace('"', "\"\"")),
                false => (*name).to_owned(),
            };
        Ok(Self {
            path: path.to_owned(),
            out: BufWriter::with_capacity(1 << 16, file),
            populations: populations.iter().map(quoted).collect(),
            sorter: Sorter::new(path, sorting),
        })
    }

    /// Adds spikes of the population of that place in the list, times in ms.
    ///
    /// # Errors
    /// What does not fit in memory cannot be written; ids and times are not as many.
    pub fn add(
        &mut self,
        population: usize,
        node_ids: &[u64],
        timestamps: &[f64],
    ) -> Result<(), CircuitError> {
        if population >= self.populations.len() || node_ids.len() != timestamps.len() {
            let text = "ids and times that are not as many, or of no population";
            return Err(CircuitError::file(&self.path, "", text));
        }
        self.sorter.add_all(population as u64, node_ids, timestamps)
    }

    /// Writes all in its order.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn finish(self) -> Result<(), CircuitError> {
        let Self {
            path,
            mut out,
            populations,
            sorter,
        } = self;
        let io = |source| CircuitError::io(&path, source);
        writeln!(out, "timestamps population node_ids").map_err(io)?;
        sorter.finish(|spikes| {
            for spike in spikes {
                let at = usize::try_from(spike.population).unwrap_or(usize::MAX);
                let population = populations.get(at).map_or("", String::as_str);
                // `{:?}` has a point in every number, as Python's.
                writeln!(out, "{:?} {population} {}", spike.time, spike.node).map_err(io)?;
            }
            Ok(())
        })?;
        out.flush().map_err(io)
    }
}
