//! A network of point neurons while it is put together.
//!
//! Owns the order of doing so, and the checks of cells and sources, spike trains, injected currents and
//! probes; edges are in `connect`. It runs nothing.

use std::ops::Range;

use super::block::Rhythm;
use super::clamps::Clamp;
use super::edges::Edges;
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
pub(super) enum Phase {
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
    pub(super) channels_of_set: Vec<u32>,
    pub(super) cells: usize,
    pub(super) phase: Phase,
    pub(super) counted: u64,
    pub(super) placed: u64,
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

    pub(crate) fn no_member(&self, index: u32) -> EngineError {
        EngineError::Index {
            what: "cell or source",
            index: u64::from(index),
            known: self.set_of.len() as u64,
        }
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
}
