//! What cells did: spikes by the cells' indices in their populations.
//!
//! Owns that every spike is of a cell of the network, at a time from 0 on, in the order of time; what is
//! not is left out and counted, never silently. Which file has what is known to the modules below.

mod collect;
mod multiplexed;
mod recorders;
mod senders;
mod sonata;
pub(super) mod trains;

use std::path::{Path, PathBuf};

use indexmap::IndexMap;

use crate::hdf5::read::File;
use crate::{CircuitError, Problems, neo};

use super::CellNetwork;
use collect::Collected;

/// The spikes of a population.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct CellSpikes {
    /// The index of the cell, for each spike.
    pub index: Vec<u32>,
    /// When, in ms, ascending; as many.
    pub times_ms: Vec<f64>,
    /// The indices of the cells that were not recorded, where the file says it: they are not silent,
    /// nobody looked.
    pub missing: Option<Vec<u32>>,
}

/// Results of a simulation, put to the cells of a network.
#[derive(Debug)]
pub struct Results {
    path: PathBuf,
    populations: IndexMap<String, CellSpikes>,
    duration_ms: Option<f64>,
    problems: Problems,
}

impl Results {
    /// Reads all spikes of a file: results of BSB 3, Neo's of BSB 4 to 8 (`.nio`), SONATA's (HDF5, or
    /// text by its name: `.csv`). `group` names the part of a file of BSB 3 that has the spikes; by
    /// itself, every recorder that has some counts.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, has no spikes, or has none of this network's cells.
    pub fn open(
        path: &Path,
        network: &CellNetwork,
        group: Option<&str>,
    ) -> Result<Self, CircuitError> {
        let mut collected = Collected::new(network, path);
        if sonata::is_text(path) {
            sonata::read_text(path, network, &mut collected)?;
            return collected.finish();
        }
        let file = File::open(path)?;
        if neo::is_one(&file)? {
            multiplexed::read(&file, network, &mut collected)?;
        } else if group.is_none() && file.has_group("/spikes")? {
            sonata::read(path, network, &mut collected)?;
        } else {
            recorders::read(&file, network, group, &mut collected)?;
        }
        collected.finish()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The populations that were recorded, in the order of the network, with their spikes.
    pub fn populations(&self) -> &IndexMap<String, CellSpikes> {
        &self.populations
    }

    /// How long was simulated, in ms, where the file says it; else the time of the last spike; `None`
    /// without any.
    pub fn duration_ms(&self) -> Option<f64> {
        self.duration_ms
    }

    /// What was left out, and what does not fit.
    pub fn problems(&self) -> &Problems {
        &self.problems
    }
}
