//! The usual rules by which edges are drawn: by probability, by distance, with fixed degrees.
//!
//! Owns what is drawn for a seed: the same edges on every machine, in memory that grows with the edges
//! alone. Each row of the outer loop draws from a stream of its own.

mod degree;
mod distance;
mod probability;
mod random;

use thiserror::Error;

pub use degree::{Degree, degree};
pub use distance::{Distance, FallOff, distance};
pub use probability::probability;
pub use random::numbers;

/// Why edges cannot be drawn.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RuleError {
    /// More nodes than rows can be counted.
    #[error("{0} nodes are too many for one rule: 4294967295 are the most")]
    TooManyNodes(usize),
    /// A node cannot have so many partners.
    #[error(
        "a degree of {wanted} needs as many partners, and there are {there}; allow multapses, or draw fewer"
    )]
    TooFewPartners {
        /// The degree.
        wanted: usize,
        /// The partners that a node can have.
        there: usize,
    },
    /// Not as many points or ids as nodes.
    #[error("{what}: {there} where {wanted} are needed")]
    Length {
        /// Of what.
        what: &'static str,
        /// How many there are.
        there: usize,
        /// How many there should be.
        wanted: usize,
    },
}

/// Edges by the rows of their ends, in the order of source, then target.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Pairs {
    /// Rows of the sources.
    pub source: Vec<u32>,
    /// Rows of the targets.
    pub target: Vec<u32>,
}

/// Sources and targets by number, and the ids that may not meet themselves.
#[derive(Debug, Clone, Copy)]
pub struct Ends<'a> {
    /// How many sources there are.
    pub sources: usize,
    /// How many targets there are.
    pub targets: usize,
    /// Ids of the sources and of the targets, of one population: no edge from a node to itself.
    pub own: Option<(&'a [u64], &'a [u64])>,
}

impl Ends<'_> {
    fn check(&self) -> Result<(), RuleError> {
        let most = self.sources.max(self.targets);
        if most > u32::MAX as usize {
            return Err(RuleError::TooManyNodes(most));
        }
        if let Some((sources, targets)) = self.own {
            for (what, there, wanted) in [
                ("ids of sources", sources.len(), self.sources),
                ("ids of targets", targets.len(), self.targets),
            ] {
                if there != wanted {
                    return Err(RuleError::Length {
                        what,
                        there,
                        wanted,
                    });
                }
            }
        }
        Ok(())
    }

    /// Whether the two are one node, which is not connected to itself.
    fn same(&self, source: usize, target: usize) -> bool {
        self.own.is_some_and(|(sources, targets)| {
            sources
                .get(source)
                .is_some_and(|id| targets.get(target) == Some(id))
        })
    }
}

impl Pairs {
    fn push(&mut self, source: usize, target: usize) {
        self.source.push(source as u32);
        self.target.push(target as u32);
    }
}

#[cfg(test)]
mod tests;
