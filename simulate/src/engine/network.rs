//! A network of point neurons while it is put together.
//!
//! Owns the order of doing so and every check of what is put in: cells and sources, then edges in two
//! passes, then spike trains, injected currents and probes. It runs nothing.

use std::ops::Range;

use super::block::Rhythm;
use super::clamps::Clamp;
use super::edges::{Edges, Synapse};
use super::layout::{self, BlockLayout, NO_BLOCK, Place};
use super::{EngineError, Grid};
use crate::models::{Kind, Parameters};

/// An edge between two members of a network.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Edge {
    /// A cell or a source of spikes.
    pub source: u32,
    /// A cell.
    pub target: u32,
    /// In the unit of the target's model: pA, or mV for `iaf_psc_delta` and `izhikevich`.
    pub weight: f64,
    /// In steps: [`Grid::delay`].
    pub delay: u32,
    /// From 1 for `glif_psc`, as many as it has `tau_syn`; 0 for all others.
    pub receptor: u32,
}

/// What a probe is known by, from 0 in the order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProbeId(pub usize);

/// What a clamp is known by, from 0 in the order of adding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClampId(pub usize);

/// What records variables of cells.
#[derive(Debug, Clone)]
pub struct Probe {
    /// Indices of cells.
    pub cells: Vec<u32>,
    /// Names of what their models record; a row has all cells of the first, then all of the second.
    pub variables: Vec<String>,
    /// The first step whose state is recorded; 0 is the state before the first update.
    pub first: u64,
    /// So many steps apart.
    pub every: u64,
    /// Behind the last step; `u64::MAX` for no end.
    pub end: u64,
}

pub(crate) struct ProbeLayout {
    pub(crate) rhythm: Rhythm,
    pub(crate) width: usize,
    /// (cell, recordable) of each column.
    pub(crate) columns: Vec<(u32, u32)>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Phase {
    Cells,
    Counting,
    Placing,
    Connected,
}

/// A network: cells, sources of spikes, and the edges from either to cells.
///
/// Cells and sources have one space of indices, in the order of adding. Where spikes arrive at a cell
/// in the same step they are added in the order of their times, then of their senders' indices, then of
/// their edges.
pub struct Network {
    pub(crate) grid: Grid,
    pub(crate) sets: Vec<Parameters>,
    pub(crate) set_of: Vec<u32>,
    pub(crate) places: Vec<Place>,
    pub(crate) layouts: Vec<BlockLayout>,
    pub(crate) edges: Vec<Edges>,
    channels_of_set: Vec<u32>,
    cells: usize,
    phase: Phase,
    counted: u64,
    placed: u64,
    /// Over all edges; 0 where there are none.
    pub(crate) longest: u32,
    /// The fewest steps from a spike to when a cell must know of it.
    pub(crate) shortest: u32,
    /// The shortest delay to a cell whose recorded currents have what has just arrived.
    pub(crate) shortest_shown: u32,
    pub(crate) trains: Vec<(u64, u32)>,
    pub(crate) clamps: Vec<Clamp>,
    pub(crate) probes: Vec<ProbeLayout>,
}

impl Network {
    /// Without cells.
    pub fn new(grid: Grid) -> Self {
        Self {
            grid,
            sets: Vec::new(),
            set_of: Vec::new(),
            places: Vec::new(),
            layouts: Vec::new(),
            edges: Vec::new(),
            channels_of_set: Vec::new(),
            cells: 0,
            phase: Phase::Cells,
            counted: 0,
            placed: 0,
            longest: 0,
            shortest: u32::MAX,
            shortest_shown: u32::MAX,
            trains: Vec::new(),
            clamps: Vec::new(),
            probes: Vec::new(),
        }
    }

    /// The grid of time.
    pub fn grid(&self) -> Grid {
        self.grid
    }

    /// How many cells there are, without the sources.
    pub fn cells(&self) -> usize {
        self.cells
    }

    /// How many edges are placed.
    pub fn edges(&self) -> u64 {
        self.placed
    }

    /// Adds a cell for each of `of`, the index of its parameters in `parameters`. Models may be mixed.
    ///
    /// # Errors
    /// Parameters that their model refuses, an index outside, more than 2^32 − 1 members, or edges that
    /// were begun already.
    pub fn add_cells(
        &mut self,
        parameters: &[Parameters],
        of: &[u32],
    ) -> Result<Range<u32>, EngineError> {
        for one in parameters {
            one.check()?;
        }
        if let Some(index) = of.iter().find(|one| **one as usize >= parameters.len()) {
            return Err(EngineError::Index {
                what: "parameters",
                index: u64::from(*index),
                known: parameters.len() as u64,
            });
        }
        let range = self.grow(of.len())?;
        let first = self.sets.len() as u32;
        self.sets.extend_from_slice(parameters);
        self.channels_of_set
            .extend(parameters.iter().map(|one| layout::channels(one) as u32));
        self.set_of.extend(of.iter().map(|one| first + one));
        self.cells += of.len();
        Ok(range)
    }

