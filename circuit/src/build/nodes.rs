//! Nodes as a file: `/nodes/POPULATION` with ids, types, groups and their columns.
//!
//! Owns its layout. Every dataset that one of the readers needs is there: the specification leaves most of
//! them out where they can be, BMTK does not.

use std::path::Path;

use super::columns::Column;
use super::groups::{Groups, is_name};
use super::partial::Partial;
use super::root;
use crate::CircuitError;
use crate::hdf5::{Group, Writer};

/// Nodes of one type.
#[derive(Debug, Clone)]
pub struct NodeSet<'a> {
    /// The type, as in the table of types.
    pub type_id: u64,
    /// Their numbers in the population.
    pub ids: &'a [u64],
    /// What each of them has, one row a node.
    pub columns: Vec<Column<'a>>,
}

/// A population of nodes.
#[derive(Debug, Clone)]
pub struct Nodes<'a> {
    /// Its name.
    pub population: &'a str,
    /// Its nodes, in the order of the file.
    pub sets: Vec<NodeSet<'a>>,
}

impl Nodes<'_> {
    /// Writes the file, in place of one that is there.
    ///
    /// # Errors
    /// [`CircuitError::File`] where a column has too many or too few rows, two columns of one name are of
    /// different kinds, or a name cannot be one; [`CircuitError::Io`] where it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CircuitError> {
        if !is_name(self.population) {
            let text = "no population can have this name; take one without \"/\"";
            return Err(CircuitError::file(path, self.population, text));
        }
        let sets = self.sets.iter();
        let groups = Groups::of(
            sets.clone()
                .map(|set| (set.columns.as_slice(), set.ids.len()))
                .collect(),
            path,
        )?;
        let partial = Partial::of(path);
        let mut file = Writer::create(partial.beside())?;
        let mut population = Group::new();
        let ids: Vec<u64> = sets.clone().flat_map(|set| set.ids).copied().collect();
        population.dataset("node_id", file.column(&ids)?);
        let types: Vec<u64> = sets
            .clone()
            .flat_map(|set| std::iter::repeat_n(set.type_id, set.ids.len()))
            .collect();
        population.dataset("node_type_id", file.column(&types)?);
        let (mut of_group, mut rows) = (Vec::new(), Vec::new());
        let mut next = vec![0_u64; groups.of_set.len()];
        for (set, group) in sets.zip(&groups.of_set) {
            let Some(first) = next.get_mut(*group as usize) else {
                continue;
            };
            let count = set.ids.len();
            of_group.extend(std::iter::repeat_n(*group, count));
            rows.extend(*first..*first + count as u64);
            *first += count as u64;
        }
        population.dataset("node_group_id", file.column(&of_group)?);
        population.dataset("node_group_index", file.column(&rows)?);
        let places = self
            .sets
            .iter()
            .enumerate()
            .flat_map(|(set, nodes)| (0..nodes.ids.len()).map(move |row| (set, row)));
        let count = |set: usize| self.sets.get(set).map_or(0, |set| set.ids.len());
        groups.write(&mut file, &mut population, path, &places, count)?;
        let (mut root, mut nodes) = (root(), Group::new());
        nodes.group(self.population, population);
        root.group("nodes", nodes);
        file.finish(&root)?;
        partial.finish()
    }
}
