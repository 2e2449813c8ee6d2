//! Annotations: a section of NIX's metadata.
//!
//! Owns that a property is a column of values, one where it was a single value.

use crate::CircuitError;
use crate::hdf5::read::{Dataset, Group, Kind};

/// The annotations of a block or a train; each is read when it is asked for.
#[derive(Debug)]
pub(crate) struct Section {
    path: String,
    properties: Option<Group>,
}

impl Section {
    /// Those of what has `metadata`.
    pub(super) fn of(group: &Group) -> Result<Self, CircuitError> {
        Ok(Self {
            path: group.path().to_owned(),
            properties: group.group("metadata/properties")?,
        })
    }

    /// Where its object is in the file.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// The column of a property.
    pub(crate) fn column(&self, name: &str) -> Result<Option<Dataset>, CircuitError> {
        match &self.properties {
            Some(properties) => properties.dataset(name),
            None => Ok(None),
        }
    }

    /// The text of a property; `None` where it is missing or no single text.
    pub(crate) fn word(&self, name: &str) -> Result<Option<String>, CircuitError> {
        match self.column(name)? {
            Some(data) if data.kind() == Kind::Words && data.rows() == 1 => {
                Ok(data.words()?.into_iter().next())
            }
            _ => Ok(None),
        }
    }

    /// The number of a property; `None` where it is missing or no single number.
    pub(crate) fn number(&self, name: &str) -> Result<Option<f64>, CircuitError> {
        match self.column(name)? {
            Some(data) if matches!(data.kind(), Kind::Floats | Kind::Ints) && data.rows() == 1 => {
                Ok(data.read::<f64>()?.first().copied())
            }
            _ => Ok(None),
        }
    }
}
