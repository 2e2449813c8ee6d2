//! Sets of nodes by name, by attributes, by ids.
//!
//! Owns what a node set means. A set is
//! - an object: attributes that all must fit. `population` (BMTK also: `populations`) and `node_id`
//!   take a value or a list of them, and so does every attribute of the nodes (`"layer": [2, 3]`: any
//!   of them); an attribute may also have operators: `{"$gt": 2, "$lte": 5}` (`$gt`, `$gte`, `$lt`,
//!   `$lte` for numbers; `$regex` for text, found anywhere in it as libsonata does).
//! - an array of names: the nodes of all these sets.
//! - an array of ids, as BMTK reads it: these nodes of every population.
//! - in use (not where it is defined): a name, that of a set, of a population, or `all`.
//!
//! What a set names and the network does not have is an error with the nearest right name: never a
//! set that silently is larger or smaller than was meant.
//!
//! Sources: the SONATA developer guide, "Node Sets"; libsonata 0.2.2 and BMTK 1.2.0 as they behave.

mod filter;
mod masks;
mod resolve;
mod rule;
mod selection;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub use selection::Selection;

use crate::{Circuit, CircuitError, Problems};

/// Node sets that a configuration or a file of its own defines.
#[derive(Debug, Clone, Default)]
pub struct NodeSets {
    file: PathBuf,
    /// What precedes the name of a set in a problem's key: `node_sets.` in a configuration.
    prefix: &'static str,
    sets: Map<String, Value>,
}

impl NodeSets {
    /// Those of a configuration's section `node_sets`; `file` is the configuration.
    pub fn new(file: &Path, sets: Map<String, Value>) -> Self {
        Self {
            file: file.to_owned(),
            prefix: "node_sets.",
            sets,
        }
    }

    /// Those of a file, as `node_sets_file` names it.
    ///
    /// # Errors
    /// Where the system refuses, or it is no JSON object.
    pub fn open(file: &Path) -> Result<Self, CircuitError> {
        let bytes = std::fs::read(file).map_err(|error| CircuitError::io(file, error))?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(sets)) => Ok(Self {
                file: file.to_owned(),
                prefix: "",
                sets,
            }),
            Ok(_) => Err(CircuitError::file(
                file,
                "",
                "is no JSON object; node sets are {\"name\": …, …}",
            )),
            Err(error) => Err(CircuitError::file(file, "", format!("is no JSON: {error}"))),
        }
    }

    /// The names that are defined.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.sets.keys().map(String::as_str)
    }

    /// The nodes that `wanted` means: a name, or a set as it is defined. `place` is the file and the
    /// key that ask for them, for problems.
    ///
    /// `None` where an error was added to `problems`. A set without a node is a warning.
    pub fn resolve(
        &self,
        wanted: &Value,
        circuit: &Circuit,
        place: (&Path, &str),
        problems: &mut Problems,
    ) -> Option<Selection> {
        resolve::resolve(self, wanted, circuit, place, problems)
    }
}

#[cfg(test)]
mod tests;
