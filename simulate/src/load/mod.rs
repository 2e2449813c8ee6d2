//! From a plan to a network that the engine runs.
//!
//! Owns which node is which member of the engine's network, and the order of loading: cells, edges (twice,
//! a block at a time, so that only one block is in memory beside the network), currents, spikes.

mod edges;
mod trains;

use std::ops::Range;

use blendtorch_circuit::{Circuit, Problems};

use crate::engine::{ClampId, EngineError, Network, Probe, ProbeId};
use crate::plan::Plan;
use crate::plan::cells::{CellPopulation, Cells, VIRTUAL};
use crate::plan::selection::Selected;
use crate::plan::stimuli::Planned;
use crate::{Functions, SimulateError};

/// A loaded network.
pub(crate) struct Loaded {
    pub(crate) network: Network,
    pub(crate) members: Members,
    /// One for each of the plan's recorded variables.
    pub(crate) probes: Vec<ProbeId>,
    /// What was odd, for people.
    pub(crate) warnings: Vec<String>,
}

/// Which member of the engine's network a node is. Simulated cells come first, in the order of the
/// populations and of their nodes, then virtual ones.
#[derive(Debug)]
pub(crate) struct Members {
    pub(crate) populations: Vec<MemberPopulation>,
}

/// The members of a population.
#[derive(Debug)]
pub(crate) struct MemberPopulation {
    pub(crate) name: String,
    /// The members that are its simulated cells.
    pub(crate) cells: Range<u32>,
    /// Its nodes' members; nothing where all are of one sort: then they follow one another.
    listed: Option<Vec<u32>>,
    first: u32,
    /// The nodes' places by the order of its simulated cells; nothing where they are the same.
    nodes: Option<Vec<u32>>,
}

impl MemberPopulation {
    /// The member that a node is, by its place in the population.
    pub(crate) fn member(&self, node: u32) -> u32 {
        match &self.listed {
            None => self.first.saturating_add(node),
            Some(listed) => listed.get(node as usize).copied().unwrap_or(u32::MAX),
        }
    }

    /// The place in the population of its n-th simulated cell.
    pub(crate) fn node(&self, cell: u32) -> u32 {
        match &self.nodes {
            None => cell,
            Some(nodes) => nodes.get(cell as usize).copied().unwrap_or(u32::MAX),
        }
    }
}

impl Members {
    fn of(cells: &Cells) -> Self {
        let simulated: u64 = cells
            .populations
            .iter()
            .map(CellPopulation::simulated)
            .sum();
        let (mut cell, mut source) = (0_u32, u32::try_from(simulated).unwrap_or(u32::MAX));
        let mut populations = Vec::new();
        for population in &cells.populations {
            let nodes = u32::try_from(population.of.len()).unwrap_or(u32::MAX);
            let own = u32::try_from(population.simulated()).unwrap_or(u32::MAX);
            let (first_cell, first_source) = (cell, source);
            let mixed = own != 0 && own != nodes;
            let listed = mixed.then(|| {
                let place = |set: &u32| {
                    let next = if *set == VIRTUAL {
                        &mut source
                    } else {
                        &mut cell
                    };
                    *next += 1;
                    *next - 1
                };
                population.of.iter().map(place).collect()
            });
            if !mixed {
                let next = if own == 0 { &mut source } else { &mut cell };
                *next = next.saturating_add(nodes);
            }
            populations.push(MemberPopulation {
                name: population.name.clone(),
                cells: first_cell..first_cell + own,
                listed,
                first: if own == 0 { first_source } else { first_cell },
                nodes: mixed.then(|| {
                    let nodes = (0..).zip(&population.of);
                    let simulated = nodes.filter(|(_, set)| **set != VIRTUAL);
                    simulated.map(|(node, _)| node).collect()
                }),
            });
        }
        Self { populations }
    }

    /// The members of selected nodes, in their order.
    pub(crate) fn of_selected(&self, selected: &[Selected]) -> Vec<u32> {
        let mut members = Vec::new();
        for one in selected {
            if let Some(population) = self.populations.get(one.population) {
                members.extend(one.nodes.iter().map(|node| population.member(*node)));
            }
        }
        members
    }

    /// The place of a population.
    pub(crate) fn population(&self, name: &str) -> Option<usize> {
        self.populations.iter().position(|one| one.name == name)
    }
}

/// Loads what a plan names.
pub(crate) fn load(plan: &Plan, functions: &dyn Functions) -> Result<Loaded, SimulateError> {
    let members = Members::of(&plan.cells);
    let mut network = Network::new(plan.times.grid);
    let simulated: Vec<u32> = plan
        .cells
        .populations
        .iter()
        .flat_map(|population| &population.of)
        .filter(|set| **set != VIRTUAL)
        .copied()
        .collect();
    network.add_cells(&plan.cells.parameters, &simulated)?;
    let nodes: usize = plan.cells.populations.iter().map(|one| one.of.len()).sum();
    network.add_sources(nodes - simulated.len())?;
    let mut wrong = Problems::new();
    edges::connect(plan, &members, functions, &mut network, &mut wrong)?;
    let mut warnings = Vec::new();
    for input in &plan.inputs {
        let read = match input {
            Planned::Clamp { steps, cells, key } => {
                let clamped = clamp(plan, &members.of_selected(cells), steps, &mut network);
                clamped
                    .map(drop)
                    .map_err(|error| said_in(plan, key, &error))
            }
            Planned::Trains(one) => trains::read(plan, one, &members, &mut network, &mut warnings),
            Planned::Function { name, cells, key } => {
                trains::made(plan, name, cells, key, &members, functions, &mut network)
            }
        };
        gather(read, &mut wrong)?;
    }
    wrong.into_result()?;
    let mut probes = Vec::new();
    for one in &plan.recorded {
        probes.push(network.probe(&Probe {
            cells: members.of_selected(&one.cells),
            variables: vec![one.variable.clone()],
            first: one.first,
            every: one.every,
            end: one.end,
        })?);
    }
    Ok(Loaded {
        network,
        members,
        probes,
        warnings,
    })
}

/// Goes on after what is wrong with a file, so that all of it is said; not after anything else.
fn gather(done: Result<(), SimulateError>, wrong: &mut Problems) -> Result<(), SimulateError> {
    match done {
        Err(SimulateError::Circuit(error)) => {
            wrong.add(error);
            Ok(())
        }
        done => done,
    }
}

/// Times of a clamp are off the grid where the engine refuses them: that is said of the input.
fn said_in(plan: &Plan, key: &str, error: &EngineError) -> SimulateError {
    blendtorch_circuit::CircuitError::file(&plan.config.file, key, error.to_string()).into()
}

/// The pulses of a clamp within a run, which begins at 0 for the engine.
fn clamp(
    plan: &Plan,
    cells: &[u32],
    steps: &[(f64, f64, f64)],
    network: &mut Network,
) -> Result<ClampId, EngineError> {
    let (from, end) = (plan.times.tstart, plan.times.tstop);
    let within = steps.iter().filter(|(on, off, _)| *off > from && *on < end);
    let pulses: Vec<_> = within
        .map(|(on, off, amp)| (on.max(from) - from, off.min(end) - from, *amp))
        .collect();
    network.clamp(cells, &pulses)
}

/// The node population of a name; that it is there was checked.
fn nodes<'a>(
    circuit: &'a Circuit,
    name: &str,
) -> Option<(usize, &'a blendtorch_circuit::NodePopulation)> {
    circuit
        .nodes
        .iter()
        .enumerate()
        .find(|(_, one)| one.name() == name)
}
