//! The edges of a network, into the engine.
//!
//! Owns what an edge weighs and how long it takes: `syn_weight` × `nsyns` (of the edge in HDF5, else of its
//! type), or what a function says; `delay` likewise, else that of the synapse's file, else 1 ms.

use std::collections::HashMap;
use std::path::PathBuf;

use blendtorch_circuit::{CircuitError, Column, EdgeBlock, EdgePopulation, Problems, TypesTable};

use super::{Members, gather, nodes};
use crate::engine::{Edge, EngineError, Grid, Network};
use crate::functions::PLAIN_WEIGHTS;
use crate::plan::Plan;
use crate::plan::synapses::{Synapse, Synapses};
use crate::{Functions, SimulateError};

/// So many edges are in memory beside the network. Columns of that length (64 kB) are memory that is used
/// again; longer ones go back to the system after each block and come as new pages.
const BLOCK: usize = 1 << 13;
/// NEST's delay where none is given, in ms.
const DELAY: f64 = 1.0;

/// Connects all populations of edges. What is wrong with one is added to `wrong`, and the others are
/// looked at too: the network is whole where nothing was added.
pub(super) fn connect(
    plan: &Plan,
    members: &Members,
    functions: &dyn Functions,
    network: &mut Network,
    wrong: &mut Problems,
) -> Result<(), SimulateError> {
    let total = plan.circuit.edges.iter().map(EdgePopulation::len).sum();
    network.connect_begin(total)?;
    let before = wrong.errors();
    for edges in &plan.circuit.edges {
        gather(count(plan, members, edges, network), wrong)?;
    }
    if wrong.errors() > before {
        return Ok(());
    }
    for edges in &plan.circuit.edges {
        gather(place(plan, members, edges, functions, network), wrong)?;
    }
    if wrong.errors() == before {
        network.connect_end()?;
    }
    Ok(())
}

/// The first pass.
fn count(
    plan: &Plan,
    members: &Members,
    edges: &EdgePopulation,
    network: &mut Network,
) -> Result<(), SimulateError> {
    let ends = Ends::of(plan, members, edges);
    for block in edges.blocks(BLOCK) {
        let block = block?;
        let (sources, targets) = ends.of_block(&block);
        let counted = network.count(&sources, &targets);
        counted.map_err(|error| refused(edges, &block, &sources, &targets, &error))?;
    }
    Ok(())
}

/// The second pass.
fn place(
    plan: &Plan,
    members: &Members,
    edges: &EdgePopulation,
    functions: &dyn Functions,
    network: &mut Network,
) -> Result<(), SimulateError> {
    let folder = plan.config.components.get("synaptic_models_dir");
    let ends = Ends::of(plan, members, edges);
    let mut synapses = Synapses::new(edges, folder.map(PathBuf::as_path));
    let mut made = Made::new(edges, functions);
    for block in edges.blocks(BLOCK) {
        let block = block?;
        let (sources, targets) = ends.of_block(&block);
        let weights = made.weights(&block)?;
        let kinds = synapses.of(&block)?;
        let delays = made.delays(&block, &kinds, plan.times.grid)?;
        let placed: Vec<Edge> = sources
            .iter()
            .zip(&targets)
            .zip(weights.iter().zip(&delays))
            .zip(&kinds)
            .map(|(((source, target), (weight, delay)), kind)| Edge {
                source: *source,
                target: *target,
                weight: *weight,
                delay: *delay,
                receptor: kind.receptor,
            })
            .collect();
        let done = network.place(&placed);
        done.map_err(|error| refused(edges, &block, &sources, &targets, &error))?;
    }
    Ok(())
}

/// What the engine says of an edge, by the ids of its nodes.
fn refused(
    edges: &EdgePopulation,
    block: &EdgeBlock<'_>,
    sources: &[u32],
    targets: &[u32],
    error: &EngineError,
) -> CircuitError {
    let EngineError::Edge {
        origin,
        target,
        text,
    } = error
    else {
        return damaged(edges, error.to_string());
    };
    let mut ends = sources.iter().zip(targets);
    let ids = ends
        .position(|both| both == (origin, target))
        .and_then(|at| Some((block.source.get(at)?, block.target.get(at)?)));
    let text = match ids {
        Some((source, target)) => format!("edge from node {source} to node {target}: {text}"),
        None => error.to_string(),
    };
    let hint = match text.contains("receptor") {
        true => {
            " (receptor_type is in the file that dynamics_params of the edge names, or a column)"
        }
        false => "",
    };
    damaged(edges, format!("{text}{hint}"))
}

fn damaged(edges: &EdgePopulation, text: impl Into<String>) -> CircuitError {
    CircuitError::file(edges.file(), format!("/edges/{}", edges.name()), text)
}

/// The populations that edges join.
struct Ends<'a> {
    sides: [Option<Side<'a>>; 2],
}

struct Side<'a> {
    ids: &'a blendtorch_circuit::NodeIds,
    members: &'a super::MemberPopulation,
}

impl<'a> Ends<'a> {
    fn of(plan: &'a Plan, members: &'a Members, edges: &EdgePopulation) -> Self {
        let side = |name: &str| {
            let (at, nodes) = nodes(&plan.circuit, name)?;
            Some(Side {
                ids: nodes.node_ids(),
                members: members.populations.get(at)?,
            })
        };
        Self {
            sides: [edges.source_population(), edges.target_population()].map(side),
        }
    }

