//! Populations of edges.
//!
//! Owns `/edges/NAME`: which nodes it joins, its edges a block at a time, and the tables by which the
//! edges of a node are found. Nothing here holds more than a block.

mod block;
mod index;

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

pub use block::{Blocks, EdgeBlock};

use crate::attributes::{Attributes, Placement};
use crate::hdf5::read::{Dataset, File};
use crate::populations::{Of, open_all};
use crate::{CircuitError, NodeIds, Problems, TypesTable};

/// A population of edges, from the nodes of one population to those of another or the same. Opening
/// reads no edge.
#[derive(Debug)]
pub struct EdgePopulation {
    name: String,
    file: File,
    source: End,
    target: End,
    type_id: Dataset,
    placement: Placement,
    attributes: Attributes,
}

/// One end of the edges.
#[derive(Debug)]
struct End {
    /// The nodes' population.
    population: String,
    data: Dataset,
    /// The ids that there are, once the nodes are known.
    ids: Option<Arc<NodeIds>>,
    /// The table by which a node's edges are found.
    index: &'static str,
}

impl EdgePopulation {
    /// Opens all populations of a file, in the order of their names. One that cannot be read is a
    /// problem, and left out.
    pub fn open_all(
        edges_file: &Path,
        edge_types_file: Option<&Path>,
        problems: &mut Problems,
    ) -> Vec<Self> {
        let of = Of {
            group: "edges",
            other: "nodes",
            id: "edge_type_id",
        };
        open_all(&of, edges_file, edge_types_file, problems, Self::open)
    }

    /// Opens one population of an open file.
    ///
    /// # Errors
    /// Where it is missing or damaged, its columns have different lengths, or nothing says which
    /// nodes it joins.
    pub fn open(
        file: &File,
        name: &str,
        types: Option<Arc<TypesTable>>,
    ) -> Result<Self, CircuitError> {
        let root = format!("/edges/{name}");
        let end = |column: &str, side: usize, index| {
            let data = file.require(&format!("{root}/{column}"))?;
            Ok::<_, CircuitError>(End {
                population: population(&data, name, side)?,
                data,
                ids: None,
                index,
            })
        };
        let source = end("source_node_id", 0, "source_to_target")?;
        let target = end("target_node_id", 1, "target_to_source")?;
        let type_id = file.require(&format!("{root}/edge_type_id"))?;
        let count = source.data.rows();
        for data in [&target.data, &type_id] {
            if data.rows() != count {
                let text = format!("has {} values, source_node_id has {count}", data.rows());
                return Err(data.error(text));
            }
        }
        let attributes = Attributes::open(file, &root, types)?;
        let placement = Placement::open(file, &root, ["edge_group_id", "edge_group_index"], count)?;
        Ok(Self {
            name: name.to_owned(),
            file: file.clone(),
            source,
            target,
            type_id,
            placement,
            attributes,
        })
    }

    /// Says which nodes there are at both ends, so that blocks refuse edges of others.
    /// [`Circuit::open`](crate::Circuit::open) does it.
    pub fn join(&mut self, source: Arc<NodeIds>, target: Arc<NodeIds>) {
        (self.source.ids, self.target.ids) = (Some(source), Some(target));
    }

    /// The population's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that it is in.
    pub fn file(&self) -> &Path {
        self.file.path()
    }

    /// The population of the nodes that the edges come from.
    pub fn source_population(&self) -> &str {
        &self.source.population
    }

    /// The population of the nodes that the edges go to.
    pub fn target_population(&self) -> &str {
        &self.target.population
    }

    /// How many edges there are.
    pub fn len(&self) -> u64 {
        self.source.data.rows()
    }

    /// Whether there is no edge.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The table of types, where there is one.
    pub fn types(&self) -> Option<&TypesTable> {
        self.attributes.types().map(Arc::as_ref)
    }

    /// The names of all attributes, of HDF5 and table.
    pub fn attribute_names(&self) -> Vec<String> {
        self.attributes.names().into_iter().collect()
    }

    /// Whether some group or the table has an attribute; reads no value.
    pub fn has_attribute(&self, name: &str) -> bool {
        self.attributes.has(name)
    }

    /// The nearest name of an attribute that is missing, as "; did you mean …?", or nothing.
    pub fn meant(&self, name: &str) -> String {
        self.attributes.meant(name)
    }

    /// The names of the parameters that HDF5 has for single edges (`GROUP/dynamics_params/NAME`).
    pub fn dynamics_names(&self) -> Vec<String> {
        self.attributes.dynamics_names().into_iter().collect()
    }

    /// All edges in blocks of `size`, in the order of the file. Sizes about 10^5 to 10^6 are fast.
    pub fn blocks(&self, size: usize) -> Blocks<'_> {
        Blocks::new(self, size)
    }

    /// Some edges, one after another in the file.
    ///
    /// # Errors
    /// Where there are fewer, the file is damaged, or ids, types, groups or rows do not exist.
    pub fn block(&self, edges: Range<u64>) -> Result<EdgeBlock<'_>, CircuitError> {
        EdgeBlock::read(self, edges)
    }

    /// The edges that go to some nodes, as ranges that ascend and do not overlap.
    ///
    /// By the index in the file where there is one, else all edges are looked at.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn afferent(&self, targets: &[u64]) -> Result<Vec<Range<u64>>, CircuitError> {
        index::find(self, &self.target, targets)
    }

    /// The edges that come from some nodes, as [`afferent`](Self::afferent).
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn efferent(&self, sources: &[u64]) -> Result<Vec<Range<u64>>, CircuitError> {
        index::find(self, &self.source, sources)
    }
}

/// The population at one end: the attribute `node_population` (earlier files: `network`), else what
/// the edges' name says.
fn population(data: &Dataset, name: &str, side: usize) -> Result<String, CircuitError> {
    for attribute in ["node_population", "network"] {
        if let Some(value) = data.attribute(attribute)? {
            return match value.word() {
                Some(word) => Ok(word.to_owned()),
                None => Err(data.error(format!(
                    "its attribute {attribute} is no name of a population"
                ))),
            };
        }
    }
    match name.split("_to_").collect::<Vec<_>>().get(..) {
        Some([source, target]) => Ok([*source, *target]
            .get(side)
            .copied()
            .unwrap_or(target)
            .to_owned()),
        _ => Err(data.error("has no attribute node_population: nothing says which nodes it means")),
    }
}

#[cfg(test)]
mod tests;
