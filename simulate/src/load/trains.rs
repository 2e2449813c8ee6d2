//! Spikes of virtual cells, from files or functions.
//!
//! Owns which spike goes to which cell: the population in the file and the subset of cells are heeded, the
//! unit too, and several inputs of one population add up. Spikes at or before the start of a run, and of
//! cells that are not there, are said and never dropped silently.

use blendtorch_circuit::config::TrainsFormat;
use blendtorch_circuit::spikes::{SpikeTrains, SpikesFile, read_csv};
use blendtorch_circuit::{CircuitError, Problems, TimeUnit};
use std::path::Path;

use super::{Members, said_in};
use crate::engine::Network;
use crate::plan::Plan;
use crate::plan::selection::Selected;
use crate::plan::stimuli::Trains;
use crate::{Functions, SimulateError};

/// Reads the files of an input.
pub(super) fn read(
    plan: &Plan,
    trains: &Trains,
    members: &Members,
    network: &mut Network,
    warnings: &mut Vec<String>,
) -> Result<(), SimulateError> {
    for file in &trains.files {
        for selected in &trains.cells {
            let Some(nodes) = plan.circuit.nodes.get(selected.population) else {
                continue;
            };
            let wanted = trains.population.as_deref().unwrap_or(nodes.name());
            let mut problems = Problems::new();
            let spikes = of_file(file, trains, wanted, &mut problems)?;
            warnings.extend(problems.iter().map(ToString::to_string));
            let place = |id: u64| nodes.node_ids().position(id);
            if let Some(id) = spikes.node_ids.iter().find(|id| place(**id).is_none()) {
                let text = format!(
                    "has spikes of a cell {id}, which the population {} of {} cells does not have",
                    nodes.name(),
                    nodes.len()
                );
                return Err(CircuitError::file(file, wanted, text).into());
            }
            let times = sorted(&spikes, |id| {
                let node = u32::try_from(place(id)?).ok()?;
                selected.nodes.binary_search(&node).ok()?;
                Some(node)
            });
            let key = &trains.key;
            let early = give(plan, selected.population, &times, key, members, network)?;
            if early > 0 {
                let start = plan.times.tstart;
                warnings.push(format!(
                    "warning: {}: {early} spikes are at or before the start of the run at {start} ms, and \
                     are left out",
                    file.display()
                ));
            }
        }
    }
    Ok(())
}

fn of_file(
    file: &Path,
    trains: &Trains,
    wanted: &str,
    problems: &mut Problems,
) -> Result<SpikeTrains, CircuitError> {
    let units = trains.units.as_deref().map(TimeUnit::named).transpose();
    let units = units.map_err(|text| CircuitError::file(&trains.said_in, &*trains.key, text))?;
    if trains.format == TrainsFormat::Csv {
        let all = read_csv(file, units)?;
        let names: Vec<_> = all.iter().map(|one| one.population.clone()).collect();
        return all
            .into_iter()
            .find(|one| one.population == wanted || one.population.is_empty())
            .ok_or_else(|| {
                let text = format!("has no population {wanted:?}, but {}", names.join(", "));
                CircuitError::file(file, "", text)
            });
    }
    let opened = SpikesFile::open(file)?;
    if opened.populations().is_empty() {
        return Ok(SpikeTrains::new(wanted));
    }
    let population = opened.population(wanted)?;
    opened.read(population, units, problems)
}

/// Places of nodes with the times of their spikes, in ms, by the node; of those that are wanted.
fn sorted(spikes: &SpikeTrains, node: impl Fn(u64) -> Option<u32>) -> Vec<(u32, f64)> {
    let mut all: Vec<(u32, f64)> = spikes
        .iter()
        .filter_map(|(id, time)| Some((node(id)?, time)))
        .collect();
    // Stable: the spikes of a cell stay in the order of the file.
    all.sort_by_key(|(node, _)| *node);
    all
}

/// Gives spikes to the sources, and says how many came too early. A run that begins at 0 refuses them, as
/// NEST does; one that begins later leaves them out.
fn give(
    plan: &Plan,
    population: usize,
    times: &[(u32, f64)],
    key: &str,
    members: &Members,
    network: &mut Network,
) -> Result<usize, SimulateError> {
    let start = plan.times.tstart;
    let Some(population) = members.populations.get(population) else {
        return Ok(0);
    };
    let mut early = 0;
    let mut train = Vec::new();
    for of_cell in times.chunk_by(|a, b| a.0 == b.0) {
        train.clear();
        for (_, time) in of_cell {
            match start == 0.0 || *time > start {
                true => train.push(time - start),
                false => early += 1,
            }
        }
        if let Some((node, _)) = of_cell.first() {
            let source = population.member(*node);
            network
                .train(source, &train)
                .map_err(|error| said_in(plan, key, &error))?;
        }
    }
    Ok(early)
}

/// Asks a function for the spikes of an input's cells.
pub(super) fn made(
    plan: &Plan,
    name: &str,
    cells: &[Selected],
    key: &str,
    members: &Members,
    functions: &dyn Functions,
    network: &mut Network,
) -> Result<(), SimulateError> {
    let refused = |text: String| CircuitError::file(&plan.config.file, key, text);
    for selected in cells {
        let Some(nodes) = plan.circuit.nodes.get(selected.population) else {
            continue;
        };
        let id = |node: &u32| nodes.node_ids().id(u64::from(*node)).unwrap_or_default();
        let ids: Vec<u64> = selected.nodes.iter().map(id).collect();
        let trains = functions
            .spikes(nodes.name(), &ids, name)
            .map_err(refused)?;
        if trains.len() != ids.len() {
            let text = format!(
                "{name} gave {} trains for {} cells",
                trains.len(),
                ids.len()
            );
            return Err(refused(text).into());
        }
        let times = selected.nodes.iter().zip(trains);
        let times = times.flat_map(|(node, train)| train.into_iter().map(|time| (*node, time)));
        give(
            plan,
            selected.population,
            &times.collect::<Vec<_>>(),
            key,
            members,
            network,
        )?;
    }
    Ok(())
}
