//! Spike trains of BSB before version 8: the simulator's numbers of the senders.
//!
//! Owns which cell a number is: they run over the cells of the models, in the order in which the
//! configuration of the simulation has these.

use crate::CircuitError;
use crate::hdf5::read::File;
use crate::neo::Train;

use super::super::CellNetwork;
use super::super::network::Source;
use super::collect::{Cell, Collected};

/// Puts a train into `collected`; false where it has no senders.
pub(super) fn read(
    file: &File,
    train: &Train,
    network: &CellNetwork,
    collected: &mut Collected<'_>,
) -> Result<bool, CircuitError> {
    let Some(senders) = train.annotations.column("senders")? else {
        return Ok(false);
    };
    let wrong = |text: String| CircuitError::file(file.path(), train.path(), text);
    let senders: Vec<i64> = senders.read()?;
    let times = train.times()?;
    if senders.len() != times.len() {
        return Err(wrong(format!(
            "has {} times and {} senders",
            times.len(),
            senders.len()
        )));
    }
    let firsts = firsts(network).map_err(wrong)?;
    let cell = |sender: i64| -> Option<Cell> {
        let after = firsts.partition_point(|(first, _)| *first <= sender);
        let (first, place) = *firsts.get(after.checked_sub(1)?)?;
        let population = network.populations().get(place)?;
        Some((place, population.index_of(sender.checked_sub(first)?)?))
    };
    match train.annotations.column("gids")? {
        Some(gids) => {
            let gids: Vec<i64> = gids.read()?;
            collected.recorded_cells(gids.into_iter().filter_map(cell));
        }
        None => {
            let places = senders.iter().filter_map(|sender| Some(cell(*sender)?.0));
            for place in places.collect::<std::collections::BTreeSet<_>>() {
                collected.recorded(place);
            }
        }
    }
    let cells: Vec<_> = senders
        .iter()
        .map(|sender| cell(*sender))
        .zip(times)
        .collect();
    let name = |at: u64| {
        let sender = usize::try_from(at).ok().and_then(|at| senders.get(at));
        sender.map_or_else(String::new, |sender| format!("the sender {sender}"))
    };
    collected.add(cells, name);
    Ok(true)
}

/// The first number of each model's cells, and the place of their population; ascending.
fn firsts(network: &CellNetwork) -> Result<Vec<(i64, usize)>, String> {
    let Source::Bsb(bsb) = &network.source else {
        return Err("numbers its senders by the configuration of a BSB network".to_owned());
    };
    let (Some(models), true) = (
        bsb.models.first(),
        bsb.models.windows(2).all(|two| two.first() == two.last()),
    ) else {
        return Err(format!(
            "numbers its senders by the order of the models in a simulation's configuration, and {} has {} simulations that differ: save the results with BSB 8",
            network.path().display(),
            bsb.models.len()
        ));
    };
    let (mut first, mut firsts) = (0_i64, Vec::new());
    for model in models {
        let place = network
            .populations()
            .iter()
            .position(|one| one.name == *model);
        let Some((place, population)) =
            place.and_then(|place| Some((place, network.populations().get(place)?)))
        else {
            return Err(format!(
                "is of a model {model:?}, whose cells the network does not have"
            ));
        };
        firsts.push((first, place));
        let count = i64::try_from(population.rows()).unwrap_or(i64::MAX);
        first = first.saturating_add(count);
    }
    Ok(firsts)
}
