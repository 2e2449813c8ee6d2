//! All populations of a file of nodes or of edges.
//!
//! Owns the way from two files, HDF5 and table of types, to populations: what cannot be read is a problem,
//! and left out.

use std::path::Path;
use std::sync::Arc;

use crate::hdf5::read::File;
use crate::{CircuitError, Problems, TypesTable};

/// What a file is of: the name of its group, `nodes` or `edges`, the other one, and the column of the
/// table that has the types' ids.
pub(crate) struct Of {
    pub(crate) group: &'static str,
    pub(crate) other: &'static str,
    pub(crate) id: &'static str,
}

/// Opens them, in the order of their names.
pub(crate) fn open_all<T>(
    of: &Of,
    file: &Path,
    types_file: Option<&Path>,
    problems: &mut Problems,
    open: impl Fn(&File, &str, Option<Arc<TypesTable>>) -> Result<T, CircuitError>,
) -> Vec<T> {
    let Of { group, other, id } = of;
    let opened = || -> Result<_, CircuitError> {
        let types = types_file
            .map(|file| TypesTable::open(file, id))
            .transpose()?;
        let file = File::open(file)?;
        let names = file.groups(&format!("/{group}"))?;
        Ok((types.map(Arc::new), file, names))
    };
    let (types, opened, names) = match opened() {
        Ok(found) => found,
        Err(error) => {
            problems.add(error);
            return Vec::new();
        }
    };
    if names.is_empty() {
        let text = match opened.has_group(&format!("/{other}")) {
            Ok(true) => {
                format!("has {other}, but no population of {group}; name it under networks.{other}")
            }
            _ => format!("has no population of {group}"),
        };
        problems.error(file, format!("/{group}"), text);
    }
    let mut populations = Vec::new();
    for name in names {
        match open(&opened, &name, types.clone()) {
            Ok(population) => populations.push(population),
            Err(error) => problems.add(error),
        }
    }
    populations
}
