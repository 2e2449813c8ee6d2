//! Reads HDF5 files: groups, columns and tables, attributes.
//!
//! A thin layer over the crate `hdf5-pure`. It owns what we add: a file is never held as a whole,
//! whatever a file says of its sizes is checked against the size that it has before anything is
//! allocated, values are converted only where nothing is lost, and an error names the file and the
//! dataset. It knows nothing of nodes, edges, spikes or reports.

mod attribute;
mod chunks;
mod dataset;
mod element;
mod group;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hdf5_pure::{Error, FileAccessProperties, FormatError, MetadataCacheConfig};

pub use attribute::Value;
pub use dataset::{Dataset, Kind};
pub use element::Element;
pub use group::Group;

use crate::CircuitError;

/// So much of a file's structure is remembered between reads.
const METADATA_BYTES: usize = 1 << 18;

/// Why a file cannot be read, as far as it can be known.
const REASONS: &str = "the file is damaged, was not written to its end, or is in a form of HDF5 that is \
     newer than what is read here (h5py: leave `libver` at its default)";

/// An HDF5 file that is open for reading.
///
/// Cloning is cheap; all clones read the same open file. Paths are as `/nodes/cortex/0/x`; the first
/// `/` may be left out.
#[derive(Debug, Clone)]
pub struct File {
    file: hdf5_pure::File,
    place: Arc<Place>,
}

/// Where a value comes from, for errors, and how large it can be.
#[derive(Debug)]
struct Place {
    path: PathBuf,
    bytes: u64,
}

impl Place {
    /// What the library says about an object, as ours.
    fn error(&self, object: &str, error: &Error) -> CircuitError {
        let text = match error {
            Error::NotADataset(_) => "is no dataset".to_owned(),
            Error::NotAGroup(_) => "is no group".to_owned(),
            Error::Format(FormatError::PathNotFound(_)) => "is missing".to_owned(),
            error => format!("cannot be read: {error}; {REASONS}"),
        };
        CircuitError::file(&self.path, object, text)
    }
}

/// The answer, or `None` where nothing has this name.
fn found<T>(answer: Result<T, Error>) -> Result<Option<T>, Error> {
    match answer {
        Ok(one) => Ok(Some(one)),
        Err(Error::Format(FormatError::PathNotFound(_))) => Ok(None),
        Err(error) => Err(error),
    }
}

impl File {
    /// Opens a file; only its first bytes are read.
    ///
    /// # Errors
    /// [`CircuitError::Io`] where the system refuses, [`CircuitError::File`] where it is no HDF5 file,
    /// is cut, or is being written.
    pub fn open(path: &Path) -> Result<Self, CircuitError> {
        let bytes = match std::fs::metadata(path) {
            Ok(data) if data.is_dir() => {
                return Err(CircuitError::file(
                    path,
                    "",
                    "is a folder; an HDF5 file is needed",
                ));
            }
            Ok(data) => data.len(),
            Err(source) => return Err(CircuitError::io(path, source)),
        };
        let options = FileAccessProperties::new()
            .with_metadata_cache(MetadataCacheConfig::new(METADATA_BYTES));
        let file = hdf5_pure::File::open_streaming_with_options(path, options).map_err(
            |error| match error {
                Error::Io(source) => CircuitError::io(path, source),
                Error::Format(FormatError::SignatureNotFound) => {
                    CircuitError::file(path, "", "is no HDF5 file")
                }
                error => CircuitError::file(
                    path,
                    "",
                    format!("cannot be opened as HDF5: {error}; {REASONS}"),
                ),
            },
        )?;
        let place = Arc::new(Place {
            path: path.to_owned(),
            bytes,
        });
        Ok(Self { file, place })
    }

    /// The path that it was opened by.
    pub fn path(&self) -> &Path {
        &self.place.path
    }

    /// The size of the file in bytes.
    pub fn bytes(&self) -> u64 {
        self.place.bytes
    }

