//! Edges as a file: `/edges/NAME`, sorted by target, with groups of columns and index tables.
//!
//! Owns its layout. Of 10⁷ edges it holds their order and one column at a time, beside what it is given.

use std::path::Path;

use super::columns::Column;
use super::groups::{Groups, is_name};
use super::partial::Partial;
use super::{indices, order, root};
use crate::CircuitError;
use crate::hdf5::{Attribute, Group, Writer};

/// Edges of one type, from one table of nodes to another.
#[derive(Debug, Clone)]
pub struct EdgeSet<'a> {
    /// The type, as in the table of types.
    pub type_id: u32,
    /// Of each edge, the row of its source in `source_ids`.
    pub source: &'a [u32],
    /// Of each edge, the row of its target in `target_ids`.
    pub target: &'a [u32],
    /// Numbers of nodes in the source population.
    pub source_ids: &'a [u64],
    /// Numbers of nodes in the target population.
    pub target_ids: &'a [u64],
    /// What each of them has, one row an edge.
    pub columns: Vec<Column<'a>>,
}

/// A population of edges.
#[derive(Debug, Clone)]
pub struct Edges<'a> {
    /// Its name, usually `SOURCE_to_TARGET`.
    pub name: &'a str,
    /// The population of the sources.
    pub source_population: &'a str,
    /// The population of the targets.
    pub target_population: &'a str,
    /// The number above those of all sources, for the index table.
    pub source_nodes: u64,
    /// The number above those of all targets, for the index table.
    pub target_nodes: u64,
    /// The edges. In the file they are by target, and those of a target in this order.
    pub sets: Vec<EdgeSet<'a>>,
    /// Whether there are index tables.
    pub indices: bool,
}

impl EdgeSet<'_> {
    /// The numbers of the nodes at one end.
    fn ends<'a>(rows: &'a [u32], ids: &'a [u64]) -> impl Iterator<Item = u64> + Clone + 'a {
        rows.iter()
            .map(|row| ids.get(*row as usize).copied().unwrap_or(0))
    }

    fn check(&self, path: &Path) -> Result<(), CircuitError> {
        let outside = |rows: &[u32], ids: &[u64]| {
            rows.iter()
                .max()
                .is_some_and(|row| *row as usize >= ids.len())
        };
        let text = if self.source.len() != self.target.len() {
            "there are not as many sources as targets"
        } else if outside(self.source, self.source_ids) || outside(self.target, self.target_ids) {
            "an edge begins or ends at a row outside its table of nodes"
        } else {
            return Ok(());
        };
        Err(CircuitError::file(
            path,
            format!("edge type {}", self.type_id),
            text,
        ))
    }
}

impl Edges<'_> {
    /// Writes the file, in place of one that is there.
    ///
    /// # Errors
    /// [`CircuitError::File`] where columns or ends do not fit, a name cannot be one, there are more
    /// than 2³² − 1 edges, or an index table would be far larger than the edges;
    /// [`CircuitError::Io`] where it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), CircuitError> {
        let count = self.check(path)?;
        let sets = self.sets.iter();
        let groups = Groups::of(
            sets.clone()
                .map(|set| (set.columns.as_slice(), set.source.len()))
                .collect(),
            path,
        )?;
        let partial = Partial::of(path);
        let mut file = Writer::create(partial.beside())?;
        let targets = sets
            .clone()
            .flat_map(|set| EdgeSet::ends(set.target, set.target_ids));
        let order = order::stable(targets, count);
        let starts: Vec<usize> = sets
            .clone()
            .scan(0, |first, set| {
                let start = *first;
                *first += set.source.len();
                Some(start)
            })
            .collect();
        // The set of each edge of the file, and its row there.
        let places = order.iter().map(|edge| {
            let edge = *edge as usize;
            let set = starts
                .partition_point(|start| *start <= edge)
                .saturating_sub(1);
            (set, edge - starts.get(set).copied().unwrap_or(0))
        });
        let mut population = Group::new();
        let mut tables = Group::new();
        for (name, table, at, nodes) in [
            (
                "source_node_id",
                "source_to_target",
                self.source_population,
                self.source_nodes,
            ),
            (
                "target_node_id",
                "target_to_source",
                self.target_population,
                self.target_nodes,
            ),
        ] {
            let of_sources = name == "source_node_id";
            let ids: Vec<u64> = places
                .clone()
                .map(|(set, row)| self.end(set, row, of_sources))
                .collect();
            let column = file.column(&ids)?;
            population.dataset(name, column.with("node_population", Attribute::string(at)));
            if self.indices {
                let nodes =
                    nodes.max(ids.iter().max().map_or(0, |id| id.saturating_add(1))) as usize;
                tables.group(table, indices::write(&mut file, &ids, nodes)?);
            }
        }
        if self.indices {
            population.group("indices", tables);
        }
        let of_set = |set: usize| groups.of_set.get(set).copied().unwrap_or(0);
        let types: Vec<u32> = places
            .clone()
            .map(|(set, _)| self.sets.get(set).map_or(0, |set| set.type_id))
            .collect();
        population.dataset("edge_type_id", file.column(&types)?);
        drop(types);
        let of_group: Vec<u16> = places.clone().map(|(set, _)| of_set(set) as u16).collect();
        population.dataset("edge_group_id", file.column(&of_group)?);
        let mut next = vec![0_u32; self.sets.len()];
        let rows: Vec<u32> = of_group
            .iter()
            .map(|group| {
                let row = next.get_mut(usize::from(*group));
                row.map_or(0, |row| std::mem::replace(row, *row + 1))
            })
            .collect();
        population.dataset("edge_group_index", file.column(&rows)?);
        drop((rows, of_group));
        let length = |set: usize| self.sets.get(set).map_or(0, |set| set.source.len());
        groups.write(&mut file, &mut population, path, &places, length)?;
        let (mut root, mut edges) = (root(), Group::new());
        edges.group(self.name, population);
        root.group("edges", edges);
        file.finish(&root)?;
        partial.finish()
    }

    /// The number of edges, once all of it fits.
    fn check(&self, path: &Path) -> Result<usize, CircuitError> {
        if !is_name(self.name) {
            let text = "no population can have this name; take one without \"/\"";
            return Err(CircuitError::file(path, self.name, text));
        }
        for set in &self.sets {
            set.check(path)?;
        }
        let count: usize = self.sets.iter().map(|set| set.source.len()).sum();
        if count > u32::MAX as usize || self.sets.len() > usize::from(u16::MAX) {
            let text = format!(
                "{count} edges of {} types are too many for one file: at most 4294967295 of 65535",
                self.sets.len()
            );
            return Err(CircuitError::file(path, self.name, text));
        }
        let ids = |set: &EdgeSet<'_>| set.source_ids.iter().chain(set.target_ids).max().copied();
        let highest = self.sets.iter().filter_map(ids).max().unwrap_or(0);
        let nodes = highest.max(self.source_nodes).max(self.target_nodes);
        if self.indices && nodes > 64 * count as u64 + (1 << 24) {
            let text = format!(
                "an index table has a row for each number of a node up to {nodes}: number nodes from \
                 0, or write the edges without index tables"
            );
            return Err(CircuitError::file(path, self.name, text));
        }
        Ok(count)
    }

    fn end(&self, set: usize, row: usize, of_sources: bool) -> u64 {
        let found = self.sets.get(set).and_then(|set| {
            let (rows, ids) = match of_sources {
                true => (set.source, set.source_ids),
                false => (set.target, set.target_ids),
            };
            ids.get(*rows.get(row)? as usize)
        });
        found.copied().unwrap_or(0)
    }
}
