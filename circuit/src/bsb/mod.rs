//! Networks that BSB built (the Brain Scaffold Builder), versions 3 to 8.
//!
//! Owns the layout of its files, which is known from its documentation and from the files that its
//! releases write: cells, connections, morphologies, looks. It reads nothing of a simulation and
//! nothing that Python pickled.

mod chunk;
mod chunked;
mod connections;
mod looks;
mod morphologies;
mod v3;

use std::collections::HashMap;

use crate::cells::{CellPopulation, Format};
use crate::hdf5::read::{Dataset, File};
use crate::{CircuitError, Morphology, Problems};

pub(crate) use chunked::FirstRows;

/// A network of BSB whose file is open.
#[derive(Debug)]
pub(crate) struct BsbFile {
    pub(crate) file: File,
    pub(crate) format: Format,
    /// The version that wrote it.
    pub(crate) version: String,
    /// What identifies it: `storage_id`, `configuration` (text), …
    pub(crate) identity: Vec<(String, String)>,
    /// Of versions from 4: the cell types of each simulation's models, in their order.
    pub(crate) models: Vec<Vec<String>>,
    /// Of versions from 4: which rows of a population are a chunk's.
    first_rows: HashMap<String, FirstRows>,
}

/// Pairs of cells' ids.
pub(crate) enum Pairs {
    /// Of any populations: ids that count over all.
    OfAll(Vec<[i64; 2]>),
    /// From the cells of one population to those of another.
    Between(String, String, Vec<[i64; 2]>),
}

impl BsbFile {
    /// Opens a file and reads its cells. `None` where it is a network of none of BSB's versions.
    pub(crate) fn open(
        file: &File,
        problems: &mut Problems,
    ) -> Result<Option<(Self, Vec<CellPopulation>)>, CircuitError> {
        let mut this = Self {
            file: file.clone(),
            format: Format::Bsb,
            version: String::new(),
            identity: Vec::new(),
            models: Vec::new(),
            first_rows: HashMap::new(),
        };
        if v3::is_one(file)? {
            this.format = Format::BsbV3;
            this.version = v3::version(file)?;
            let configuration = v3::configuration(file)?;
            this.identity
                .extend(configuration.map(|text| ("configuration".to_owned(), text)));
            let populations = v3::populations(file, problems)?;
            return Ok(Some((this, populations)));
        }
        if !chunked::is_one(file)? {
            return Ok(None);
        }
        this.version = chunked::version(file)?;
        if let Some(provenance) = chunked::provenance(file)? {
            for key in ["storage_id", "created_at", "state_id"] {
                let text = match &provenance[key] {
                    serde_json::Value::String(text) => text.clone(),
                    serde_json::Value::Null => continue,
                    other => other.to_string(),
                };
                this.identity.push((key.to_owned(), text));
            }
        }
        let looks = chunked::looks(file, problems)?;
        this.models = looks.models();
        let (populations, first_rows) = chunked::populations(file, &looks, problems)?;
        this.first_rows = first_rows;
        Ok(Some((this, populations)))
    }

    /// The names of the morphologies that are in the file.
    pub(crate) fn morphology_names(&self) -> Result<Vec<String>, CircuitError> {
        morphologies::names(&self.file)
    }

    /// A morphology; `None` where there is none of this name.
    pub(crate) fn morphology(&self, name: &str) -> Result<Option<Morphology>, CircuitError> {
        morphologies::read(&self.file, name)
    }

    /// The names of the sets of connections.
    pub(crate) fn connection_names(&self) -> Result<Vec<String>, CircuitError> {
        match self.format {
            Format::BsbV3 => connections::names_v3(&self.file),
            _ => connections::names_chunked(&self.file),
        }
    }

    /// A set of connections that there is.
    pub(crate) fn connections(&self, tag: &str) -> Result<Pairs, CircuitError> {
        if self.format == Format::BsbV3 {
            return connections::read_v3(&self.file, tag).map(Pairs::OfAll);
        }
        let (pre, post, pairs) = connections::read_chunked(&self.file, tag, &self.first_rows)?;
        Ok(Pairs::Between(pre, post, pairs))
    }
}

/// Cells that have no position are bounded by nothing in the file: more than a million of them are
/// believed only of a file that has a byte for each.
fn plausible(count: u64, file: &File) -> Result<(), String> {
    match count <= file.bytes().max(1_000_000) {
        true => Ok(()),
        false => Err(format!(
            "claims {count} cells without positions, which no file of {} bytes has; it is damaged",
            file.bytes()
        )),
    }
}

fn rows_of_three(data: &Dataset) -> Result<(), CircuitError> {
    match data.shape() {
        [_, 3] => Ok(()),
        shape => Err(data.error(format!("has the shape {shape:?}; n × 3 is needed"))),
    }
}