    /// Whether there is a group of this path.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn has_group(&self, path: &str) -> Result<bool, CircuitError> {
        Ok(self.group(path)?.is_some())
    }

    /// The names of the groups in a group, sorted (`0`, `1`, `2`, …, `10` as numbers); none where
    /// there is no such group.
    ///
    /// # Errors
    /// Where the file is damaged, or a dataset has this path.
    pub fn groups(&self, path: &str) -> Result<Vec<String>, CircuitError> {
        self.names(path, hdf5_pure::Group::groups)
    }

    /// The names of the datasets in a group, sorted; none where there is no such group.
    ///
    /// # Errors
    /// Where the file is damaged, or a dataset has this path.
    pub fn datasets(&self, path: &str) -> Result<Vec<String>, CircuitError> {
        self.names(path, hdf5_pure::Group::datasets)
    }

    /// The datasets in a group, by name; none where there is no such group. For groups of many: opening
    /// each by its path would look through all of them each time.
    ///
    /// # Errors
    /// As [`dataset`](Self::dataset).
    pub fn columns(&self, path: &str) -> Result<Vec<(String, Dataset)>, CircuitError> {
        let Some(group) = self.group(path)? else {
            return Ok(Vec::new());
        };
        let listed = group
            .iter_datasets()
            .map_err(|error| self.place.error(path, &error))?;
        let mut columns = Vec::new();
        for (name, data) in listed {
            let path = format!("{}/{name}", path.trim_end_matches('/'));
            let data = Dataset::new(&self.file, data, &path, &self.place)?;
            columns.push((name, data));
        }
        columns.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(columns)
    }

    /// The dataset of this path, `None` where there is none.
    ///
    /// # Errors
    /// Where the file is damaged, a group has this path, or the file is too small for what the
    /// dataset says that it holds.
    pub fn dataset(&self, path: &str) -> Result<Option<Dataset>, CircuitError> {
        match found(self.file.dataset(path)) {
            Ok(None) => Ok(None),
            Ok(Some(data)) => Dataset::new(&self.file, data, path, &self.place).map(Some),
            Err(error) => Err(self.place.error(path, &error)),
        }
    }

    /// The dataset of this path.
    ///
    /// # Errors
    /// Where it is missing, and as [`dataset`](Self::dataset).
    pub fn require(&self, path: &str) -> Result<Dataset, CircuitError> {
        self.dataset(path)?
            .ok_or_else(|| CircuitError::file(self.path(), path, "is missing"))
    }

    /// An attribute of a group; `/` is the file's own. `None` where group or attribute are missing.
    ///
    /// # Errors
    /// Where the file is damaged, or the attribute is of a kind that no [`Value`] holds.
    pub fn attribute(&self, group: &str, name: &str) -> Result<Option<Value>, CircuitError> {
        let Some(group_at) = self.group(group)? else {
            return Ok(None);
        };
        let read = || attribute::of(&group_at.attr_datatypes()?, || group_at.attrs(), name);
        read().map_err(|error| self.place.error(&format!("{group}@{name}"), &error))
    }

    fn group(&self, path: &str) -> Result<Option<hdf5_pure::Group>, CircuitError> {
        if path.trim_matches('/').is_empty() {
            return Ok(Some(self.file.root()));
        }
        found(self.file.group(path)).map_err(|error| self.place.error(path, &error))
    }

    fn names(
        &self,
        path: &str,
        list: impl FnOnce(&hdf5_pure::Group) -> Result<Vec<String>, Error>,
    ) -> Result<Vec<String>, CircuitError> {
        let Some(group) = self.group(path)? else {
            return Ok(Vec::new());
        };
        let mut names = list(&group).map_err(|error| self.place.error(path, &error))?;
        names.sort_by(|a, b| {
            let number = |name: &str| name.parse::<u64>().unwrap_or(u64::MAX);
            (number(a), a).cmp(&(number(b), b))
        });
        Ok(names)
    }
}
