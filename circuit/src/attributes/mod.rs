//! The attributes of nodes and edges: those of a group in HDF5 over those of the types' table.
//!
//! Owns groups: which there are, which columns each has, and how a value is found for a member of
//! any of them. The same for nodes and edges. Values are read only when they are asked for.

mod gather;
mod members;
mod merge;
mod source;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use indexmap::{IndexMap, IndexSet};

pub(crate) use members::{Members, Placement};

use crate::hdf5::read::{File, Kind};
use crate::{CircuitError, Column, TypesTable, meant};
use merge::{Part, merge};
use source::{Source, sources};

/// A group of a population, `/nodes/NAME/0` or `/edges/NAME/0`, and its columns.
#[derive(Debug)]
struct Group {
    id: u64,
    /// Rows of every column; `None` where there is no column.
    rows: Option<u64>,
    columns: IndexMap<String, Source>,
    dynamics: IndexMap<String, Source>,
}

/// All groups of a population, and the table that is under them.
#[derive(Debug)]
pub(crate) struct Attributes {
    /// The population's path in the file.
    root: String,
    file: File,
    groups: Vec<Group>,
    types: Option<Arc<TypesTable>>,
}

/// What a type's row is where there is no table.
pub(crate) const NO_ROW: u32 = u32::MAX;

impl Attributes {
    /// Looks up the groups of the population at `root` and their columns; reads no value.
    pub(crate) fn open(
        file: &File,
        root: &str,
        types: Option<Arc<TypesTable>>,
    ) -> Result<Self, CircuitError> {
        let mut groups = Vec::new();
        for name in file.groups(root)? {
            let Ok(id) = name.parse::<u64>() else {
                continue;
            };
            let path = format!("{root}/{name}");
            let columns = sources(file, &path)?;
            let dynamics = sources(file, &format!("{path}/dynamics_params"))?;
            let mut rows = None;
            for source in columns.values().chain(dynamics.values()) {
                let has = source.data.rows();
                match rows {
                    None => rows = Some(has),
                    Some(rows) if rows == has => {}
                    Some(rows) => {
                        return Err(source.data.error(format!(
                            "has {has} values, other columns of its group have {rows}"
                        )));
                    }
                }
            }
            groups.push(Group {
                id,
                rows,
                columns,
                dynamics,
            });
        }
        Ok(Self {
            root: root.to_owned(),
            file: file.clone(),
            groups,
            types,
        })
    }

    /// The table of types, if there is one.
    pub(crate) fn types(&self) -> Option<&Arc<TypesTable>> {
        self.types.as_ref()
    }

    /// The names of all attributes, of groups and table, but `dynamics_params` of HDF5.
    pub(crate) fn names(&self) -> IndexSet<String> {
        let groups = self
            .groups
            .iter()
            .flat_map(|group| group.columns.keys().cloned());
        let types = self
            .types
            .iter()
            .flat_map(|types| types.names().map(str::to_owned));
        groups.chain(types).collect()
    }

    /// The names of the parameters that groups have in `dynamics_params`.
    pub(crate) fn dynamics_names(&self) -> IndexSet<String> {
        self.groups
            .iter()
            .flat_map(|group| group.dynamics.keys().cloned())
            .collect()
    }

