//! Networks of cells, of any make.
//!
//! Owns which reader a file is for, and what a network is known by.

use std::path::{Path, PathBuf};

use crate::bsb::BsbFile;
use crate::hdf5::read::File;
use crate::{CircuitError, Morphology, Problems, nearest};

use super::CellPopulation;
use super::sonata::{self, SonataFiles};

/// Whose file a network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// BSB, version 3.
    BsbV3,
    /// BSB, versions 4 to 8.
    Bsb,
    /// A SONATA configuration.
    Sonata,
}

impl Format {
    /// `bsb-v3`, `bsb` or `sonata`.
    pub fn name(self) -> &'static str {
        match self {
            Self::BsbV3 => "bsb-v3",
            Self::Bsb => "bsb",
            Self::Sonata => "sonata",
        }
    }
}

/// Where a network's further parts are read from.
#[derive(Debug)]
pub(super) enum Source {
    Bsb(BsbFile),
    Sonata(SonataFiles),
}

/// A network: populations of cells, with ids, places and looks. Connections and morphologies are read
/// when they are asked for.
#[derive(Debug)]
pub struct CellNetwork {
    path: PathBuf,
    pub(super) source: Source,
    populations: Vec<CellPopulation>,
    problems: Problems,
}

impl CellNetwork {
    /// Opens a network: an HDF5 file of BSB, or a SONATA configuration (`.json`). Reads the cells.
    ///
    /// # Errors
    /// The file cannot be read, is damaged, or is no network.
    pub fn open(path: &Path) -> Result<Self, CircuitError> {
        let mut problems = Problems::new();
        if path
            .extension()
            .is_some_and(|end| end.eq_ignore_ascii_case("json"))
        {
            let (files, populations) = sonata::open(path, &mut problems)?;
            return Ok(Self {
                path: path.to_owned(),
                source: Source::Sonata(files),
                populations,
                problems,
            });
        }
        let file = File::open(path)?;
        let Some((bsb, populations)) = BsbFile::open(&file, &mut problems)? else {
            return Err(CircuitError::file(path, "", no_network(&file)?));
        };
        Ok(Self {
            path: path.to_owned(),
            source: Source::Bsb(bsb),
            populations,
            problems,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whose file it is.
    pub fn format(&self) -> Format {
        match &self.source {
            Source::Bsb(bsb) => bsb.format,
            Source::Sonata(_) => Format::Sonata,
        }
    }

    /// The version of the program that wrote it (of BSB: of its core); empty for SONATA, which says none.
    pub fn version(&self) -> &str {
        match &self.source {
            Source::Bsb(bsb) => &bsb.version,
            Source::Sonata(_) => "",
        }
    }

    /// The populations, in the order of the file.
    pub fn populations(&self) -> &[CellPopulation] {
        &self.populations
    }

    /// The population of that name.
    ///
    /// # Errors
    /// There is none: the nearest name, or all.
    pub fn population(&self, name: &str) -> Result<&CellPopulation, CircuitError> {
        if let Some(found) = self.populations.iter().find(|one| one.name == name) {
            return Ok(found);
        }
        let names = || self.populations.iter().map(|one| one.name.as_str());
        let text = match nearest(name, names()) {
            Some(near) => format!("has no population {name:?}; did you mean {near:?}?"),
            None => {
                let all: Vec<String> = names().take(20).map(|one| format!("{one:?}")).collect();
                format!("has no population {name:?}, only {}", all.join(", "))
            }
        };
        Err(CircuitError::file(&self.path, "", text))
    }

    /// What tells it from others, by key: `storage_id`, `configuration` (text).
    pub fn identity(&self) -> impl Iterator<Item = (&str, &str)> {
        let known = match &self.source {
            Source::Bsb(bsb) => bsb.identity.as_slice(),
            Source::Sonata(_) => &[],
        };
        known
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// The names of the morphologies: of BSB those in the file, of SONATA those that cells have.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn morphology_names(&self) -> Result<Vec<String>, CircuitError> {
        match &self.source {
            Source::Bsb(bsb) => bsb.morphology_names(),
            Source::Sonata(_) => {
                let all = self
                    .populations
                    .iter()
                    .flat_map(|one| one.morphologies.iter().cloned());
                Ok(all
                    .collect::<indexmap::IndexSet<String>>()
                    .into_iter()
                    .collect())
            }
        }
    }

    /// A morphology of the network. Those of SONATA have their soma at 0; those of BSB are as they are.
    ///
    /// # Errors
    /// There is none of this name, or its file is missing or damaged.
    pub fn morphology(&self, name: &str) -> Result<Morphology, CircuitError> {
        let names = self.morphology_names()?;
        let found = match &self.source {
            Source::Bsb(bsb) => bsb.morphology(name)?,
            Source::Sonata(files) if names.iter().any(|one| one == name) => {
                Some(files.morphology(name)?)
            }
            Source::Sonata(_) => None,
        };
        found.ok_or_else(|| {
            let text = match nearest(name, names.iter().map(String::as_str)) {
                Some(near) => format!("has no morphology {name:?}; did you mean {near:?}?"),
                None => format!("has no morphology {name:?}, only {names:?}"),
            };
            CircuitError::file(&self.path, "", text)
        })
    }

    /// What was found that is no error.
    pub fn problems(&self) -> &Problems {
        &self.problems
    }
}

/// What a file without cells is instead.
fn no_network(file: &File) -> Result<&'static str, CircuitError> {
    let others = [
        (
            "/recorders",
            "has results of BSB 3, not a network; give it to Results",
        ),
        ("/spikes", "has spikes, not a network; give it to Results"),
        ("/report", "is a report, not a network"),
        (
            "/nodes",
            "is a SONATA file of nodes; give the configuration (.json) that names it",
        ),
        (
            "/edges",
            "is a SONATA file of edges; give the configuration (.json) that names it",
        ),
        (
            "/cells",
            "has no group /cells/placement: it is no whole network of BSB 3",
        ),
    ];
    if crate::neo::is_one(file)? {
        return Ok("has Neo's results, not a network; give it to Results");
    }
    for (group, text) in others {
        if file.has_group(group)? {
            return Ok(text);
        }
    }
    Ok("is no network of BSB (3 to 8): it has neither /cells/placement nor /placement")
}