    /// Adds sources of spikes: members that do nothing but send what [`Self::train`] gives them.
    ///
    /// # Errors
    /// More than 2^32 − 1 members, or edges that were begun already.
    pub fn add_sources(&mut self, sources: usize) -> Result<Range<u32>, EngineError> {
        let range = self.grow(sources)?;
        self.set_of.resize(self.set_of.len() + sources, NO_BLOCK);
        Ok(range)
    }

    fn grow(&self, by: usize) -> Result<Range<u32>, EngineError> {
        if self.phase != Phase::Cells {
            return Err(EngineError::Order(
                "cells and sources are added before the edges",
            ));
        }
        let first = self.set_of.len();
        match u32::try_from(first + by) {
            Ok(last) if last < NO_BLOCK => Ok(first as u32..last),
            _ => Err(EngineError::Size(format!(
                "{} cells and sources: fewer than 2^32 − 1 are possible",
                first as u64 + by as u64
            ))),
        }
    }

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

    pub(crate) fn no_member(&self, index: u32) -> EngineError {
        EngineError::Index {
            what: "cell or source",
            index: u64::from(index),
            known: self.set_of.len() as u64,
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

    /// Gives a source more spikes, in ms, in any order. Two in one step are two spikes.
    ///
    /// # Errors
    /// A member that is no source, or a time that is not above 0.
    pub fn train(&mut self, source: u32, times: &[f64]) -> Result<(), EngineError> {
        let trains = self.stamps(source, times)?;
        self.trains.extend(trains);
        Ok(())
    }

    pub(crate) fn stamps(
        &self,
        source: u32,
        times: &[f64],
    ) -> Result<Vec<(u64, u32)>, EngineError> {
        match self.set_of.get(source as usize) {
            None => Err(self.no_member(source)),
            Some(&NO_BLOCK) => times
                .iter()
                .map(|time| Ok((self.grid.stamp(*time)?, source)))
                .collect(),
            Some(_) => Err(EngineError::Input(format!(
                "member {source} is a cell: only sources are given spike trains"
            ))),
        }
    }

    /// Injects currents into cells: (on, off, amplitude) in ms and pA, times on the grid. Each pulse ends
    /// where the next begins, if it has not ended. Several clamps of a cell add up.
    ///
    /// What changes at a time acts first on the step that ends two steps later, as it does where NEST's
    /// `step_current_generator` is connected with a delay of one step.
    ///
    /// # Errors
    /// A member that is no cell, a time off the grid, an end before its beginning.
    pub fn clamp(
        &mut self,
        cells: &[u32],
        pulses: &[(f64, f64, f64)],
    ) -> Result<ClampId, EngineError> {
        self.all_cells(cells)?;
        self.clamps.push(Clamp::new(self.grid, cells, pulses)?);
        Ok(ClampId(self.clamps.len() - 1))
    }

    pub(crate) fn all_cells(&self, cells: &[u32]) -> Result<(), EngineError> {
        cells.iter().try_for_each(|cell| self.kind(*cell).map(drop))
    }

    /// The model of a cell.
    ///
    /// # Errors
    /// A member that is no cell.
    pub fn kind(&self, cell: u32) -> Result<Kind, EngineError> {
        let set = self.set_of.get(cell as usize).copied();
        match set.and_then(|set| self.sets.get(set as usize)) {
            Some(parameters) => Ok(parameters.kind()),
            None => Err(EngineError::Index {
                what: "cell",
                index: u64::from(cell),
                known: self.cells as u64,
            }),
        }
    }

    /// Adds a probe.
    ///
    /// # Errors
    /// A member that is no cell, a variable that a cell's model does not record, `every` of 0.
    pub fn probe(&mut self, probe: &Probe) -> Result<ProbeId, EngineError> {
        if probe.every == 0 {
            return Err(EngineError::Input(
                "a probe that records every 0 steps: at least 1".to_owned(),
            ));
        }
        let mut columns = Vec::with_capacity(probe.cells.len() * probe.variables.len());
        for variable in &probe.variables {
            for cell in &probe.cells {
                columns.push((*cell, self.recordable(*cell, variable)?));
            }
        }
        self.probes.push(ProbeLayout {
            rhythm: Rhythm {
                first: probe.first,
                every: probe.every,
                end: probe.end,
            },
            width: columns.len(),
            columns,
        });
        Ok(ProbeId(self.probes.len() - 1))
    }

    pub(crate) fn recordable(&self, cell: u32, variable: &str) -> Result<u32, EngineError> {
        let kind = self.kind(cell)?;
        match kind.recordable(variable) {
            Some(recordable) => Ok(recordable as u32),
            None => Err(EngineError::Variable {
                kind: kind.name(),
                name: variable.chars().take(100).collect(),
                known: kind.recordables().join(", "),
            }),
        }
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