    /// Whether an attribute of this name is somewhere.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.groups
            .iter()
            .any(|group| group.columns.contains_key(name))
            || self.types.iter().any(|types| types.column(name).is_some())
    }

    /// The rows of types in the table; [`NO_ROW`] where there is none.
    pub(crate) fn type_rows(&self, ids: &[u64], column: &str) -> Result<Vec<u32>, CircuitError> {
        let Some(types) = &self.types else {
            return Ok(vec![NO_ROW; ids.len()]);
        };
        let row = |id: &u64| {
            types.row(*id).ok_or_else(|| {
                let text = format!(
                    "the type {id} is not in {}",
                    types
                        .file()
                        .file_name()
                        .unwrap_or_default()
                        .to_string_lossy()
                );
                CircuitError::file(self.file.path(), format!("{}/{column}", self.root), text)
            })
        };
        ids.iter().map(row).collect()
    }

    /// The place of a group among all, for [`Members`].
    fn place(&self, id: u64, column: &str) -> Result<u32, CircuitError> {
        let known = self.groups.iter().position(|group| group.id == id);
        match known.map(u32::try_from) {
            Some(Ok(place)) => Ok(place),
            // A population without any group has no columns either: nothing is lost.
            _ if self.groups.is_empty() && id == 0 => Ok(0),
            _ => Err(CircuitError::file(
                self.file.path(),
                format!("{}/{column}", self.root),
                format!(
                    "names the group {id}, which is missing; there are {}",
                    self.ids()
                ),
            )),
        }
    }

    fn ids(&self) -> String {
        match self.groups.as_slice() {
            [] => "none".to_owned(),
            some => some
                .iter()
                .take(20)
                .map(|group| group.id.to_string())
                .collect::<Vec<_>>()
                .join(", "),
        }
    }

    /// An attribute of some members; `None` where neither group nor table has it.
    pub(crate) fn column(
        &self,
        name: &str,
        members: &Members,
        type_rows: &[u32],
    ) -> Result<Option<Column>, CircuitError> {
        if !self.has(name) {
            return Ok(None);
        }
        let table = self.types.as_ref().and_then(|types| types.column(name));
        self.collect(members, type_rows, table, |group| group.columns.get(name))
            .map(Some)
    }

    /// A parameter of `dynamics_params` in HDF5; `None` where no group has it, absent for members of
    /// the others.
    pub(crate) fn dynamics(
        &self,
        name: &str,
        members: &Members,
    ) -> Result<Option<Column>, CircuitError> {
        if !self
            .groups
            .iter()
            .any(|group| group.dynamics.contains_key(name))
        {
            return Ok(None);
        }
        self.collect(members, &[], None, |group| group.dynamics.get(name))
            .map(Some)
    }

    /// A column of numbers, NaN where absent: as [`column`](Self::column) then as numbers, but
    /// without a detour.
    pub(crate) fn numbers(
        &self,
        name: &str,
        members: &Members,
        type_rows: &[u32],
    ) -> Result<Option<Vec<f64>>, CircuitError> {
        if let Members::Run {
            group,
            first,
            count,
        } = members
            && let Some(group) = self.groups.get(*group as usize)
            && let Some(Source {
                data,
                library: None,
            }) = group.columns.get(name)
            && data.kind() != Kind::Words
        {
            return data.read_rows(*first..first + count).map(Some);
        }
        let Some(column) = self.column(name, members, type_rows)? else {
            return Ok(None);
        };
        if let Column::Floats(values) = column {
            return Ok(Some(values));
        }
        let one = |at| match (column.float(at), column.is_absent(at)) {
            (Some(value), _) => Ok(value),
            (None, true) => Ok(f64::NAN),
            (None, false) => Err(CircuitError::file(
                self.file.path(),
                format!("{}/{name}", self.root),
                format!(
                    "is {:?}; a number is needed",
                    column.word(at).unwrap_or_default()
                ),
            )),
        };
        (0..column.len())
            .map(one)
            .collect::<Result<_, _>>()
            .map(Some)
    }

    /// Values from the groups that have the column, and from the table for members of the others.
    fn collect<'a>(
        &'a self,
        members: &Members,
        type_rows: &[u32],
        table: Option<&Column>,
        of: impl Fn(&'a Group) -> Option<&'a Source>,
    ) -> Result<Column, CircuitError> {
        let count = members.len();
        let mut parts = Vec::new();
        let mut rest = Vec::new();
        for (place, range) in members.by_group() {
            match self.groups.get(place as usize).and_then(&of) {
                Some(source) => parts.push(Part {
                    values: source.gather(&range.rows)?,
                    at: range.at,
                    of: None,
                }),
                None => rest.push(range.at),
            }
        }
        if let Some(table) = table {
            for at in rest {
                parts.push(Part {
                    values: table.clone(),
                    at,
                    of: Some(type_rows),
                });
            }
        }
        Ok(merge(count, parts))
    }

    /// An error where members are beyond the rows of their group.
    fn inside(&self, place: u32, most: u64, column: &str) -> Result<(), CircuitError> {
        match self.groups.get(place as usize) {
            Some(Group {
                rows: Some(rows),
                id,
                ..
            }) if most >= *rows => Err(CircuitError::file(
                self.file.path(),
                format!("{}/{column}", self.root),
                format!("is {most}, but the group {id} has {rows} rows"),
            )),
            _ => Ok(()),
        }
    }

    /// "; did you mean …?" for an attribute that is missing, or nothing.
    pub(crate) fn meant(&self, name: &str) -> String {
        meant(name, self.names().iter().map(String::as_str))
    }
}
