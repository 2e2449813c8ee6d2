//! Which column of a report is which element of which node.
//!
//! Owns `mapping/` in both spellings: `index_pointers` of SONATA, `index_pointer` of BMTK, and the `gids`
//! and `element_id` of SONATA's first form.

use std::collections::HashMap;
use std::ops::Range;

use crate::CircuitError;
use crate::hdf5::read::{Dataset, Element, File};

/// What the columns are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mapping {
    pub node_ids: Vec<u64>,
    /// Where the columns of each node begin, and where those of the last one end.
    pub pointers: Vec<u64>,
    pub element_ids: Vec<u64>,
    pub element_pos: Option<Vec<f64>>,
    place: HashMap<u64, usize>,
}

impl Mapping {
    pub(super) fn read(file: &File, group: &str, columns: u64) -> Result<Self, CircuitError> {
        let first = |names: &[&str]| -> Result<Option<Dataset>, CircuitError> {
            for name in names {
                if let Some(found) = file.dataset(&format!("{group}/mapping/{name}"))? {
                    return Ok(Some(found));
                }
            }
            Ok(None)
        };
        let need = |names: &[&str]| -> Result<Dataset, CircuitError> {
            let name = names.first().copied().unwrap_or_default();
            first(names)?.ok_or_else(|| {
                CircuitError::file(file.path(), format!("{group}/mapping/{name}"), "is missing")
            })
        };
        let nodes = need(&["node_ids", "gids"])?;
        let node_ids = column::<u64>(&nodes)?;
        let mut place = HashMap::new();
        for (at, node) in node_ids.iter().enumerate() {
            if place.insert(*node, at).is_some() {
                return Err(nodes.error(format!("names node {node} twice")));
            }
        }
        let dataset = need(&["index_pointers", "index_pointer"])?;
        let mut pointers = column::<u64>(&dataset)?;
        // Some have only where each begins.
        if pointers.len() == node_ids.len() {
            pointers.push(columns);
        }
        let nodes = node_ids.len();
        if pointers.len() != nodes + 1 {
            let text = format!(
                "has {} values for {nodes} nodes; one more than nodes is needed",
                pointers.len()
            );
            return Err(dataset.error(text));
        }
        if !pointers.is_sorted() || pointers.last().is_some_and(|last| *last > columns) {
            let text = format!("must rise, up to the {columns} columns of the data");
            return Err(dataset.error(text));
        }
        let each = |dataset: &Dataset| match dataset.rows() == columns {
            true => Ok(()),
            false => Err(dataset.error(format!(
                "has {} values, and the data has {columns} columns",
                dataset.rows()
            ))),
        };
        let dataset = need(&["element_ids", "element_id"])?;
        each(&dataset)?;
        let element_ids = column::<u64>(&dataset)?;
        let element_pos = match first(&["element_pos"])? {
            Some(dataset) => {
                each(&dataset)?;
                Some(column::<f64>(&dataset)?)
            }
            None => None,
        };
        Ok(Self {
            node_ids,
            pointers,
            element_ids,
            element_pos,
            place,
        })
    }

    /// The columns of a node.
    pub(super) fn columns(&self, node: u64) -> Option<Range<usize>> {
        let at = *self.place.get(&node)?;
        let (start, end) = (self.pointers.get(at)?, self.pointers.get(at + 1)?);
        Some(usize::try_from(*start).ok()?..usize::try_from(*end).ok()?)
    }
}

fn column<T: Element>(dataset: &Dataset) -> Result<Vec<T>, CircuitError> {
    if dataset.shape().len() != 1 {
        let text = format!(
            "has the shape {:?}; one dimension is needed",
            dataset.shape()
        );
        return Err(dataset.error(text));
    }
    dataset.read()
}