    /// The members that the edges of a block come from and go to.
    fn of_block(&self, block: &EdgeBlock<'_>) -> (Vec<u32>, Vec<u32>) {
        let side = |ids: &[u64], side: &Option<Side<'_>>| -> Vec<u32> {
            // A node that is not there is no member: the engine says so.
            let Some(side) = side else {
                return vec![u32::MAX; ids.len()];
            };
            let member = |id: &u64| {
                let node = side
                    .ids
                    .position(*id)
                    .and_then(|node| u32::try_from(node).ok());
                node.map_or(u32::MAX, |node| side.members.member(node))
            };
            ids.iter().map(member).collect()
        };
        let [from, to] = &self.sides;
        (side(&block.source, from), side(&block.target, to))
    }
}

/// A column of numbers of a block: of the edge in HDF5, else of its type.
struct Numbers<'a> {
    own: Option<Vec<f64>>,
    of_types: Option<&'a Column>,
    rows: &'a [u32],
}

impl<'a> Numbers<'a> {
    fn of(
        edges: &'a EdgePopulation,
        block: &'a EdgeBlock<'_>,
        name: &str,
    ) -> Result<Self, CircuitError> {
        Ok(Self {
            own: block.attribute(name)?,
            of_types: edges.types().and_then(|types| types.column(name)),
            rows: block.type_rows().unwrap_or_default(),
        })
    }

    fn at(&self, edge: usize) -> Option<f64> {
        let own = self.own.as_ref()?.get(edge).copied();
        // NaN is what an edge has that has no value of its own.
        own.filter(|value| !value.is_nan()).or_else(|| {
            let row = self.rows.get(edge).copied()?;
            self.of_types?.float(row as usize)
        })
    }
}

/// What functions say of the edges of each type, in the order of the file.
type Told = HashMap<u32, std::vec::IntoIter<f64>>;

/// Weights and delays of a population's edges.
struct Made<'a> {
    edges: &'a EdgePopulation,
    functions: &'a dyn Functions,
    weights: Told,
    delays: Told,
}

impl<'a> Made<'a> {
    fn new(edges: &'a EdgePopulation, functions: &'a dyn Functions) -> Self {
        Self {
            edges,
            functions,
            weights: Told::new(),
            delays: Told::new(),
        }
    }

    fn weights(&mut self, block: &EdgeBlock<'_>) -> Result<Vec<f64>, SimulateError> {
        let one = Numbers::of(self.edges, block, "syn_weight")?;
        let times = Numbers::of(self.edges, block, "nsyns")?;
        let named = block.column("weight_function")?;
        let mut weights = Vec::with_capacity(block.len());
        for edge in 0..block.len() {
            let name = named.as_ref().and_then(|column| column.word(edge));
            let weight = match name.filter(|name| !PLAIN_WEIGHTS.contains(&&**name)) {
                Some(name) => {
                    let (edges, functions) = (self.edges, self.functions);
                    told(&mut self.weights, edges, block, edge, |id| {
                        functions.weights(edges.name(), id, &name)
                    })?
                }
                None => match one.at(edge) {
                    Some(weight) => {
                        let times = times.at(edge).unwrap_or(1.0);
                        if times < 0.0 || times.fract() != 0.0 || times > 1e9 {
                            let number = block.first + edge as u64;
                            let text = format!("edge {number} has {times} synapses (nsyns)");
                            return Err(damaged(self.edges, text).into());
                        }
                        times * weight
                    }
                    None => {
                        let text = format!(
                            "edge {} has no syn_weight, neither itself nor in its type",
                            block.first + edge as u64
                        );
                        return Err(damaged(self.edges, text).into());
                    }
                },
            };
            weights.push(weight);
        }
        Ok(weights)
    }

    fn delays(
        &mut self,
        block: &EdgeBlock<'_>,
        kinds: &[Synapse],
        grid: Grid,
    ) -> Result<Vec<u32>, SimulateError> {
        let given = Numbers::of(self.edges, block, "delay")?;
        let named: Option<Column> = block.column("delay_function")?;
        let mut last = (f64::NAN, 0);
        let mut delays = Vec::with_capacity(block.len());
        for (edge, kind) in kinds.iter().enumerate() {
            let ms = match named.as_ref().and_then(|column| column.word(edge)) {
                Some(name) => {
                    let (edges, functions) = (self.edges, self.functions);
                    told(&mut self.delays, edges, block, edge, |id| {
                        functions.delays(edges.name(), id, &name)
                    })?
                }
                None => given.at(edge).or(kind.delay).unwrap_or(DELAY),
            };
            if ms != last.0 {
                let steps = grid.delay(ms).map_err(|error| {
                    let number = block.first + edge as u64;
                    damaged(self.edges, format!("edge {number}: {error}"))
                })?;
                last = (ms, steps);
            }
            delays.push(last.1);
        }
        Ok(delays)
    }
}

/// The next value that a function gave for the type of an edge.
fn told(
    known: &mut Told,
    edges: &EdgePopulation,
    block: &EdgeBlock<'_>,
    edge: usize,
    ask: impl FnOnce(u64) -> Result<Vec<f64>, String>,
) -> Result<f64, CircuitError> {
    let row = block.type_rows().and_then(|rows| rows.get(edge)).copied();
    let row = row.unwrap_or_default();
    let ids = edges.types().map(TypesTable::ids);
    let id = ids
        .and_then(|ids| ids.get(row as usize))
        .copied()
        .unwrap_or_default();
    let refused = |text: String| damaged(edges, format!("type {id}: {text}"));
    let values = match known.entry(row) {
        std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
        std::collections::hash_map::Entry::Vacant(entry) => {
            let values = ask(id).map_err(refused)?;
            if let Some(odd) = values.iter().find(|value| !value.is_finite()) {
                return Err(refused(format!("the function gave {odd}")));
            }
            entry.insert(values.into_iter())
        }
    };
    values
        .next()
        .ok_or_else(|| refused("the function gave fewer values than there are edges".to_owned()))
}
