//! Which sets of nodes or edges share a group: those with the same columns.
//!
//! Owns the numbers of groups and the rows in them. SONATA keeps the columns of a group together, and
//! each node or edge says in which group and row its values lie.

use std::path::Path;

use super::columns::{self, Column, Place};
use crate::CircuitError;
use crate::hdf5::{Group, Writer};

/// The columns' prefix that is a group in the file.
const DYNAMICS: &str = "dynamics_params/";

/// Groups, numbered in the order in which their first set comes.
pub(super) struct Groups<'a> {
    /// Of each set.
    pub(super) of_set: Vec<u32>,
    /// The sets of each group, and the names of its columns.
    members: Vec<(Vec<usize>, Vec<String>)>,
    sets: Vec<&'a [Column<'a>]>,
}

impl<'a> Groups<'a> {
    /// Groups sets by their columns' names.
    ///
    /// # Errors
    /// [`CircuitError::File`] where a column has not as many rows as its set, has a name that no dataset
    /// can have, or differs in kind from that of the same name in another set.
    pub(super) fn of(
        sets: Vec<(&'a [Column<'a>], usize)>,
        path: &Path,
    ) -> Result<Self, CircuitError> {
        let mut groups = Self {
            of_set: Vec::new(),
            members: Vec::new(),
            sets: sets.iter().map(|(columns, _)| *columns).collect(),
        };
        for (at, (columns, rows)) in sets.into_iter().enumerate() {
            for column in columns {
                check(column, rows, path)?;
            }
            let mut names: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
            names.sort_unstable();
            if let Some([name, _]) = names.windows(2).find(|pair| pair.first() == pair.last()) {
                return Err(CircuitError::file(path, name, "two columns have this name"));
            }
            let known = groups.members.iter().position(|(_, known)| *known == names);
            let group = known.unwrap_or_else(|| {
                groups.members.push((Vec::new(), names));
                groups.members.len() - 1
            });
            if let Some((sets, _)) = groups.members.get_mut(group) {
                sets.push(at);
            }
            groups.of_set.push(group as u32);
        }
        Ok(groups)
    }

    /// Writes all columns, each in the order of `places`: (set, row in it) of all nodes or edges.
    pub(super) fn write(
        &self,
        file: &mut Writer,
        population: &mut Group,
        path: &Path,
        places: &(impl Iterator<Item = Place> + Clone),
        rows: impl Fn(usize) -> usize,
    ) -> Result<(), CircuitError> {
        for (number, (sets, names)) in self.members.iter().enumerate() {
            // Of each set of the network, which of this group's it is.
            let mut slots = vec![None; self.sets.len()];
            for (slot, set) in sets.iter().enumerate() {
                if let Some(entry) = slots.get_mut(*set) {
                    *entry = Some(slot);
                }
            }
            let here = places
                .clone()
                .filter_map(|(set, row)| Some(((*slots.get(set)?)?, row)));
            let count = sets.iter().map(|set| rows(*set)).sum();
            let (mut group, mut dynamics) = (Group::new(), None);
            for name in names {
                let columns: Vec<&Column<'_>> = sets
                    .iter()
                    .filter_map(|set| self.sets.get(*set)?.iter().find(|one| one.name == *name))
                    .collect();
                if columns.windows(2).any(|pair| match pair {
                    [one, other] => one.kind() != other.kind(),
                    _ => false,
                }) {
                    let text = "its values are of several kinds; convert them to one";
                    return Err(CircuitError::file(path, name, text));
                }
                let dataset = columns::write(file, &columns, here.clone(), count)?;
                match name.strip_prefix(DYNAMICS) {
                    Some(parameter) => dynamics
                        .get_or_insert_with(Group::new)
                        .dataset(parameter, dataset),
                    None => group.dataset(name, dataset),
                }
            }
            if let Some(dynamics) = dynamics {
                group.group("dynamics_params", dynamics);
            }
            population.group(&number.to_string(), group);
        }
        Ok(())
    }
}

fn check(column: &Column<'_>, rows: usize, path: &Path) -> Result<(), CircuitError> {
    let name = column.name.strip_prefix(DYNAMICS).unwrap_or(&column.name);
    if !is_name(name) {
        let text = "no dataset can have this name; take one without \"/\"";
        return Err(CircuitError::file(path, &column.name, text));
    }
    if column.rows() != Some(rows) {
        let text = format!(
            "it has {} rows, and there are {rows}",
            column
                .rows()
                .map_or_else(|| "no whole".to_owned(), |rows| rows.to_string())
        );
        return Err(CircuitError::file(path, &column.name, text));
    }
    Ok(())
}

/// Whether a group or a dataset can have this name.
pub(super) fn is_name(name: &str) -> bool {
    !name.is_empty() && name != "." && name != ".." && !name.contains(['/', '\0'])
}
