//! SONATA's spikes, HDF5 or text.
//!
//! Owns whose they are: of the population of the same name; of the only one, where the file names none.

use std::path::Path;

use crate::spikes::{SpikeTrains, SpikesFile, read_csv};
use crate::{CircuitError, meant};

use super::super::CellNetwork;
use super::collect::Collected;

/// Whether a file is text by its name.
pub(super) fn is_text(path: &Path) -> bool {
    path.extension().is_some_and(|end| {
        ["csv", "txt", "dat", "gdf"]
            .iter()
            .any(|one| end.eq_ignore_ascii_case(one))
    })
}

/// Puts the spikes of a text file into `collected`.
pub(super) fn read_text(
    path: &Path,
    network: &CellNetwork,
    collected: &mut Collected<'_>,
) -> Result<(), CircuitError> {
    for trains in read_csv(path, None)? {
        add(&trains, network, collected)?;
    }
    Ok(())
}

/// Puts the spikes of an HDF5 file into `collected`.
pub(super) fn read(
    path: &Path,
    network: &CellNetwork,
    collected: &mut Collected<'_>,
) -> Result<(), CircuitError> {
    let file = SpikesFile::open(path)?;
    for population in file.populations() {
        let trains = file.read(population, None, &mut collected.problems)?;
        add(&trains, network, collected)?;
    }
    Ok(())
}

fn add(
    trains: &SpikeTrains,
    network: &CellNetwork,
    collected: &mut Collected<'_>,
) -> Result<(), CircuitError> {
    let placed = || network.populations().iter().filter(|one| !one.entity);
    let name = match (trains.population.as_str(), placed().next(), placed().nth(1)) {
        ("", Some(only), None) => only.name.as_str(),
        ("", ..) => {
            let text = "has spikes of no population, and the network has several: name it in a column \"population\", or save the spikes as SONATA's HDF5";
            return Err(CircuitError::file(collected.path(), "", text));
        }
        (name, ..) => name,
    };
    let place = network
        .populations()
        .iter()
        .position(|one| one.name == name);
    match place {
        Some(place) => collected.recorded(place),
        None => {
            let known = network.populations().iter();
            let meant = meant(name, known.map(|one| one.name.as_str()));
            let text = format!(
                "has spikes of the population {name:?}, which {} does not have{meant}",
                network.path().display()
            );
            let path = collected.path().to_owned();
            collected.problems.warning(&path, "", text);
        }
    }
    let cell = |(id, time): (u64, f64)| {
        let cell = i64::try_from(id)
            .ok()
            .and_then(|id| collected.cell(name, id));
        (cell, time)
    };
    let spikes: Vec<_> = trains.iter().map(cell).collect();
    let named = |at: u64| {
        let id = usize::try_from(at)
            .ok()
            .and_then(|at| trains.node_ids.get(at));
        id.map_or_else(String::new, |id| format!("{name} {id}"))
    };
    collected.add(spikes, named);
    Ok(())
}
