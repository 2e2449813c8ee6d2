//! Results of BSB 3: `/recorders/GROUP/TAG`.
//!
//! Owns which of its groups have spikes, and that the network's configuration is theirs.

use crate::hdf5::read::{File, Group, Value};
use crate::{CircuitError, nearest};

use super::super::{CellNetwork, Format};
use super::collect::Collected;
use super::trains::{self, SpikeData};

/// Puts the spikes of a file into `collected`.
pub(super) fn read(
    file: &File,
    network: &CellNetwork,
    group: Option<&str>,
    collected: &mut Collected<'_>,
) -> Result<(), CircuitError> {
    if network.format() != Format::BsbV3 && file.has_group("/recorders")? {
        let text = format!(
            "has results of BSB 3, whose cells are counted over all populations; {} is another kind of network",
            network.path().display()
        );
        return Err(CircuitError::file(file.path(), "/recorders", text));
    }
    fits(file, network, collected)?;
    let asked = group.is_some();
    for group in groups(file, group)? {
        let before = collected.trains();
        add(&group, asked, collected)?;
        // Devices have groups of their own: input/DEVICE/TARGET.
        for (_, below) in group.groups()? {
            add(&below, asked, collected)?;
        }
        if asked && collected.trains() == before {
            return Err(group.error("has no tables of spikes: n × 2, a cell's id and a time in ms"));
        }
    }
    Ok(())
}

/// The groups to look into.
fn groups(file: &File, asked: Option<&str>) -> Result<Vec<Group>, CircuitError> {
    if let Some(asked) = asked {
        for path in [
            format!("/recorders/{}", asked.trim_matches('/')),
            asked.to_owned(),
        ] {
            if let Some(group) = file.open_group(&path)? {
                return Ok(vec![group]);
            }
        }
        let known = file.groups("/recorders")?;
        let text = match nearest(asked, known.iter().map(String::as_str)) {
            Some(near) => format!("has no group {asked:?}; did you mean {near:?}?"),
            None => format!("has no group {asked:?}; under /recorders are {known:?}"),
        };
        return Err(CircuitError::file(file.path(), "/recorders", text));
    }
    let Some(recorders) = file.open_group("/recorders")? else {
        return Err(CircuitError::file(file.path(), "", no_results(file)?));
    };
    let groups = recorders.groups()?.into_iter();
    // What a device put in is no activity.
    Ok(groups
        .filter(|(name, _)| name != "input")
        .map(|(_, group)| group)
        .collect())
}

/// What a file without results is instead.
fn no_results(file: &File) -> Result<&'static str, CircuitError> {
    if file
        .datasets("/")?
        .iter()
        .any(|name| name == "all_spikes_dump")
    {
        return Ok(
            "has only Arbor's own /all_spikes_dump, whose cells are not the network's ids; record spikes by a device",
        );
    }
    for (group, text) in [
        (
            "/placement",
            "is a network of BSB, not results of a simulation",
        ),
        (
            "/cells",
            "is a network of BSB 3, not results of a simulation",
        ),
        ("/nodes", "is a SONATA file of nodes, not results"),
        ("/edges", "is a SONATA file of edges, not results"),
        (
            "/report",
            "is a report, not results with spikes; a report is drawn by its own",
        ),
    ] {
        if file.has_group(group)? {
            return Ok(text);
        }
    }
    Ok("has no group /recorders: these are no results of BSB, nor Neo's (.nio), nor SONATA's")
}

fn add(group: &Group, plain: bool, collected: &mut Collected<'_>) -> Result<(), CircuitError> {
    for (name, data) in group.datasets()? {
        match trains::read(&name, &data, plain)? {
            None => {}
            Some(SpikeData::OfCell(id, times)) => {
                let cell = collected.cell_of_all(id);
                if let Some(cell) = cell {
                    collected.recorded_cell(cell);
                }
                collected.add(times.into_iter().map(|time| (cell, time)), |_| {
                    id.to_string()
                });
            }
            Some(SpikeData::OfDevice(spikes)) => {
                let of = |(id, time): &(i64, f64)| (collected.cell_of_all(*id), *time);
                let cells: Vec<_> = spikes.iter().map(of).collect();
                let mut places: Vec<usize> = cells
                    .iter()
                    .filter_map(|(cell, _)| Some((*cell)?.0))
                    .collect();
                places.sort_unstable();
                places.dedup();
                for place in places {
                    collected.recorded(place);
                }
                let name = |at: u64| {
                    let at = usize::try_from(at).unwrap_or(usize::MAX);
                    spikes
                        .get(at)
                        .map_or_else(String::new, |one| one.0.to_string())
                };
                collected.add(cells, name);
            }
        }
    }
    Ok(())
}

/// Says so where the results were made with another configuration.
fn fits(
    file: &File,
    network: &CellNetwork,
    collected: &mut Collected<'_>,
) -> Result<(), CircuitError> {
    let theirs = file.attribute("/", "configuration_string")?;
    let theirs = theirs.as_ref().and_then(Value::word);
    let ours = network.identity().find(|(key, _)| *key == "configuration");
    let parsed = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    if let (Some(theirs), Some((_, ours))) = (theirs, ours)
        && theirs != ours
        && let (Some(theirs), Some(ours)) = (parsed(theirs), parsed(ours))
        && ["cell_types", "layers", "connection_types"]
            .iter()
            .any(|key| theirs[key] != ours[key])
    {
        let text = format!(
            "the cells of these results were configured otherwise than those of {}: are they of another network?",
            network.path().display()
        );
        collected
            .problems
            .warning(file.path(), "@configuration_string", text);
    }
    Ok(())
}
