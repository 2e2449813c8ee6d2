//! Groups that are walked: their members without looking each up from the file's root.
//!
//! Owns the way down a file with thousands of small groups. Reads nothing that is not asked for.

use std::sync::Arc;

use super::{Dataset, File, Place, Value, attribute, found};
use crate::CircuitError;

/// A group of an open file.
#[derive(Debug, Clone)]
pub struct Group {
    group: hdf5_pure::Group,
    file: hdf5_pure::File,
    path: String,
    place: Arc<Place>,
}

impl File {
    /// The group of this path, `None` where there is none; `/` is the file's own.
    ///
    /// # Errors
    /// Where the file is damaged, or a dataset has this path.
    pub fn open_group(&self, path: &str) -> Result<Option<Group>, CircuitError> {
        let group = self.group(path)?;
        Ok(group.map(|group| Group {
            group,
            file: self.file.clone(),
            path: format!("/{}", path.trim_matches('/')),
            place: Arc::clone(&self.place),
        }))
    }
}

impl Group {
    /// Its path in the file.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// An error that names this group.
    pub fn error(&self, text: impl Into<String>) -> CircuitError {
        CircuitError::file(&self.place.path, &self.path, text)
    }

    /// The groups in it by name, in the order of the file (by name, as other readers have it).
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn groups(&self) -> Result<Vec<(String, Self)>, CircuitError> {
        let listed = self
            .group
            .iter_groups()
            .map_err(|error| self.place.error(&self.path, &error))?;
        let member = |(name, group): (String, hdf5_pure::Group)| {
            let path = self.below(&name);
            let (file, place) = (self.file.clone(), Arc::clone(&self.place));
            let group = Self {
                group,
                file,
                path,
                place,
            };
            (name, group)
        };
        Ok(listed.map(member).collect())
    }

    /// The group of this name or path below it, `None` where there is none.
    ///
    /// # Errors
    /// Where the file is damaged, or a dataset has this name.
    pub fn group(&self, name: &str) -> Result<Option<Self>, CircuitError> {
        let path = self.below(name);
        let group = found(self.group.group(name)).map_err(|error| self.place.error(&path, &error));
        Ok(group?.map(|group| Self {
            group,
            file: self.file.clone(),
            path,
            place: Arc::clone(&self.place),
        }))
    }

    /// The datasets in it by name, in the order of the file.
    ///
    /// # Errors
    /// As [`File::dataset`].
    pub fn datasets(&self) -> Result<Vec<(String, Dataset)>, CircuitError> {
        let listed = self
            .group
            .iter_datasets()
            .map_err(|error| self.place.error(&self.path, &error))?;
        let member = |(name, data): (String, hdf5_pure::Dataset)| {
            let data = Dataset::new(&self.file, data, &self.below(&name), &self.place)?;
            Ok((name, data))
        };
        listed.map(member).collect()
    }

    /// The dataset of this name or path below it, `None` where there is none.
    ///
    /// # Errors
    /// As [`File::dataset`].
    pub fn dataset(&self, name: &str) -> Result<Option<Dataset>, CircuitError> {
        let path = self.below(name);
        match found(self.group.dataset(name)) {
            Ok(None) => Ok(None),
            Ok(Some(data)) => Dataset::new(&self.file, data, &path, &self.place).map(Some),
            Err(error) => Err(self.place.error(&path, &error)),
        }
    }

    /// The dataset of this name.
    ///
    /// # Errors
    /// Where it is missing, and as [`dataset`](Self::dataset).
    pub fn require(&self, name: &str) -> Result<Dataset, CircuitError> {
        let missing = || CircuitError::file(&self.place.path, self.below(name), "is missing");
        self.dataset(name)?.ok_or_else(missing)
    }

    /// An attribute, `None` where it is missing.
    ///
    /// # Errors
    /// Where the file is damaged, or the attribute is of a kind that no [`Value`] holds.
    pub fn attribute(&self, name: &str) -> Result<Option<Value>, CircuitError> {
        let read = || attribute::of(&self.group.attr_datatypes()?, || self.group.attrs(), name);
        read().map_err(|error| self.place.error(&format!("{}@{name}", self.path), &error))
    }

    /// All attributes that a [`Value`] holds, sorted by name; others are left out.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn attributes(&self) -> Result<Vec<(String, Value)>, CircuitError> {
        let read = || attribute::all(&self.group.attr_datatypes()?, self.group.attrs()?);
        read().map_err(|error| self.place.error(&self.path, &error))
    }

    fn below(&self, name: &str) -> String {
        format!("{}/{name}", self.path.trim_end_matches('/'))
    }
}
