//! Edges that lie one after another in the file.

use std::ops::Range;

use super::{EdgePopulation, End};
use crate::attributes::{Members, NO_ROW};
use crate::{CircuitError, Column};

/// Some edges of a population. Attributes are read when they are asked for.
#[derive(Debug)]
pub struct EdgeBlock<'a> {
    /// The number of the first edge in the population.
    pub first: u64,
    /// The node ids that the edges come from.
    pub source: Vec<u64>,
    /// The node ids that the edges go to.
    pub target: Vec<u64>,
    /// The edges' types.
    pub type_id: Vec<u64>,
    type_rows: Vec<u32>,
    members: Members,
    population: &'a EdgePopulation,
}

impl<'a> EdgeBlock<'a> {
    pub(super) fn read(
        population: &'a EdgePopulation,
        edges: Range<u64>,
    ) -> Result<Self, CircuitError> {
        let type_id: Vec<u64> = population.type_id.read_rows(edges.clone())?;
        Ok(Self {
            first: edges.start,
            source: population.source.nodes(edges.clone())?,
            target: population.target.nodes(edges.clone())?,
            type_rows: population.attributes.type_rows(&type_id, "edge_type_id")?,
            type_id,
            members: population
                .placement
                .members(edges, &population.attributes)?,
            population,
        })
    }

    /// How many edges.
    pub fn len(&self) -> usize {
        self.source.len()
    }

    /// Whether there is no edge.
    pub fn is_empty(&self) -> bool {
        self.source.is_empty()
    }

    /// The row of the table of types for each edge; `None` without a table. What only the table says
    /// can be worked out once a type.
    pub fn type_rows(&self) -> Option<&[u32]> {
        (self.type_rows.first() != Some(&NO_ROW)).then_some(self.type_rows.as_slice())
    }

    /// An attribute of numbers, as `syn_weight`, `delay` or `nsyns`: from the edge's group in HDF5 if
    /// that has it, else from the table; NaN where absent. `None` where nothing has it.
    ///
    /// # Errors
    /// Where the file is damaged, or a value is text.
    pub fn attribute(&self, name: &str) -> Result<Option<Vec<f64>>, CircuitError> {
        self.population
            .attributes
            .numbers(name, &self.members, &self.type_rows)
    }

    /// An attribute of any kind, as `dynamics_params` or `weight_function`, likewise.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn column(&self, name: &str) -> Result<Option<Column>, CircuitError> {
        self.population
            .attributes
            .column(name, &self.members, &self.type_rows)
    }

    /// A parameter of the synapse that HDF5 has for single edges (`GROUP/dynamics_params/NAME`); it is
    /// over what the file says that the attribute `dynamics_params` names. `None` where nothing has it.
    ///
    /// # Errors
    /// Where the file is damaged.
    pub fn dynamics(&self, name: &str) -> Result<Option<Column>, CircuitError> {
        self.population.attributes.dynamics(name, &self.members)
    }
}

impl End {
    /// The nodes of some edges; nodes that do not exist are errors.
    fn nodes(&self, edges: Range<u64>) -> Result<Vec<u64>, CircuitError> {
        let first = edges.start;
        let nodes: Vec<u64> = self.data.read_rows(edges)?;
        let Some(ids) = &self.ids else {
            return Ok(nodes);
        };
        let outside = match ids.range() {
            Some(all) if nodes.iter().max().is_none_or(|most| *most < all.end) => None,
            _ => nodes.iter().position(|node| ids.position(*node).is_none()),
        };
        let Some(at) = outside else {
            return Ok(nodes);
        };
        let (node, edge) = (
            nodes.get(at).copied().unwrap_or_default(),
            first + at as u64,
        );
        let known = match ids.bounds() {
            Some((low, high)) => format!("ids {low} to {high}"),
            None => "no node".to_owned(),
        };
        Err(self.data.error(format!(
            "edge {edge} names the node {node}; the population {:?} has {known}",
            self.population
        )))
    }
}

/// All edges of a population, a block at a time.
#[derive(Debug)]
pub struct Blocks<'a> {
    population: &'a EdgePopulation,
    next: u64,
    size: u64,
}

impl<'a> Blocks<'a> {
    pub(super) fn new(population: &'a EdgePopulation, size: usize) -> Self {
        Self {
            population,
            next: 0,
            size: (size as u64).max(1),
        }
    }
}

impl<'a> Iterator for Blocks<'a> {
    type Item = Result<EdgeBlock<'a>, CircuitError>;

    fn next(&mut self) -> Option<Self::Item> {
        let count = self.population.len();
        if self.next >= count {
            return None;
        }
        let end = self.next.saturating_add(self.size).min(count);
        let block = self.population.block(self.next..end);
        // After an error there is nothing more to say.
        self.next = if block.is_ok() { end } else { count };
        Some(block)
    }
}
