//! The edges of a network, in two passes: counted, then placed where they stay.
//!
//! Owns every check of an edge. It holds no edge twice, so that memory stays at 16 bytes an edge and what
//! finds them by their source.

use super::edges::{Edges, Synapse};
use super::layout::{self, NO_BLOCK, Place};
use super::network::{Edge, Network, Phase};
use super::{EngineError, Grid};
use crate::models::Kind;

impl Network {
    /// Begins the first pass over the edges. `edges` is about how many there will be.
    ///
    /// # Errors
    /// Called twice.
    pub fn connect_begin(&mut self, edges: u64) -> Result<(), EngineError> {
        if self.phase != Phase::Cells {
            return Err(EngineError::Order("edges are begun once"));
        }
        let members = self.set_of.len();
        let blocks = layout::blocks(self.cells, members, edges);
        (self.places, self.layouts) = layout::lay_out(&self.sets, &self.set_of, blocks);
        self.edges = self.layouts.iter().map(|_| Edges::new(members)).collect();
        self.phase = Phase::Counting;
        Ok(())
    }

    /// Counts edges, any number at a time: as many sources as targets.
    ///
    /// # Errors
    /// A member that is not there, a target that is no cell, or a call out of order.
    pub fn count(&mut self, sources: &[u32], targets: &[u32]) -> Result<(), EngineError> {
        if self.phase != Phase::Counting || sources.len() != targets.len() {
            return Err(EngineError::Order(
                "edges are counted between connect_begin and the first that is placed, as many \
                 sources as targets",
            ));
        }
        for (&source, &target) in sources.iter().zip(targets) {
            let place = self.target(source, target)?;
            let edges = self.edges.get_mut(place.block as usize);
            if !edges.is_some_and(|edges| edges.count(source)) {
                return Err(too_many());
            }
        }
        self.counted += sources.len() as u64;
        Ok(())
    }

    fn target(&self, source: u32, target: u32) -> Result<Place, EngineError> {
        if source as usize >= self.set_of.len() {
            return Err(self.no_member(source));
        }
        match self.places.get(target as usize) {
            None => Err(self.no_member(target)),
            Some(place) if place.block == NO_BLOCK => Err(EngineError::Edge {
                origin: source,
                target,
                text: "the target only sends spikes: give the edge a cell as target".to_owned(),
            }),
            Some(place) => Ok(*place),
        }
    }

    /// Places edges that were counted, any number at a time, in the order of the file.
    ///
    /// # Errors
    /// An edge that was not counted, a weight that is not finite, a delay of no step or too many, a
    /// receptor that the target does not have, or a call out of order.
    pub fn place(&mut self, edges: &[Edge]) -> Result<(), EngineError> {
        if self.phase == Phase::Counting {
            if !self.edges.iter_mut().all(Edges::counted) {
                return Err(too_many());
            }
            self.phase = Phase::Placing;
        }
        if self.phase != Phase::Placing {
            return Err(EngineError::Order(
                "edges are counted before they are placed",
            ));
        }
        for edge in edges {
            self.place_one(edge)?;
        }
        self.placed += edges.len() as u64;
        Ok(())
    }

    fn place_one(&mut self, edge: &Edge) -> Result<(), EngineError> {
        let place = self.target(edge.source, edge.target)?;
        let wrong = |text: String| EngineError::Edge {
            origin: edge.source,
            target: edge.target,
            text,
        };
        if !edge.weight.is_finite() {
            return Err(wrong(format!("its weight is {}", edge.weight)));
        }
        if !(1..=Grid::MOST_DELAY).contains(&edge.delay) {
            return Err(wrong(format!(
                "its delay is {} steps: from 1 to {} are possible",
                edge.delay,
                Grid::MOST_DELAY
            )));
        }
        let group = self
            .layouts
            .get(place.block as usize)
            .and_then(|block| block.groups.get(place.group as usize))
            .ok_or_else(|| self.no_member(edge.target))?;
        let channel = match (group.kind, edge.receptor) {
            (Kind::GlifPsc, receptor) => {
                let set = self.set_of.get(edge.target as usize).copied().unwrap_or(0);
                let own = self.channels_of_set.get(set as usize).copied().unwrap_or(0);
                match (1..=own).contains(&receptor) {
                    true => receptor as usize - 1,
                    false => {
                        return Err(wrong(format!(
                            "receptor_type is {receptor}, and the target's tau_syn has {own} values: \
                             from 1 to {own} are possible"
                        )));
                    }
                }
            }
            (kind, receptor @ 1..) => {
                return Err(wrong(format!(
                    "receptor_type is {receptor}, and {} has none: leave it out",
                    kind.name()
                )));
            }
            // Exactly 0 is inhibitory.
            (Kind::IafPscExp | Kind::IafPscAlpha, 0) => usize::from(edge.weight <= 0.0),
            (Kind::IafPscDelta | Kind::Izhikevich, 0) => 0,
        };
        let row = group.base + channel * group.cells.len() + place.at as usize;
        let synapse = Synapse {
            weight: edge.weight,
            row: u32::try_from(row).map_err(|_| too_many())?,
            delay: edge.delay,
        };
        let kind = group.kind;
        let edges = self.edges.get_mut(place.block as usize);
        if !edges.is_some_and(|edges| edges.place(edge.source, synapse)) {
            return Err(wrong(
                "it was not counted: the edges have changed".to_owned(),
            ));
        }
        self.longest = self.longest.max(edge.delay);
        self.shortest = self.shortest.min(edge.delay + u32::from(kind.late()));
        if kind == Kind::IafPscExp {
            self.shortest_shown = self.shortest_shown.min(edge.delay);
        }
        Ok(())
    }

    /// Ends the second pass.
    ///
    /// # Errors
    /// Fewer edges placed than counted, or from other sources.
    pub fn connect_end(&mut self) -> Result<(), EngineError> {
        self.place(&[])?;
        if self.placed != self.counted || !self.edges.iter().all(Edges::placed) {
            return Err(EngineError::Size(format!(
                "{} edges were counted and {} placed, or others than were counted: the edges have \
                 changed",
                self.counted, self.placed
            )));
        }
        self.phase = Phase::Connected;
        Ok(())
    }

    /// Connects all of a list at once.
    ///
    /// # Errors
    /// As [`Self::count`] and [`Self::place`].
    pub fn connect(&mut self, edges: &[Edge]) -> Result<(), EngineError> {
        self.connect_begin(edges.len() as u64)?;
        for edge in edges {
            self.count(&[edge.source], &[edge.target])?;
        }
        self.place(edges)?;
        self.connect_end()
    }

    /// Ends whatever phase of connecting it is in.
    pub(crate) fn finish(&mut self) -> Result<(), EngineError> {
        match self.phase {
            Phase::Connected => Ok(()),
            Phase::Cells => {
                self.connect_begin(0)?;
                self.connect_end()
            }
            Phase::Counting | Phase::Placing => self.connect_end(),
        }
    }
}

fn too_many() -> EngineError {
    EngineError::Size("too many edges for this machine's memory, or 2^32 into one block".to_owned())
}
