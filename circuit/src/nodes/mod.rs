//! Populations of nodes.
//!
//! Owns `/nodes/NAME`: ids, types, and the attributes of each node. It selects nothing and knows no
//! edge.

mod ids;

use std::path::Path;
use std::sync::Arc;

pub use ids::NodeIds;

use crate::attributes::{Attributes, Members, NO_ROW, Placement};
use crate::hdf5::read::File;
use crate::populations::{Of, open_all};
use crate::{CircuitError, Column, Problems, TypesTable};

/// A population of nodes. Ids and types are in memory, attributes are read when they are asked for.
#[derive(Debug)]
pub struct NodePopulation {
    name: String,
    file: File,
    ids: Arc<NodeIds>,
    type_ids: Vec<u64>,
    type_rows: Vec<u32>,
    members: Members,
    attributes: Attributes,
}

impl NodePopulation {
    /// Opens all populations of a file, in the order of their names. One that cannot be read is a
    /// problem, and left out.
    pub fn open_all(
        nodes_file: &Path,
        node_types_file: Option<&Path>,
        problems: &mut Problems,
    ) -> Vec<Self> {
        let of = Of {
            group: "nodes",
            other: "edges",
            id: "node_type_id",
        };
        open_all(&of, nodes_file, node_types_file, problems, Self::open)
    }

    /// Opens one population of an open file.
    ///
    /// # Errors
    /// Where it is missing or damaged, ids are there twice, types are not in the table, or groups and
    /// rows that are named do not exist.
    pub fn open(
        file: &File,
        name: &str,
        types: Option<Arc<TypesTable>>,
    ) -> Result<Self, CircuitError> {
        let root = format!("/nodes/{name}");
        let type_data = file.require(&format!("{root}/node_type_id"))?;
        let type_ids: Vec<u64> = type_data.read()?;
        let count = type_ids.len() as u64;
        if count >= u64::from(u32::MAX) {
            return Err(type_data.error(format!(
                "has {count} nodes; a population has fewer than 2^32"
            )));
        }
        let ids = match file.dataset(&format!("{root}/node_id"))? {
            None => NodeIds::counted(count),
            Some(data) if data.rows() != count => {
                let text = format!("has {} values, node_type_id has {count}", data.rows());
                return Err(data.error(text));
            }
            Some(data) => NodeIds::listed(data.read()?)
                .map_err(|twice| data.error(format!("has {twice} twice")))?,
        };
        let attributes = Attributes::open(file, &root, types)?;
        let type_rows = attributes.type_rows(&type_ids, "node_type_id")?;
        let placement = Placement::open(file, &root, ["node_group_id", "node_group_index"], count)?;
        Ok(Self {
            name: name.to_owned(),
            file: file.clone(),
            ids: Arc::new(ids),
            members: placement.members(0..count, &attributes)?,
            type_ids,
            type_rows,
            attributes,
        })
    }

    /// The population's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The file that it is in.
    pub fn file(&self) -> &Path {
        self.file.path()
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.type_ids.len()
    }

    /// Whether there is no node.
    pub fn is_empty(&self) -> bool {
        self.type_ids.is_empty()
    }

    /// The nodes' ids.
    pub fn node_ids(&self) -> &Arc<NodeIds> {
        &self.ids
    }

    /// The nodes' types, in the order of the file.
    pub fn node_type_ids(&self) -> &[u64] {
        &self.type_ids
    }

    /// The table of types, where there is one.
    pub fn types(&self) -> Option<&TypesTable> {
        self.attributes.types().map(Arc::as_ref)
    }

    /// The row of the table of types, for each node in the order of the file; `None` without a table.
    pub fn type_rows(&self) -> Option<&[u32]> {
        (self.type_rows.first() != Some(&NO_ROW)).then_some(self.type_rows.as_slice())
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

    /// An attribute of all nodes in the order of the file: from the node's group in HDF5 if that has
    /// it, else from the table. `None` where nothing has it.
    ///
    /// # Errors
    /// Where the file is damaged, or the values are neither numbers nor text.
    pub fn attribute(&self, name: &str) -> Result<Option<Column>, CircuitError> {
        self.attributes.column(name, &self.members, &self.type_rows)
    }

    /// An attribute of numbers; NaN where absent. `None` where nothing has it.
    ///
    /// # Errors
    /// As [`attribute`](Self::attribute), and where a value is text.
    pub fn numbers(&self, name: &str) -> Result<Option<Vec<f64>>, CircuitError> {
        self.attributes
            .numbers(name, &self.members, &self.type_rows)
    }

    /// The parameters of the model that HDF5 has for single nodes (`GROUP/dynamics_params/NAME`):
    /// they are over what the file says that the attribute `dynamics_params` names. A node of another
    /// group has none: absent.
    ///
    /// # Errors
    /// As [`attribute`](Self::attribute).
    pub fn dynamics_params(&self) -> Result<Vec<(String, Column)>, CircuitError> {
        let mut found = Vec::new();
        for name in self.attributes.dynamics_names() {
            if let Some(column) = self.attributes.dynamics(&name, &self.members)? {
                found.push((name, column));
            }
        }
        Ok(found)
    }

    /// The positions in µm as x, y, z of each node: from `x`, `y`, `z`, or from a column `positions`
    /// (of three numbers a node) where there is one group. `None` where a node has none.
    ///
    /// # Errors
    /// As [`attribute`](Self::attribute).
    pub fn positions(&self) -> Result<Option<Vec<[f64; 3]>>, CircuitError> {
        let mut axes = Vec::new();
        for axis in ["x", "y", "z"] {
            match self.numbers(axis)? {
                Some(values) => axes.push(values),
                None if axis == "z" && axes.len() == 2 => axes.push(vec![0.0; self.len()]),
                None => return self.table_of_positions(),
            }
        }
        let one = |at: usize| {
            [0, 1, 2].map(|axis| {
                axes.get(axis)
                    .and_then(|axis: &Vec<f64>| axis.get(at))
                    .copied()
                    .unwrap_or(f64::NAN)
            })
        };
        Ok(Some((0..self.len()).map(one).collect()))
    }

    /// `positions` as BMTK's builder writes it where positions were given as an array.
    fn table_of_positions(&self) -> Result<Option<Vec<[f64; 3]>>, CircuitError> {
        let Members::Run { first, count, .. } = &self.members else {
            return Ok(None);
        };
        let groups = self.file.groups(&format!("/nodes/{}", self.name))?;
        let [group] = groups.as_slice() else {
            return Ok(None);
        };
        let path = format!("/nodes/{}/{group}/positions", self.name);
        match self.file.dataset(&path)? {
            Some(data) if data.shape().get(1) == Some(&3) && data.shape().len() == 2 => {
                let values: Vec<f64> = data.read_rows(*first..first + count)?;
                Ok(Some(values.as_chunks::<3>().0.to_vec()))
            }
            _ => Ok(None),
        }
    }
}
